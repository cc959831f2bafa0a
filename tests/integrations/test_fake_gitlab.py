"""The fake GitLab, driven by the real python-gitlab over HTTP: it refuses what GitLab's documentation forbids."""

import base64
import hashlib
import hmac
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # Any: python-gitlab's objects have no declared fields

import gitlab
import pytest

from integrations.testing.api_host import Fault, ManualClock
from integrations.testing.fake_gitlab import DEVELOPER, FakeGitLab
from integrations.testing.git_hosting import run_git
from integrations.testing.gitlab_people import NewMergeRequest
from integrations.testing.gitlab_positions import line_code, line_codes
from integrations.testing.local_repository import ExampleChange
from integrations.testing.server import HttpAnswer, HttpRequest, LoopbackServer

PATH = "team/sub/parser"


@pytest.fixture
def fake(source: ExampleChange) -> Iterator[FakeGitLab]:
    with FakeGitLab() as fake:
        fake.add_project(PATH, source.folder)
        yield fake
    assert fake.violations == []


def connect(fake: FakeGitLab) -> gitlab.Gitlab:
    return gitlab.Gitlab(fake.url, private_token=fake.token)


def open_request(fake: FakeGitLab, source: ExampleChange) -> Any:
    fake.people.open(PATH, NewMergeRequest(source.base, source.head))
    return connect(fake).projects.get(PATH).mergerequests.get(1)


def position(source: ExampleChange, path: str = "app.py", **lines: Any) -> dict[str, Any]:
    shas = {"base_sha": source.base, "start_sha": source.base, "head_sha": source.head}
    return {"position_type": "text", "old_path": path, "new_path": path, **shas, **lines}


def discuss(request: Any, position: dict[str, Any]) -> Any:
    return request.discussions.create({"body": "Look – größer.", "position": position})


def end(old: int, new: int, kind: str) -> dict[str, Any]:
    return {"line_code": line_code("app.py", old, new), "type": kind}


def test_merge_request_is_what_git_says(fake: FakeGitLab, source: ExampleChange) -> None:
    request = open_request(fake, source)
    assert (request.sha, request.diff_refs["base_sha"], request.changes_count) == (source.head, source.base, "3")
    version = request.diffs.list()[0]
    assert (version.head_commit_sha, version.base_commit_sha) == (source.head, source.base)
    diffs = connect(fake).http_list(f"/projects/{request.project_id}/merge_requests/1/diffs", iterator=True)
    found = {diff["new_path"]: diff for diff in diffs}
    assert found["app.py"]["diff"].startswith("@@ -17,7 +17,7 @@")
    assert (found["old.py"]["deleted_file"], found["ä.py"]["new_file"]) == (True, True)
    assert [commit.title for commit in request.commits()] == ["change"]


@pytest.mark.parametrize(
    "lines",
    [
        {"new_line": 20},  # added
        {"old_line": 20},  # removed
        {"old_line": 19, "new_line": 19},  # unchanged
        {"old_line": 31, "new_line": 34},  # unchanged, below the added lines
        {"old_line": 1, "new_line": 1},  # unchanged and not shown: people unfold it
        {"old_line": 40, "new_line": 43},
        {"new_line": 33, "line_range": {"start": end(31, 31, "new"), "end": end(31, 33, "new")}},
    ],
)
def test_thread_hangs_where_the_diff_has_the_line(
    fake: FakeGitLab, source: ExampleChange, lines: dict[str, Any]
) -> None:
    request = open_request(fake, source)
    created = discuss(request, position(source, **lines))
    note = request.discussions.get(created.id).attributes["notes"][0]
    assert (note["type"], note["position"], note["resolvable"]) == ("DiffNote", position(source, **lines), True)
    assert [exchange.operation for exchange in fake.writes] == ["create_discussion"]


@pytest.mark.parametrize(
    "lines",
    [
        {"new_line": 19},  # unchanged needs both
        {"old_line": 19},
        {"old_line": 20, "new_line": 20},  # removed and added are two lines
        {"old_line": 31, "new_line": 31},
        {"old_line": 2, "new_line": 1},
        {"new_line": 99},
        {},
        {"path": "none.py", "new_line": 1},
        {"new_line": 20, "head_sha": "0" * 40},
    ],
)
def test_bad_position_is_refused(fake: FakeGitLab, source: ExampleChange, lines: dict[str, Any]) -> None:
    request = open_request(fake, source)
    with pytest.raises(gitlab.GitlabCreateError) as caught:
        discuss(request, position(source, **lines))
    assert caught.value.response_code == 400
    assert (fake.merge_request(PATH, 1).discussions, fake.writes) == ([], [])


