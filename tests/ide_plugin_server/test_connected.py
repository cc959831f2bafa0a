"""Connected mode: the language server, and the service that knows what the team says, each in its own process."""

import asyncio
import json
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lsprotocol import types
from sqlmodel import col, delete

from ide_plugin_server.testing import Editor, EditorSession, open_session
from integrations.api.keys import Keys, Scope
from integrations.hosts import ChangeRef, HostKind, RepositoryRef
from integrations.records import Records
from integrations.reports import ReportedFinding
from integrations.settings import Settings
from integrations.storage.database import Database, open_database
from integrations.storage.tables import Dismissal, PostedFinding
from integrations.testing.served_bot import ServedBot

LOADING = "import yaml\n\n\ndef load(text):\n    return yaml.load(text)\n"
NAMES = ("one", "two", "three", "moved", "withdrawn")
LABEL = "security/unsafe-deserialization"


class TeamService:
    """The service with a key, and the data that its commands on pull requests write."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.bot = ServedBot(folder, {"REVIEWER_API_ONLY": "true"})
        self.bot.start()
        self._database: Database = open_database(Settings(api_only=True, data_dir=folder / "data").database)
        self.key = Keys(self._database).create("editor", (Scope.READ, Scope.FEEDBACK), "tests")

    def dismiss(self, fingerprint: str, repository: str = "team/shop") -> None:
        """What a comment command on a pull request does."""
        ref = ChangeRef(RepositoryRef(HostKind.GITHUB, repository), 7)
        posted = PostedFinding(
            change_key=ref.key, fingerprint=fingerprint, label=LABEL, path="two.py", line=5, probability=0.5,
            head="a" * 40, at=datetime.now(UTC),
        )  # fmt: skip
        Records(self._database).dismiss(ref, posted, kind="accept-risk", reason="ours", author="ada")

    def dismiss_before_a_rename(self, fingerprint: str) -> None:
        """What the bot does with a finding that was dismissed under another name of its file."""
        self.dismiss("0" * 32)
        place = {"path": "moved.py", "start_line": 5, "start_column": 12, "end_line": 5, "end_column": 27}
        finding = ReportedFinding.model_validate(
            {
                "fingerprint": fingerprint, "label": LABEL, "category": "security", "title": "", "message": "größe",
                "remedy": "", "severity": "high", "probability": 0.5, "location": place,
                "anchor": {"path": "moved.py", "line": 5},
            }
        )  # fmt: skip
        ref = ChangeRef(RepositoryRef(HostKind.GITHUB, "team/shop"), 8)
        Records(self._database).move_dismissal(ref, "0" * 32, finding)

    def withdraw(self, fingerprint: str) -> None:
        """Takes a dismissal back in the database; what was said when it was made stays feedback."""
        with self._database.begin() as session:
            session.exec(delete(Dismissal).where(col(Dismissal.fingerprint) == fingerprint))

    def read_feedback(self) -> list[dict[str, object]]:
        """Everything that it exports."""
        request = urllib.request.Request(
            f"{self.bot.url}/api/v1/feedback/export", headers={"Authorization": f"Bearer {self.key}"}
        )
        with urllib.request.urlopen(request) as answer:
            return [json.loads(line) for line in answer]

    def stop(self) -> None:
        """Ends it; nobody answers from then on."""
        self._database.engine.dispose()
        self.bot.stop()


@pytest.fixture
def team(tmp_path: Path) -> Iterator[TeamService]:
    service = TeamService(tmp_path / "service")
    try:
        yield service
    finally:
        service.bot.__exit__()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "projekt ä"
    found.mkdir()
    for name in NAMES:
        (found / f"{name}.py").write_text(LOADING)
    return found


def connect(team: TeamService, key: str | None = None) -> Editor:
    settings = {"team": {"url": team.bot.url, "repository": "github:team/shop"}}
    environment = {"REVIEWER_TEAM_TOKEN": team.key if key is None else key}
    return Editor(settings=settings, options={"trusted": True}, environment=environment)


def run(folder: Path, scenario: Callable[[EditorSession], Awaitable[None]], editor: Editor, *others: Path) -> None:
    async def play() -> None:
        data = folder.parent / "data"
        data.mkdir(exist_ok=True)
        async with open_session([folder, *others], data, editor) as session:
            for name in NAMES:
                session.open(folder / f"{name}.py")
            await scenario(session)

    asyncio.run(play())


def connect_only(session: EditorSession, folder: Path, team: TeamService) -> None:
    """Lets one workspace folder name the team, as the settings of a folder do."""
    settings = {"team": {"url": team.bot.url, "repository": "github:team/shop"}}
    session.client.set_configuration(settings, section="reviewer", scope_uri=folder.as_uri())
    session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))


async def find_one(session: EditorSession, uri: str) -> str:
    """The fingerprint of the one finding that is shown of a file."""
    await session.wait_until(lambda: any(len(one.diagnostics) == 1 for one in session.published.get(uri, ())))
    return session.published[uri][-1].diagnostics[0].data["fingerprint"]  # type: ignore[index,no-any-return]  # JSON


def find_shown(session: EditorSession) -> dict[str, str]:
    """The fingerprint that is shown of each file, "" for none; files of which nothing was said are left out."""
    shown = {}
    for uri, published in session.published.items():
        fingerprints = [one.data["fingerprint"] for one in published[-1].diagnostics]  # type: ignore[index]  # JSON
        shown[Path(uri).stem] = "".join(fingerprints)
    return shown


async def see(session: EditorSession, *names: str) -> dict[str, str]:
    """Waits until just these files have a finding that is shown."""

    def is_so() -> bool:
        shown = find_shown(session)
        return len(shown) == len(NAMES) and {name for name, one in shown.items() if one} == set(names)

    await session.wait_until(is_so)
    return find_shown(session)


def test_the_team_decides_what_is_shown_also_when_its_service_is_away(folder: Path, team: TeamService) -> None:
    known: Mapping[str, str] = {}

    async def mark(session: EditorSession) -> None:
        nonlocal known
        known = await see(session, *NAMES)
        await session.execute("reviewer.markUnhelpful", (folder / "one.py").as_uri(), known["one"], "the text is ours")
        await see(session, *NAMES[1:])

    async def heed(session: EditorSession) -> None:
        await see(session, "three", "withdrawn")

    async def mark_alone(session: EditorSession) -> None:
        await see(session, "three", "withdrawn")
        await session.execute("reviewer.markUnhelpful", (folder / "three.py").as_uri(), known["three"])
        assert "the feedback is kept here and did not reach the team yet" in session.messages[-1]
        await see(session, "withdrawn")

    run(folder, mark, connect(team))
    (told,) = team.read_feedback()
    assert (told["fingerprint"], told["source"], told["reason"], told["repository"]) == (
        known["one"], "api", "the text is ours", "github:team/shop",
    )  # fmt: skip
    team.dismiss(known["two"])
    team.dismiss(known["three"], repository="team/other")
    team.dismiss_before_a_rename(known["moved"])
    team.dismiss(known["withdrawn"])
    team.withdraw(known["withdrawn"])
    run(folder, heed, connect(team))
    team.stop()
    run(folder, mark_alone, connect(team))


def test_a_service_that_refuses_the_key_is_told_of(folder: Path, team: TeamService) -> None:
    async def scenario(session: EditorSession) -> None:
        known = await see(session, *NAMES)
        team.dismiss(known["two"])
        await session.wait_until(lambda: any("found status 401" in one for one in session.logged))
        await see(session, *NAMES)

    run(folder, scenario, connect(team, key="rvw_wrong"))


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A folder of the user's own, with what one file of the team has too."""
    found = tmp_path / "private"
    found.mkdir()
    for name in ("two.py", "mine.py"):
        (found / name).write_text(LOADING)
    return found


