"""Thumbs on the fake hosts become feedback, through the real clients."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from integrations.api.feedback import FeedbackBook, Form
from integrations.forgetting import forget_repository
from integrations.github.client import GitHubHost
from integrations.github.logins import GitHubAccess
from integrations.gitlab.client import GitLabAccess, GitLabHost
from integrations.hosts import Change, ChangeRef, Host, HostKind, NewThread, Place, RepositoryRef
from integrations.reactions import Reactions, parse_change
from integrations.records import Records
from integrations.storage.database import Database, open_database
from integrations.storage.tables import Feedback, KnownReaction, PostedFinding, ReactionPoll
from integrations.testing.api_host import Exchange, Fault
from integrations.testing.fake_github import FakeGitHub
from integrations.testing.fake_gitlab import DEVELOPER, FakeGitLab
from integrations.testing.github_people import NewPull
from integrations.testing.gitlab_people import NewMergeRequest
from integrations.testing.local_repository import ExampleChange
from integrations.wording import make_marker

pytestmark = pytest.mark.filterwarnings("ignore:Argument lazy is deprecated")
NAME = "alice/shop"


@dataclass
class Scene:
    """A change with one posted finding on a fake host, and the sweep that looks for thumbs."""

    host: Host
    change: Change
    database: Database
    exchanges: list[Exchange]
    react: Callable[[str, str], None]
    take_back: Callable[[str, str], None]
    delete_comment: Callable[[], None]
    close: Callable[[], object]
    fail: Callable[[Fault], None]
    now: datetime = datetime(2026, 11, 1, tzinfo=UTC)

    def sweep(self) -> int:
        """Sweeps an hour later; the number of requests it took."""
        self.now += timedelta(hours=1)
        count = len(self.exchanges)
        kind = self.change.ref.repository.host
        Reactions({kind: self.host}, self.database, Records(self.database), 30, lambda: self.now).sweep()
        return len(self.exchanges) - count

    def feedback(self) -> list[tuple[str, str, str]]:
        with self.database.begin() as session:
            rows = session.exec(select(Feedback).order_by(col(Feedback.id))).all()
        return [(row.source, row.kind, row.author) for row in rows]


def post(host: Host, database: Database, change: Change) -> None:
    thread = NewThread("f1", Place("app.py", 20, 20, "app.py"), "words\n" + make_marker("finding", "f1"))
    assert host.post_threads(change, [thread]) == []
    note(database, change.ref.key)


def note(database: Database, key: str) -> None:
    row = PostedFinding(
        change_key=key, fingerprint="f1", label="security/sql-injection", path="app.py", line=2, probability=0.9,
        head="b" * 40, at=datetime.now(UTC),
    )  # fmt: skip
    with database.begin() as session:
        session.add(row)


def on_github(stack: ExitStack, database: Database, source: ExampleChange, fake: FakeGitHub | None = None) -> Scene:
    fake = stack.enter_context(fake or FakeGitHub())
    fake.add_repository(NAME, source.folder)
    number = fake.people.open_pull(NAME, NewPull(source.base, source.head)).payload["number"]
    access = GitHubAccess(fake.app_id, fake.private_key_pem, fake.api_url, fake.url, pause_s=0.0)
    host = GitHubHost(access)
    change = host.load_change(ChangeRef(RepositoryRef(HostKind.GITHUB, NAME, fake.installation_id), number))
    post(host, database, change)
    comment = fake.pull(NAME, number).threads[0].comments[0].comment_id

    def react(login: str, thumb: str) -> None:
        fake.people.react(NAME, comment, login, {"up": "+1", "down": "-1"}.get(thumb, thumb))

    def take_back(login: str, thumb: str) -> None:
        fake.people.take_back(NAME, comment, login, {"up": "+1", "down": "-1"}[thumb])

    stack.callback(lambda: assert_clean(fake.violations))
    close = lambda: fake.people.close(NAME, number)  # noqa: E731  # one act
    delete = fake.pull(NAME, number).threads.clear
    return Scene(host, change, database, fake.exchanges, react, take_back, delete, close, fake.fail_next)


def on_gitlab(stack: ExitStack, database: Database, source: ExampleChange) -> Scene:
    fake = stack.enter_context(FakeGitLab())
    fake.add_project(NAME, source.folder)
    fake.add_member(NAME, "alice", DEVELOPER)
    number = fake.people.open(NAME, NewMergeRequest(source.base, source.head)).payload["object_attributes"]["iid"]
    host = GitLabHost(GitLabAccess(fake.url, fake.token))
    change = host.load_change(ChangeRef(RepositoryRef(HostKind.GITLAB, NAME), number))
    post(host, database, change)
    note_id = fake.merge_request(NAME, number).discussions[0].notes[0].note_id

    def react(login: str, thumb: str) -> None:
        fake.people.react(NAME, number, note_id, login, {"up": "thumbsup", "down": "thumbsdown"}.get(thumb, thumb))

    def take_back(login: str, thumb: str) -> None:
        fake.people.take_back(NAME, number, note_id, login, {"up": "thumbsup", "down": "thumbsdown"}[thumb])

    stack.callback(lambda: assert_clean(fake.violations))

    def close() -> None:
        fake.merge_request(NAME, number).state = "closed"

    delete = fake.merge_request(NAME, number).discussions.clear
    return Scene(host, change, database, fake.exchanges, react, take_back, delete, close, fake.fail_next)


def assert_clean(violations: list[str]) -> None:
    assert violations == []


@pytest.fixture(params=[on_github, on_gitlab], ids=["github", "gitlab"])
def scene(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, source: ExampleChange
) -> Iterator[Scene]:
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('data') / 'reviewer.sqlite'}")
    with ExitStack() as stack:
        yield request.param(stack, database, source)
    database.engine.dispose()


def test_thumbs_become_feedback_once_and_outsiders_are_kept_apart(scene: Scene) -> None:
    scene.react("alice", "up")
    scene.react("mallory", "down")
    scene.react("alice", "eyes")
    scene.sweep()
    expected = [("reaction", "helpful", "alice"), ("reaction-outsider", "unhelpful", "mallory")]
    assert scene.feedback() == expected
    scene.sweep()
    assert scene.feedback() == expected
    with scene.database.begin() as session:
        known = session.exec(select(KnownReaction)).all()
    assert len(known) == 2
    assert all(abs((row.at - datetime.now(UTC)).total_seconds()) < 600 for row in known)


def test_feedback_of_thumbs_is_exported(scene: Scene) -> None:
    scene.react("alice", "up")
    scene.react("alice", "down")
    scene.react("mallory", "up")
    scene.sweep()
    rows = [json.loads(line) for line in FeedbackBook(scene.database).export(None, None, Form.FULL)]
    assert [(row["author"], row["kind"], row["source"], row["verdict"]) for row in rows] == [
        ("alice", "helpful", "reaction", "harmful"),
        ("alice", "unhelpful", "reaction", "undecidable"),
        ("mallory", "helpful", "reaction-outsider", "undecidable"),
    ]


def export(scene: Scene, since: datetime | None = None) -> list[tuple[str, str, str, str | None]]:
    rows = [json.loads(line) for line in FeedbackBook(scene.database).export(None, since, Form.FULL)]
    return [(row["author"], row["kind"], row["verdict"], row["withdrawn"]) for row in rows]


def test_a_thumb_that_is_taken_back_counts_no_more(scene: Scene) -> None:
    scene.react("alice", "up")
    scene.react("mallory", "down")
    scene.sweep()
    scene.take_back("alice", "up")
    scene.sweep()
    noticed = scene.now.isoformat()
    mallory = ("mallory", "unhelpful", "undecidable", None)
    assert export(scene) == [("alice", "helpful", "undecidable", noticed), mallory]
    scene.sweep()
    assert export(scene)[0][3] == noticed
    triage = [json.loads(line) for line in FeedbackBook(scene.database).export(None, None, Form.TRIAGE)]
    assert [row["verdict"] for row in triage] == ["undecidable", "undecidable"]


def test_a_thumb_that_is_given_again_counts_again(scene: Scene) -> None:
    scene.react("alice", "up")
    scene.sweep()
    scene.take_back("alice", "up")
    scene.react("alice", "down")
    scene.sweep()
    assert [row[1:3] for row in export(scene)] == [("helpful", "undecidable"), ("unhelpful", "undecidable")]
    before = datetime.now(UTC)
    scene.react("alice", "up")
    scene.sweep()
    assert export(scene) == [("alice", "helpful", "harmful", None), ("alice", "unhelpful", "undecidable", None)]
    assert [row[1] for row in export(scene, before)] == ["helpful"]  # whoever asks for what is new learns of it


def test_a_thumb_taken_back_and_given_again_between_two_looks_stands(scene: Scene) -> None:
    scene.react("alice", "up")
    scene.sweep()
    scene.take_back("alice", "up")
    scene.react("alice", "up")
    scene.sweep()
    assert export(scene) == [("alice", "helpful", "harmful", None)]
    scene.take_back("alice", "up")
    scene.sweep()
    assert export(scene) == [("alice", "helpful", "undecidable", scene.now.isoformat())]


def test_what_was_taken_back_since_is_exported(scene: Scene) -> None:
    scene.now = datetime.now(UTC)
    scene.react("alice", "up")
    scene.sweep()
    before = scene.now + timedelta(minutes=30)
    assert export(scene, before) == []
    scene.take_back("alice", "up")
    scene.sweep()
    assert export(scene, before) == [("alice", "helpful", "undecidable", scene.now.isoformat())]


def test_deleting_the_comment_takes_no_thumb_back(scene: Scene) -> None:
    scene.react("alice", "up")
    scene.sweep()
    scene.delete_comment()
    scene.sweep()
    assert export(scene) == [("alice", "helpful", "harmful", None)]


def test_a_thumb_of_somebody_who_left_stands(source: ExampleChange, database: Database) -> None:
    with ExitStack() as stack:
        fake = FakeGitHub()
        scene = on_github(stack, database, source, fake)
        scene.react("alice", "up")
        scene.sweep()
        (reaction,) = fake.pull(NAME, scene.change.ref.number).threads[0].comments[0].reactions
        reaction.login = ""
        scene.sweep()
        assert export(scene) == [("alice", "helpful", "harmful", None)]


def test_the_same_thumb_under_another_comment_of_the_finding_keeps_it(scene: Scene) -> None:
    scene.react("alice", "up")
    scene.sweep()
    with scene.database.begin() as session:
        (known,) = session.exec(select(KnownReaction)).all()
        other = known.model_dump() | {"reaction_id": "7", "comment_id": "8", "change_key": "github:alice/shop#99"}
        session.add(KnownReaction(**other))
    scene.take_back("alice", "up")
    scene.sweep()
    assert export(scene) == [("alice", "helpful", "harmful", None)]


def test_a_change_is_asked_about_once_an_hour_and_for_some_days_after_its_end(scene: Scene) -> None:
    assert scene.sweep() > 0
    scene.now -= timedelta(minutes=30)
    assert scene.sweep() == 0
    scene.close()
    assert scene.sweep() > 0
    scene.now += timedelta(days=29)
    scene.react("alice", "down")
    assert scene.sweep() > 0
    assert scene.feedback() == [("reaction", "unhelpful", "alice")]
    scene.now += timedelta(days=2)
    assert scene.sweep() == 0


def test_a_host_that_does_not_answer_is_left_alone_until_the_next_hour(scene: Scene) -> None:
    scene.react("alice", "up")
    scene.fail(Fault.ERROR_BEFORE)
    scene.sweep()
    assert scene.feedback() == []
    scene.sweep()
    assert scene.feedback() == [("reaction", "helpful", "alice")]


def test_a_change_that_is_gone_is_given_up(scene: Scene) -> None:
    lost = scene.change.ref.key.replace("#", "#99")
    note(scene.database, lost)
    scene.sweep()
    with scene.database.begin() as session:
        assert session.get_one(ReactionPoll, lost).closed_at is not None
        assert session.get_one(ReactionPoll, scene.change.ref.key).closed_at is None


def test_only_some_changes_are_asked_about_in_one_sweep_the_longest_waiting_first(scene: Scene) -> None:
    for number in range(100, 125):
        note(scene.database, scene.change.ref.key.rpartition("#")[0] + f"#{number}")
    for num_asked in (10, 20, 26):
        scene.now -= timedelta(minutes=59)
        scene.sweep()
        with scene.database.begin() as session:
            assert len(session.exec(select(ReactionPoll)).all()) == num_asked


def test_forgetting_a_repository_forgets_its_reactions(scene: Scene) -> None:
    scene.react("alice", "up")
    scene.sweep()
    forget_repository(scene.database, scene.change.ref.repository, "admin")
    with scene.database.begin() as session:
        assert [*session.exec(select(KnownReaction)), *session.exec(select(ReactionPoll))] == []


def test_the_rest_of_the_hour_is_for_reviews(source: ExampleChange, database: Database) -> None:
    with ExitStack() as stack:
        fake = FakeGitHub()
        scene = on_github(stack, database, source, fake)
        fake.limits.requests_per_hour = 500
        scene.host.list_threads(scene.change)
        assert scene.sweep() == 0


def test_a_host_that_is_not_set_up_any_more_is_not_asked(database: Database) -> None:
    note(database, "github:alice/shop#1")
    Reactions({}, database, Records(database), 30).sweep()
    with database.begin() as session:
        assert session.exec(select(ReactionPoll)).all() == []


def test_a_key_names_its_change() -> None:
    ref = ChangeRef(RepositoryRef(HostKind.GITLAB, "group/sub/ä#b"), 7)
    assert parse_change(ref.key) == ref