@pytest.mark.parametrize(
    ("start", "last", "mistake"),
    [
        (end(31, 33, "new"), end(31, 31, "new"), "line_range: expected its start before its end"),
        (end(31, 31, "old"), end(31, 33, "new"), "line_range.start: expected the type new, found old"),
        (end(19, 19, "new"), end(31, 33, "new"), "line_range.start: expected the type old, found new"),
        (end(5, 5, "old"), end(31, 33, "new"), "line_range.start: expected the code of a line of the diff, found "),
        (end(0, 31, "new"), end(0, 33, "new"), "line_range.end: expected the code of a line of the diff, found "),
        (end(31, 31, "new"), end(31, 32, "new"), "line_range.end: expected the line that the thread hangs on"),
        (
            end(31, 31, "new") | {"new_line": 32},
            end(31, 33, "new"),
            "line_range.start: expected the numbers [None, 31], found [None, 32]",
        ),
    ],
)
def test_a_wrong_range_is_taken_as_gitlab_does_and_noted(
    source: ExampleChange, start: dict[str, Any], last: dict[str, Any], mistake: str
) -> None:
    with FakeGitLab() as fake:
        fake.add_project(PATH, source.folder)
        discuss(open_request(fake, source), position(source, new_line=33, line_range={"start": start, "end": last}))
    assert any(f": {mistake}" in violation for violation in fake.violations)


def test_line_codes_count_from_nothing_in_a_new_file_and_in_one_that_was_empty(
    fake: FakeGitLab, source: ExampleChange
) -> None:
    base = source.repository.commit({"empty.py": "", "top.py": "x\n"}, onto=source.base)
    texts = {"empty.py": "a\nb\n", "new.py": "a\nb\n", "top.py": "a\nb\nx\n"}
    head = source.repository.commit(dict(texts), onto=base)
    changes = {one.path: one for one in fake.project(PATH).git.diff(base, head)}
    codes = {path: [code.partition("_")[2] for code, _ in line_codes(change)] for path, change in changes.items()}
    assert codes == {"empty.py": ["0_1", "0_2"], "new.py": ["0_1", "0_2"], "top.py": ["1_1", "1_2", "1_3"]}


def test_an_older_gitlab_refuses_the_line_numbers_of_a_range(fake: FakeGitLab, source: ExampleChange) -> None:
    request = open_request(fake, source)
    fake.refuse_line_numbers()
    ends = {"start": end(31, 31, "new"), "end": end(31, 33, "new")}
    discuss(request, position(source, new_line=33, line_range=ends))
    numbered = {name: one | {"old_line": None, "new_line": 31} for name, one in ends.items()}
    with pytest.raises(gitlab.GitlabCreateError, match="must be a valid json schema"):
        discuss(request, position(source, new_line=33, line_range=numbered))


def test_a_new_merge_request_is_shown_before_its_commits_are_read(fake: FakeGitLab, source: ExampleChange) -> None:
    fake.read_slowly(2)
    request = open_request(fake, source)
    assert (request.diff_refs, request.changes_count, request.sha) == (None, None, source.head)
    assert request.diffs.list() == []
    found = [connect(fake).projects.get(PATH).mergerequests.get(1) for _ in range(2)]
    assert [one.diff_refs is None for one in found] == [True, False]
    assert len(request.diffs.list()) == 1


def test_notes_replies_and_resolving(fake: FakeGitLab, source: ExampleChange) -> None:
    request = open_request(fake, source)
    summary = request.notes.create({"body": "Summary"})
    summary.body = "Summary, edited"
    summary.save()
    thread = discuss(request, position(source, new_line=20))
    thread.notes.create({"body": "More."})
    thread.resolved = True
    thread.save()
    found = request.discussions.list(get_all=True)
    assert [len(discussion.attributes["notes"]) for discussion in found] == [1, 2]
    assert [note["resolved"] for note in found[1].attributes["notes"]] == [True, True]
    assert [note.body for note in request.notes.list(get_all=True)] == ["More.", "Look – größer.", "Summary, edited"]
    request.notes.delete(summary.id)
    assert len(fake.merge_request(PATH, 1).discussions) == 1


