"""Writes that must not be made twice: the host did what was asked, its answer was lost, and the service was killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.testing.api_host import Fault
from integrations.testing.fake_github import FakeGitHub
from integrations.testing.fake_gitlab import DEVELOPER, FakeGitLab
from integrations.testing.github_people import NewPull
from integrations.testing.github_state import Pull
from integrations.testing.gitlab_people import NewMergeRequest
from integrations.testing.local_repository import LocalRepository
from integrations.testing.served_bot import ServedBot, github_settings, gitlab_settings

pytestmark = pytest.mark.slow

REPOSITORY = "alice/shop"
CLEAN = "from flask import Flask, request\n\napp = Flask(__name__)\n"
LOADER = '\n\n@app.route("/load")\ndef load():\n    import yaml\n\n    yaml.load(request.data)\n    return "größer"\n'
RUNNER = '\n\n@app.route("/run")\ndef run():\n    import os\n\n    os.system("ls " + request.args["name"])\n'
QUERY = """

@app.route("/users")
def users():
    import sqlite3

    name = request.args["name"]
    query = "select * from users where name = '" + name + "'"
    sqlite3.connect("db").execute(query)
    return "ok"
"""


class Scene:
    """A repository on a fake GitHub, and a bot that is installed there."""

    def __init__(self, folder: Path, fake: FakeGitHub, bot: ServedBot) -> None:
        self.fake, self.bot, self.num_before = fake, bot, 0
        self.source = LocalRepository.create(folder / "source")
        self.base = self.source.commit({"app.py": CLEAN}, "base")
        fake.add_repository(REPOSITORY, self.source.folder)

    def open(self, code: str) -> Pull:
        head = self.source.commit({"app.py": CLEAN + code}, "change", onto=self.base)
        webhook = self.fake.people.open_pull(REPOSITORY, NewPull(self.base, head))
        assert self.fake.deliver(webhook, f"{self.bot.url}/webhooks/github") == 202
        return self.fake.pull(REPOSITORY, webhook.payload["number"])

    def lose(self, operation: str) -> None:
        """The next write of a kind is made, and its answer lost."""
        self.num_before = len(self.fake.exchanges)
        self.fake.fail_next(Fault.DROP_AFTER, operation=operation)

    def kill_after(self, operation: str) -> None:
        """Kills the bot before it tries again what it could not know to be done, and starts it."""
        self.bot.wait_until(lambda: any(one.operation == operation for one in self.fake.exchanges[self.num_before :]))
        self.bot.kill()
        self.bot.start()
        self.bot.wait_until_quiet()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("bot")
    with FakeGitHub() as fake, ServedBot(folder, github_settings(fake, folder)) as bot:
        yield Scene(folder, fake, bot)
        assert fake.violations == []


def test_an_answer_on_a_change_is_given_once(scene: Scene) -> None:
    pull = scene.open("\nx = 1\n")
    scene.bot.wait_until_quiet()
    scene.lose("issues/create-comment")
    comment = scene.fake.people.comment(REPOSITORY, pull.number, "alice", "/reviewer help")
    assert scene.fake.deliver(comment, f"{scene.bot.url}/webhooks/github") == 202
    scene.kill_after("issues/create-comment")
    assert len([one for one in pull.comments if "this list" in one.body]) == 1


def test_an_answer_in_a_thread_is_given_once_and_the_dismissal_holds(scene: Scene) -> None:
    pull = scene.open(LOADER)
    scene.bot.wait_until(lambda: len(pull.threads) == 1)
    scene.bot.wait_until_quiet()
    (thread,) = pull.threads
    scene.lose("pulls/create-reply-for-review-comment")
    reply = scene.fake.people.reply(REPOSITORY, thread.comments[0].comment_id, "alice", "/reviewer ignore only a test")
    assert scene.fake.deliver(reply, f"{scene.bot.url}/webhooks/github") == 202
    scene.kill_after("pulls/create-reply-for-review-comment")
    assert len([one for one in thread.comments if "Noted as ignore" in one.body]) == 1
    assert thread.resolved_by is not None


def test_comments_that_are_posted_one_by_one_are_posted_once(scene: Scene) -> None:
    scene.fake.fail_next(Fault.REFUSED, operation="pulls/create-review")
    scene.lose("pulls/create-review-comment")
    pull = scene.open(QUERY + RUNNER)
    scene.kill_after("pulls/create-review-comment")
    bodies = [thread.comments[0].body for thread in pull.threads]
    assert len(bodies) == len({body.rpartition("graph-reviewer:finding:")[2] for body in bodies}) == 2
    for thread in pull.threads:  # the one whose answer was lost is known as well
        reply = scene.fake.people.reply(REPOSITORY, thread.comments[0].comment_id, "alice", "/reviewer fp it is fine")
        assert scene.fake.deliver(reply, f"{scene.bot.url}/webhooks/github") == 202
    scene.bot.wait_until_quiet()
    assert all(thread.resolved_by is not None for thread in pull.threads)


def test_an_answer_on_gitlab_is_given_once(tmp_path: Path) -> None:
    with FakeGitLab() as fake, ServedBot(tmp_path, gitlab_settings(fake)) as bot:
        source = LocalRepository.create(tmp_path / "source")
        base = source.commit({"app.py": CLEAN}, "base")
        fake.add_project("team/shop", source.folder)
        fake.add_member("team/shop", "alice", DEVELOPER)
        head = source.commit({"app.py": CLEAN + LOADER}, "change")
        webhook = fake.people.open("team/shop", NewMergeRequest(base, head))
        assert fake.deliver(webhook, f"{bot.url}/webhooks/gitlab") == 202
        bot.wait_until_quiet()
        request = fake.merge_request("team/shop", webhook.payload["object_attributes"]["iid"])
        fake.fail_next(Fault.DROP_AFTER, operation="create_note")
        comment = fake.people.comment("team/shop", request.iid, "alice", "/reviewer help")
        before = len(fake.exchanges)
        assert fake.deliver(comment, f"{bot.url}/webhooks/gitlab") == 202
        bot.wait_until(lambda: any(one.is_write and "notes" in one.path for one in fake.exchanges[before:]))
        bot.kill()
        bot.start()
        bot.wait_until_quiet()
        notes = [note.body for discussion in request.discussions for note in discussion.notes]
        assert len([body for body in notes if "this list" in body]) == 1
        assert fake.violations == []