def test_a_team_is_that_of_the_folder_that_names_it(folder: Path, private: Path, team: TeamService) -> None:
    async def learn(session: EditorSession) -> None:
        known.update(await see(session, *NAMES))

    async def scenario(session: EditorSession) -> None:
        await see(session, *NAMES)
        connect_only(session, folder, team)
        await see(session, *(name for name in NAMES if name != "two"))
        uris = [session.open(file) for file in (private / "two.py", private / "mine.py", lone)]
        same, mine, single = [await find_one(session, uri) for uri in uris]
        assert same == known["two"]
        await session.execute("reviewer.markUnhelpful", uris[1], mine, "nobody's business")
        await session.execute("reviewer.markUnhelpful", uris[2], single, "nor this")
        await session.execute("reviewer.markUnhelpful", (folder / "one.py").as_uri(), known["one"], "ours")
        for uri in uris[1:]:
            assert not session.published[uri][-1].diagnostics
        assert session.published[uris[0]][-1].diagnostics

    known: dict[str, str] = {}
    lone = private.parent / "lone.py"
    lone.write_text(LOADING)
    run(folder, learn, Editor())
    team.dismiss(known["two"])
    run(folder, scenario, Editor(options={"trusted": True}, environment={"REVIEWER_TEAM_TOKEN": team.key}), private)
    told = [(one["path"], one["reason"]) for one in team.read_feedback() if one["source"] == "api"]
    assert told == [("one.py", "ours")]


def test_marks_made_while_the_service_is_away_reach_it_later(folder: Path, team: TeamService) -> None:
    async def mark(session: EditorSession) -> None:
        known = await see(session, *NAMES)
        for name, *said in (("one", "the text is ours", "ignore"), ("two",), ("three", "a mistake")):
            await session.execute("reviewer.markUnhelpful", (folder / f"{name}.py").as_uri(), known[name], *said)
            assert "did not reach the team yet" in session.messages[-1]
        await session.execute("reviewer.forgetFeedback", known["three"])
        await see(session, "three", "moved", "withdrawn")

    async def tell(session: EditorSession) -> None:
        known = await see(session, "three", "moved", "withdrawn")
        team.dismiss(known["moved"])
        await session.execute("reviewer.restart")
        await see(session, "three", "withdrawn")
        assert session.messages == []

    team.bot.stop()
    run(folder, mark, connect(team))
    team.bot.start()
    assert team.read_feedback() == []
    run(folder, tell, connect(team))
    told = [(one["path"], one["reason"], one["kind"]) for one in team.read_feedback() if one["source"] == "api"]
    assert told == [("one.py", "the text is ours", "ignore"), ("two.py", "", "false-positive")]