def test_only_members_resolve_and_only_authors_edit(fake: FakeGitLab, source: ExampleChange) -> None:
    request = open_request(fake, source)
    thread = discuss(request, position(source, new_line=20))
    note_id = thread.attributes["notes"][0]["id"]
    stranger = gitlab.Gitlab(fake.url, private_token=fake.add_token("eve"))
    theirs = stranger.projects.get(PATH).mergerequests.get(1)
    with pytest.raises(gitlab.GitlabUpdateError, match="403"):
        theirs.discussions.update(thread.id, {"resolved": True})
    with pytest.raises(gitlab.GitlabUpdateError, match="403"):
        theirs.notes.update(note_id, {"body": "Mine now."})


def test_reactions(fake: FakeGitLab, source: ExampleChange) -> None:
    request = open_request(fake, source)
    asked = fake.people.comment(PATH, 1, "bob", "/reviewer review").payload["object_attributes"]["id"]
    note = request.notes.get(asked)
    note.awardemojis.create({"name": "eyes"})
    with pytest.raises(gitlab.GitlabCreateError, match="already been taken"):
        note.awardemojis.create({"name": "eyes"})
    fake.people.react(PATH, 1, asked, "alice", "thumbsup")
    assert [(emoji.name, emoji.user["username"]) for emoji in note.awardemojis.list()] == [
        ("eyes", "reviewer-bot"),
        ("thumbsup", "alice"),
    ]


def test_listings_come_in_pages(fake: FakeGitLab, source: ExampleChange) -> None:
    request = open_request(fake, source)
    for number in range(45):
        fake.people.comment(PATH, 1, "bob", f"comment {number}")
    notes = request.notes.list(iterator=True, sort="asc")
    assert (notes.total, notes.total_pages, notes.per_page) == (45, 3, 20)
    assert [note.body for note in notes] == [f"comment {number}" for number in range(45)]


def test_push_adds_a_version_and_moves_the_threads(fake: FakeGitLab, source: ExampleChange) -> None:
    request = open_request(fake, source)
    discuss(request, position(source, new_line=20))
    ends = {"start": end(31, 31, "new"), "end": end(31, 33, "new")}
    discuss(request, position(source, new_line=33, line_range=ends))
    text = source.repository.read(source.head, "app.py").replace("line zwanzig – größer\n", "line 20\n")
    head = source.repository.commit({"app.py": "first\n" + text}, onto=source.head)
    attributes = fake.people.push(PATH, 1, head).payload["object_attributes"]
    assert (attributes["action"], attributes["oldrev"]) == ("update", source.head)
    assert attributes["last_commit"]["id"] == head
    assert [version.head_commit_sha for version in request.diffs.list()] == [head, source.head]
    outdated, moved = (d.attributes["notes"][0]["position"] for d in request.discussions.list())
    assert (outdated["head_sha"], outdated["new_line"]) == (source.head, 20)
    assert (moved["head_sha"], moved["new_line"], moved["line_range"]) == (head, 34, ends)
    discuss(request, position(source, new_line=20))  # an old version can still be discussed


def test_rebase_moves_the_target(fake: FakeGitLab, source: ExampleChange) -> None:
    request = open_request(fake, source)
    target = source.repository.commit({"other.py": "z = 3\n"}, onto=source.base)
    head = source.repository.commit({"app.py": "short\n"}, onto=target)
    fake.people.push(PATH, 1, head, target=target)
    version = request.diffs.list()[0]
    assert (version.start_commit_sha, version.base_commit_sha, version.real_size) == (target, target, "1")


def test_commit_statuses(fake: FakeGitLab, source: ExampleChange) -> None:
    open_request(fake, source)
    commit = connect(fake).projects.get(PATH).commits.get(source.head)
    commit.statuses.create({"state": "running", "name": "reviewer"})
    with pytest.raises(gitlab.GitlabCreateError, match="transition"):
        commit.statuses.create({"state": "running", "name": "reviewer"})
    commit.statuses.create({"state": "success", "name": "reviewer", "description": "Nothing found"})
    assert [(status.name, status.status) for status in commit.statuses.list()] == [("reviewer", "success")]


def test_members_and_the_token_itself(fake: FakeGitLab, source: ExampleChange) -> None:
    bob_id = fake.add_member(PATH, "bob", DEVELOPER)
    client = connect(fake)
    client.auth()
    assert client.user is not None
    assert client.user.username == "reviewer-bot"
    project = client.projects.get(PATH)
    assert project.members_all.get(bob_id).access_level == DEVELOPER
    assert client.personal_access_tokens.get("self").scopes == ["api"]
    eve_id = client.users.list(username="bob")[0].id + 999
    with pytest.raises(gitlab.GitlabGetError, match="404"):
        project.members_all.get(eve_id)


