"""The served bot and a fake GitLab over HTTP: one merge request through its life."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.testing.api_host import Fault
from integrations.testing.fake_gitlab import DEVELOPER, FakeGitLab
from integrations.testing.gitlab_people import NewMergeRequest
from integrations.testing.gitlab_state import Discussion, MergeRequest
from integrations.testing.local_repository import LocalRepository
from integrations.testing.served_bot import ServedBot, gitlab_settings
from integrations.testing.webhooks import Webhook

PROJECT = "team/sub/shop"
CLEAN = """\
from flask import Flask, request

app = Flask(__name__)


@app.route("/")
def index():
    return "größer"
"""
LOADER = """

@app.route("/load")
def load():
    import yaml

    yaml.load(request.data)
    return "ok"
"""
GUARDED = """\
import os
import shlex

from flask import Flask, request

app = Flask(__name__)


@app.route("/finger")
def finger():
    name = request.args["name"]
    name = shlex.quote(name)
    os.system("finger " + name)
    return "größer"
"""


class Scene:
    """A project on a fake GitLab and a bot that is a user there."""

    def __init__(self, folder: Path, fake: FakeGitLab, bot: ServedBot) -> None:
        self.fake, self.bot = fake, bot
        self.source = LocalRepository.create(folder / "source")
        self.base = self.source.commit({"app.py": CLEAN}, "base")
        fake.add_project(PROJECT, self.source.folder)
        fake.add_member(PROJECT, "alice", DEVELOPER)

    def send(self, webhook: Webhook) -> int:
        return self.fake.deliver(webhook, f"{self.bot.url}/webhooks/gitlab")

    def open(self, files: dict[str, str | None], *, base: str = "") -> MergeRequest:
        head = self.source.commit(files, "change", onto=base or self.base)
        webhook = self.fake.people.open(PROJECT, NewMergeRequest(base or self.base, head))
        assert self.send(webhook) == 202
        self.wait_for_review(head)
        return self.fake.merge_request(PROJECT, webhook.payload["object_attributes"]["iid"])

    def push(self, request: MergeRequest, files: dict[str, str | None]) -> None:
        head = self.source.commit(files, "push", onto=request.version.head_sha)
        assert self.send(self.fake.people.push(PROJECT, request.iid, head)) == 202
        self.wait_for_review(head)

    def wait_for_review(self, head: str) -> None:
        self.bot.wait_until(lambda: self.state_of(head) in ("success", "failed", "canceled"))

    def state_of(self, head: str) -> str:
        states = [one.state for one in self.fake.project(PROJECT).statuses if one.sha == head]
        return states[-1] if states else ""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("bot")
    with FakeGitLab() as fake, ServedBot(folder, gitlab_settings(fake)) as bot:
        yield Scene(folder, fake, bot)
        assert fake.violations == []
        assert fake.token not in bot.log


def findings(request: MergeRequest) -> list[Discussion]:
    return [one for one in request.discussions if "graph-reviewer:finding" in one.notes[0].body]


def test_a_merge_request_through_its_life(scene: Scene) -> None:
    request = scene.open({"app.py": CLEAN + LOADER})
    (discussion,) = findings(request)
    assert "security/unsafe-deserialization" in discussion.notes[0].body
    assert "```suggestion:-0+0\n" in discussion.notes[0].body

    scene.push(request, {"notes.py": "x = 1\n"})
    assert len(findings(request)) == 1

    scene.push(request, {"app.py": CLEAN})
    assert discussion.resolved_by is not None


def test_a_deleted_sanitiser_is_commented_on_where_it_stood(scene: Scene) -> None:
    base = scene.source.commit({"run.py": GUARDED}, "guarded", onto=scene.base)
    request = scene.open({"run.py": GUARDED.replace("    name = shlex.quote(name)\n", "")}, base=base)
    (discussion,) = findings(request)
    position = discussion.notes[0].position
    assert position is not None
    assert (position["new_path"], position.get("old_line"), position.get("new_line")) == ("run.py", 12, None)


def test_a_reason_in_the_thread_dismisses_the_finding(scene: Scene) -> None:
    request = scene.open({"app.py": CLEAN + LOADER, "other.py": "y = 2\n"})
    (discussion,) = findings(request)
    for text in ("/reviewer explain", "/reviewer false-positive tested by hand"):
        reply = scene.fake.people.reply(PROJECT, request.iid, discussion.discussion_id, "alice", text)
        assert scene.send(reply) == 202
        scene.bot.wait_until_quiet()
    scene.bot.wait_until(lambda: discussion.resolved_by is not None)
    bodies = [note.body for note in discussion.notes]
    assert any("Noted as false-positive" in body for body in bodies)
    assert any("To mend it" in body for body in bodies[1:])


def test_a_stranger_changes_nothing(scene: Scene) -> None:
    request = scene.open({"strange.py": "z = 3\n"})
    scene.bot.wait_until_quiet()
    count = len(scene.fake.writes)
    assert scene.send(scene.fake.people.comment(PROJECT, request.iid, "mallory", "/reviewer pause")) == 202
    scene.bot.wait_until_quiet()
    assert scene.fake.writes[count:] == []


def test_a_status_that_somebody_else_is_writing_is_written_again(scene: Scene) -> None:
    scene.fake.fail_next(Fault.CONFLICT_BEFORE, operation="create_status")
    request = scene.open({"app.py": CLEAN + LOADER, "third.py": "z = 3\n"})
    assert scene.state_of(request.version.head_sha) == "success"


def test_a_merge_request_whose_commits_gitlab_has_yet_to_read_is_reviewed_all_the_same(scene: Scene) -> None:
    scene.fake.read_slowly(1)
    request = scene.open({"slow.py": CLEAN + LOADER})
    scene.fake.read_slowly(0)
    assert len(findings(request)) == 1


def test_a_finding_of_several_lines_is_shown_on_them(scene: Scene) -> None:
    bare = GUARDED.replace("    name = shlex.quote(name)\n", "")
    request = scene.open({"long.py": bare.replace('"finger " + name', '\n        "finger "\n        + name\n    ')})
    (discussion,) = findings(request)
    position = discussion.notes[0].position
    assert position is not None
    ends = {name: end["line_code"].partition("_")[2] for name, end in position["line_range"].items()}
    assert (ends, position["new_line"]) == ({"start": "0_12", "end": "0_15"}, 15)


def test_the_policy_is_that_of_the_target_branch_now(scene: Scene) -> None:
    head = scene.source.commit({"app.py": CLEAN + LOADER, "fifth.py": "v = 5\n"}, "change", onto=scene.base)
    policy = '[bot]\nmodes = { all = "monitor" }\n'  # made after the change left the branch
    target = scene.source.commit({".reviewer.toml": policy}, "policy", onto=scene.base)
    webhook = scene.fake.people.open(PROJECT, NewMergeRequest(target, head))
    assert scene.send(webhook) == 202
    scene.wait_for_review(head)
    assert findings(scene.fake.merge_request(PROJECT, webhook.payload["object_attributes"]["iid"])) == []