def test_token_expires(source: ExampleChange) -> None:
    clock = ManualClock()
    with FakeGitLab(clock=clock) as fake:
        fake.add_project(PATH, source.folder)
        client = gitlab.Gitlab(fake.url, private_token=fake.add_token("alice", lifetime_s=60))
        client.projects.get(PATH)
        clock.advance(61)
        with pytest.raises(gitlab.GitlabAuthenticationError):
            client.projects.get(PATH)


def test_client_waits_as_long_as_retry_after_says(
    fake: FakeGitLab, source: ExampleChange, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = open_request(fake, source)
    fake.limits.notes_per_minute, fake.limits.retry_after_s = 2, 7
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        fake.limits.notes_per_minute = 300

    monkeypatch.setattr(time, "sleep", sleep)
    for body in ("one", "two", "three"):
        request.notes.create({"body": body})
    assert waits == [7]
    assert [d.notes[0].body for d in fake.merge_request(PATH, 1).discussions] == ["one", "two", "three"]


def test_new_note_appears_in_listings_only_after_further_requests(fake: FakeGitLab, source: ExampleChange) -> None:
    request = open_request(fake, source)
    fake.set_lag(2)
    note = request.notes.create({"body": "Late."})
    assert request.notes.get(note.id).body == "Late."
    assert request.notes.list() == []
    assert [found.body for found in request.notes.list()] == ["Late."]


@pytest.mark.parametrize(
    ("fault", "num_notes"),
    [(Fault.ERROR_BEFORE, 0), (Fault.ERROR_AFTER, 1), (Fault.DROP_BEFORE, 0), (Fault.DROP_AFTER, 1)],
)
def test_faults_happen_before_or_after_the_write(
    fake: FakeGitLab, source: ExampleChange, fault: Fault, num_notes: int
) -> None:
    request = open_request(fake, source)
    fake.fail_next(fault, operation="create_note")
    with pytest.raises((gitlab.GitlabError, OSError)):
        request.notes.create({"body": "Did it arrive?"})
    assert len(fake.merge_request(PATH, 1).discussions) == num_notes
    assert request.notes.create({"body": "Once more."}).body == "Once more."


def test_webhooks_carry_the_token_and_the_signature(source: ExampleChange) -> None:
    key = b"0123456789abcdef0123456789abcdef"
    received: list[HttpRequest] = []

    def answer(request: HttpRequest) -> HttpAnswer:
        received.append(request)
        return HttpAnswer(202)

    token = f"whsec_{base64.b64encode(key).decode()}"
    with FakeGitLab(signing_token=token) as fake, LoopbackServer(answer) as service:
        fake.add_project(PATH, source.folder)
        webhook = fake.people.open(PATH, NewMergeRequest(source.base, source.head, description="Größer"))
        assert fake.deliver(webhook, f"{service.url}/webhooks/gitlab") == 202
    headers, body = received[0].headers, received[0].body
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert (headers["x-gitlab-event"], headers["x-gitlab-token"]) == ("Merge Request Hook", fake.webhook_secret)
    assert webhook.payload["project"]["git_http_url"] == f"{headers['x-gitlab-instance']}/{PATH}.git"


def test_acts_of_people_have_their_webhooks(fake: FakeGitLab, source: ExampleChange) -> None:
    request = open_request(fake, source)
    thread = discuss(request, position(source, new_line=20))
    discuss(request, position(source, new_line=31))
    people = fake.people
    draft = people.set_draft(PATH, 1, draft=True).payload
    assert draft["changes"] == {"draft": {"previous": False, "current": True}}
    assert people.edit(PATH, 1, title="New").payload["changes"]["title"]["current"] == "New"
    reply = people.reply(PATH, 1, thread.id, "bob", "Why?")
    assert reply.headers["X-Gitlab-Event"] == "Note Hook"
    assert reply.payload["object_attributes"]["discussion_id"] == thread.id
    assert people.resolve(PATH, 1, thread.id, "bob") is None  # the other thread is still open
    other = fake.merge_request(PATH, 1).discussions[1].discussion_id
    assert people.resolve(PATH, 1, other, "bob") is not None
    actions = [people.set_state(PATH, 1, action).action for action in ("close", "reopen", "merge")]
    assert actions == ["close", "reopen", "merge"]
    (listed,) = connect(fake).projects.get(PATH).mergerequests.list(state="merged")
    assert (listed.iid, "diff_refs" in listed.attributes) == (1, False)


def test_clone_needs_a_token(fake: FakeGitLab, source: ExampleChange, tmp_path: Path) -> None:
    open_request(fake, source)
    address = fake.url.replace("http://", f"http://oauth2:{fake.token}@") + f"/{PATH}.git"
    clone = tmp_path / "clone"
    clone.mkdir()
    run_git(clone, "init", "--quiet", "--template=")
    run_git(clone, "fetch", "--quiet", "--depth=1", address, "refs/merge-requests/1/head")
    assert run_git(clone, "show", "FETCH_HEAD:ä.py") == b"y = 2\r\n"
    with pytest.raises(subprocess.CalledProcessError):
        run_git(clone, "-c", "core.askPass=true", "fetch", address.replace(fake.token, "wrong"), source.head)


def test_what_is_not_there_is_not_found(fake: FakeGitLab, source: ExampleChange) -> None:
    request = open_request(fake, source)
    note = request.notes.create({"body": "x"})
    client = connect(fake)
    base = f"/projects/{request.project_id}"
    missing = ["/projects/none", f"{base}/merge_requests/9", f"{base}/repository/commits/none"]
    missing += [f"{base}/merge_requests/1/{rest}" for rest in ("notes/1", "discussions/none")]
    for path in missing:
        with pytest.raises(gitlab.GitlabHttpError, match="404"):
            client.http_get(path)
    other = discuss(request, position(source, new_line=20))
    with pytest.raises(gitlab.GitlabGetError, match="404"):
        other.notes.get(note.id)
    assert other.notes.get(other.attributes["notes"][0]["id"]).body == "Look – größer."


def test_bad_texts_and_single_comments_are_refused(source: ExampleChange) -> None:
    with FakeGitLab() as fake:
        fake.add_project(PATH, source.folder)
        request = open_request(fake, source)
        for body in ("", "x" * 1_000_001):
            with pytest.raises(gitlab.GitlabCreateError, match="400"):
                request.notes.create({"body": body})
        request.notes.create({"body": "Single."})
        single = request.discussions.list()[0]
        with pytest.raises(gitlab.GitlabUpdateError, match="not resolvable"):
            request.discussions.update(single.id, {"resolved": True})
        single.notes.create({"body": "A reply makes a thread of it."})
        request.discussions.update(single.id, {"resolved": True})
        assert fake.merge_request(PATH, 1).discussions[0].resolved_by == fake.bot


def test_reactions_and_notes_of_threads_can_be_taken_back(fake: FakeGitLab, source: ExampleChange) -> None:
    request = open_request(fake, source)
    thread = discuss(request, position(source, new_line=20))
    note = thread.notes.get(thread.attributes["notes"][0]["id"])
    emoji = request.notes.get(note.id).awardemojis.create({"name": "eyes"})
    emoji.delete()
    assert fake.merge_request(PATH, 1).discussions[0].notes[0].emoji == []
    thread.notes.update(note.id, {"body": "Changed."})
    thread.notes.update(note.id, {"resolved": True})
    assert fake.merge_request(PATH, 1).discussions[0].resolved_by == fake.bot
    note.delete()
    assert fake.merge_request(PATH, 1).discussions == []


def test_request_that_is_not_described_is_a_violation(source: ExampleChange) -> None:
    with FakeGitLab() as fake:
        fake.add_project(PATH, source.folder)
        request = open_request(fake, source)
        request.notes.create({"body": "x", "colour": "red"})
        with pytest.raises(gitlab.GitlabHttpError, match="404"):
            connect(fake).http_get("/projects/1/moods")
    assert fake.violations[0].endswith("/merge_requests/1/notes: body.colour: not described")
    assert fake.violations[1:] == ["GET /projects/1/moods: no such operation"]


def test_a_reply_cannot_be_internal_and_a_note_of_the_overview_not_resolved(source: ExampleChange) -> None:
    with FakeGitLab() as fake:
        fake.add_project(PATH, source.folder)
        request = open_request(fake, source)
        discuss(request, position(source, new_line=20)).notes.create({"body": "x", "internal": True})
        note = request.notes.create({"body": "x"})
        with pytest.raises(gitlab.GitlabHttpError, match="not resolvable"):
            request.manager.gitlab.http_put(f"{note.manager.path}/{note.id}", post_data={"resolved": True})
    problems = [violation.partition(": ")[2] for violation in fake.violations]
    assert problems == ["body.internal: not described", "body.resolved: not described"]
