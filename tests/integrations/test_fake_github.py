"""The fake GitHub, driven by the real PyGithub over HTTP: it refuses what GitHub refuses, in GitHub's shape."""

import hashlib
import hmac
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import github
import pytest
from github.PullRequest import PullRequest
from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, build_schema
from jsonschema import Draft7Validator
from urllib3.response import BaseHTTPResponse

from integrations.testing.api_host import Fault, ManualClock
from integrations.testing.fake_github import FakeGitHub
from integrations.testing.git_hosting import run_git
from integrations.testing.github_graphql import SCHEMA
from integrations.testing.github_people import NewPull
from integrations.testing.local_repository import ExampleChange
from integrations.testing.openapi import find_description
from integrations.testing.server import HttpAnswer, HttpRequest, LoopbackServer
from integrations.testing.webhooks import Webhook

REPOSITORY = "alice/parser"


@pytest.fixture
def fake(source: ExampleChange) -> Iterator[FakeGitHub]:
    with FakeGitHub() as fake:
        fake.add_repository(REPOSITORY, source.folder)
        yield fake
    assert fake.violations == []


def connect(fake: FakeGitHub, *, retry: int | github.GithubRetry | None = None) -> github.Github:
    auth = github.Auth.AppAuth(fake.app_id, fake.private_key_pem).get_installation_auth(fake.installation_id)
    return github.Github(
        auth=auth, base_url=fake.api_url, retry=retry, seconds_between_writes=0, seconds_between_requests=0
    )


def open_pull(fake: FakeGitHub, source: ExampleChange) -> PullRequest:
    fake.people.open_pull(REPOSITORY, NewPull(source.base, source.head))
    return connect(fake).get_repo(REPOSITORY).get_pull(1)


def inline(line: int, **more: object) -> dict[str, object]:
    return {"path": "app.py", "line": line, "side": "RIGHT", "body": "Look.", **more}


def review(pull: PullRequest, source: ExampleChange, *comments: dict[str, object]) -> None:
    head = pull.base.repo.get_commit(source.head)
    pull.create_review(commit=head, body="Found.", event="COMMENT", comments=list(comments))  # type: ignore[arg-type]


def test_pull_request_is_what_git_says(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    assert (pull.base.sha, pull.head.sha, pull.draft, pull.user.login) == (source.base, source.head, False, "alice")
    assert (pull.changed_files, pull.additions, pull.deletions, pull.commits) == (3, 5, 2, 1)
    files = {file.filename: file for file in pull.get_files()}
    assert {name: file.status for name, file in files.items()} == {
        "app.py": "modified",
        "old.py": "removed",
        "ä.py": "added",
    }
    assert files["app.py"].patch.startswith("@@ -17,7 +17,7 @@")


def test_review_appears_with_its_comments(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    left = {"path": "old.py", "line": 1, "side": "LEFT", "body": "Gone."}
    review(pull, source, inline(20), inline(33, start_line=31, start_side="RIGHT"), left)
    comments = list(pull.get_review_comments())
    assert [(c.path, c.line, c.start_line, c.side) for c in comments] == [
        ("app.py", 20, None, "RIGHT"),
        ("app.py", 33, 31, "RIGHT"),
        ("old.py", 1, None, "LEFT"),
    ]
    assert comments[0].diff_hunk.endswith("+line zwanzig – größer")
    assert comments[0].user.login == "graph-reviewer[bot]"
    assert [exchange.operation for exchange in fake.writes] == ["pulls/create-review"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (inline(1), "Line could not be resolved"),
        (inline(20, side="LEFT", path="ä.py"), "Line could not be resolved"),
        (inline(19, side="LEFT"), "Line could not be resolved"),  # unchanged, so not on the left
        (inline(20, path="none.py"), "Path could not be resolved"),
        (inline(33, start_line=20), "same hunk"),
        (inline(31, start_line=32), "precede"),
        (inline(31, start_line=31), "precede"),
        (inline(33, start_line=5), "Start line could not be resolved"),
        ({"path": "app.py", "position": 4, "body": "Look."}, "Line could not be resolved"),
        (inline(20, body=""), "blank"),
        (inline(20, body="x" * 70_000), "too long"),
    ],
)
def test_one_bad_comment_refuses_the_whole_review(
    fake: FakeGitHub, source: ExampleChange, bad: dict[str, object], reason: str
) -> None:
    pull = open_pull(fake, source)
    with pytest.raises(github.GithubException, match=reason) as caught:
        review(pull, source, inline(20), bad)
    assert caught.value.status == 422
    assert (fake.writes, fake.pull(REPOSITORY, 1).threads, fake.pull(REPOSITORY, 1).reviews) == ([], [], [])


def test_review_of_a_foreign_commit_or_without_a_body_is_refused(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    repository = pull.base.repo
    with pytest.raises(github.GithubException, match="commit_id"):
        pull.create_review(commit=repository.get_commit(source.base), body="x", event="COMMENT")
    with pytest.raises(github.GithubException, match="blank"):
        pull.create_review(commit=repository.get_commit(source.head), event="COMMENT")


def test_pending_review_is_shown_to_nobody(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    comment = {"path": "app.py", "line": 20, "side": "RIGHT", "body": "Draft."}
    pull.create_review(body="Later.", comments=[comment])  # type: ignore[list-item]
    assert list(pull.get_review_comments()) == []
    assert next(iter(pull.get_reviews())).state == "PENDING"


def test_replies_edits_and_single_comments(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    head = pull.base.repo.get_commit(source.head)
    first = pull.create_review_comment("Whole file.", head, "app.py", subject_type="file")
    reply = pull.create_review_comment_reply(first.id, "Indeed.")
    assert reply.in_reply_to_id == first.id
    second = pull.create_review_comment("Here.", head, "app.py", line=20, side="RIGHT")
    second.edit("Here?")
    assert [comment.body for comment in pull.get_review_comments()] == ["Whole file.", "Indeed.", "Here?"]
    second.delete()
    assert pull.get_review_comments().totalCount == 2
    assert fake.people.reply(REPOSITORY, first.id, "bob", "Why?").payload["comment"]["in_reply_to_id"] == first.id


def test_conversation_comments_and_reactions(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    comment = pull.create_issue_comment("Summary – größer")
    comment.edit("Summary, edited")
    asked = fake.people.comment(REPOSITORY, 1, "bob", "/reviewer review").payload["comment"]["id"]
    pull.get_issue_comment(asked).create_reaction("eyes")
    pull.get_issue_comment(asked).create_reaction("eyes")  # the same again is no second one
    fake.people.react(REPOSITORY, comment.id, "bob", "+1")
    assert [found.body for found in pull.get_issue_comments()] == ["Summary, edited", "/reviewer review"]
    assert [reaction.content for reaction in pull.get_issue_comment(asked).get_reactions()] == ["eyes"]
    assert [reaction.user.login for reaction in comment.get_reactions()] == ["bob"]


def test_listings_come_in_pages(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    for number in range(65):
        fake.people.comment(REPOSITORY, 1, "bob", f"comment {number}")
    assert [comment.body for comment in pull.get_issue_comments()] == [f"comment {number}" for number in range(65)]
    pages = [exchange.query.get("page") for exchange in fake.exchanges if exchange.operation == "issues/list-comments"]
    assert pages == [None, "2", "3"]


def test_push_outdates_threads_whose_lines_changed_and_moves_others(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    review(pull, source, inline(20), inline(33, start_line=31))
    text = source.repository.read(source.head, "app.py").replace("line zwanzig – größer\n", "line 20\n")
    head = source.repository.commit({"app.py": "first\n" + text}, onto=source.head)
    payload = fake.people.push(REPOSITORY, 1, head).payload
    assert (payload["before"], payload["after"], payload["pull_request"]["head"]["sha"]) == (source.head, head, head)
    outdated, moved = connect(fake).get_repo(REPOSITORY).get_pull(1).get_review_comments()
    assert (outdated.original_line, outdated.commit_id) == (20, source.head)
    assert not outdated.line
    assert (moved.line, moved.start_line, moved.original_line, moved.commit_id) == (34, 32, 33, head)


def test_force_push_takes_old_commits_out_of_the_pull_request(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    text = source.repository.read(source.head, "app.py")
    head = source.repository.commit({"app.py": text + "tail\n"}, onto=source.base)
    fake.people.push(REPOSITORY, 1, head)
    with pytest.raises(github.GithubException, match="commit_id"):
        review(pull, source, inline(20))
    pull.create_review(pull.base.repo.get_commit(head), "Again.", "COMMENT", [inline(44)])  # type: ignore[list-item]
    assert fake.pull(REPOSITORY, 1).threads[0].place.line == 44


THREADS = """
query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { reviewThreads(first: 50) {
    nodes { id isResolved isOutdated comments(first: 1) { nodes { databaseId author { login } } } }
    pageInfo { hasNextPage endCursor } } } } }
"""
RESOLVE = "mutation($input: ResolveReviewThreadInput!) { resolveReviewThread(input: $input) { thread { isResolved } } }"


def test_threads_are_resolved_by_graphql(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    review(pull, source, inline(20), inline(31))
    requester = connect(fake).requester
    variables = {"owner": "alice", "name": "parser", "number": 1}
    _, found = requester.graphql_query(THREADS, variables)
    nodes = found["data"]["repository"]["pullRequest"]["reviewThreads"]["nodes"]
    assert [node["isResolved"] for node in nodes] == [False, False]
    requester.graphql_query(RESOLVE, {"input": {"threadId": nodes[0]["id"]}})
    assert [thread.resolved_by for thread in fake.pull(REPOSITORY, 1).threads] == ["graph-reviewer[bot]", None]
    assert [exchange.operation for exchange in fake.writes] == ["pulls/create-review", "graphql"]
    comment_id = nodes[1]["comments"]["nodes"][0]["databaseId"]
    payload = fake.people.resolve(REPOSITORY, comment_id, "alice").payload
    assert payload["thread"]["node_id"] == nodes[1]["id"]


def test_graphql_that_github_does_not_know_is_a_violation(source: ExampleChange) -> None:
    with FakeGitHub() as fake, pytest.raises(github.GithubException):
        connect(fake).requester.graphql_query("query { repository { threads } }", {})
    assert any("threads" in violation for violation in fake.violations)


@pytest.mark.slow
def test_graphql_schema_is_part_of_the_one_that_github_publishes() -> None:
    published = build_schema(find_description("github/schema.graphql").read_text("utf-8"), assume_valid=True)
    ours = build_schema(SCHEMA)
    differences = []
    for name, kind in ours.type_map.items():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field, spec in kind.fields.items():
                theirs = published.type_map[name].fields[field]  # type: ignore[attr-defined]
                arguments = {key: str(value.type) for key, value in getattr(spec, "args", {}).items()}
                same = {key: str(value.type) for key, value in getattr(theirs, "args", {}).items() if key in arguments}
                if name[:2] != "__" and (str(spec.type), arguments) != (str(theirs.type), same):
                    differences.append(f"{name}.{field}")
    assert differences == []


def test_check_run_takes_annotations_in_batches_of_fifty(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    annotation = {"path": "app.py", "start_line": 20, "end_line": 20, "annotation_level": "warning", "message": "Look."}
    output = {"title": "2 findings", "summary": "Two.", "annotations": [annotation] * 50}
    repository = pull.base.repo
    run = repository.create_check_run("graph-reviewer", source.head, status="in_progress", output=output)  # type: ignore[arg-type]
    run.edit(status="completed", conclusion="neutral", output=output)
    found = list(repository.get_commit(source.head).get_check_runs())
    assert [(check.id, check.conclusion, check.output.annotations_count) for check in found] == [
        (run.id, "neutral", 100)
    ]
    assert run.get_annotations().totalCount == 100
    fake.people.rerequest_check(REPOSITORY, run.id, "alice")


def test_too_many_annotations_are_refused(source: ExampleChange) -> None:
    with FakeGitHub() as fake:
        fake.add_repository(REPOSITORY, source.folder)
        pull = open_pull(fake, source)
        annotation = {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "x"}
        output = {"title": "t", "summary": "s", "annotations": [annotation] * 51}
        with pytest.raises(github.GithubException, match="50 annotations"):
            pull.base.repo.create_check_run("x", source.head, output=output)  # type: ignore[arg-type]
    assert any("maxItems" in violation for violation in fake.violations)


def test_commit_statuses_are_combined(fake: FakeGitHub, source: ExampleChange) -> None:
    head = open_pull(fake, source).base.repo.get_commit(source.head)
    head.create_status("pending", context="review")
    head.create_status("success", description="Nothing found", context="review")
    combined = head.get_combined_status()
    assert (combined.state, [status.description for status in combined.statuses]) == ("success", ["Nothing found"])


def test_permission_of_people(fake: FakeGitHub, source: ExampleChange) -> None:
    repository = open_pull(fake, source).base.repo
    fake.grant(REPOSITORY, "bob", "write")
    fake.grant(REPOSITORY, "eve", "none")
    found = {login: repository.get_collaborator_permission(login) for login in ("alice", "bob", "eve")}
    assert found == {"alice": "admin", "bob": "write", "eve": "none"}
    with pytest.raises(github.GithubException, match="404"):
        repository.get_collaborator_permission("nobody")


def test_token_expires(source: ExampleChange) -> None:
    clock = ManualClock()
    with FakeGitHub(clock=clock) as fake:
        fake.add_repository(REPOSITORY, source.folder)
        client = connect(fake)
        repository = client.get_repo(REPOSITORY)
        clock.advance(3600)
        with pytest.raises(github.BadCredentialsException):
            list(repository.get_pulls())
    assert fake.violations == []


def test_app_must_sign_with_its_key(fake: FakeGitHub) -> None:
    with FakeGitHub(app_id=1) as other:
        app = github.GithubIntegration(
            auth=github.Auth.AppAuth(other.app_id, other.private_key_pem), base_url=fake.api_url
        )
        with pytest.raises(github.GithubException, match="iss"):
            app.get_access_token(fake.installation_id)
        auth = github.Auth.AppAuth(fake.app_id, fake.private_key_pem)
        assert github.GithubIntegration(auth=auth, base_url=fake.api_url).get_app().slug == "graph-reviewer"


@pytest.mark.parametrize("status", [403, 429])
def test_client_waits_as_long_as_retry_after_says(fake: FakeGitHub, source: ExampleChange, status: int) -> None:
    waits: list[float | None] = []

    class Retry(github.GithubRetry):
        def sleep_for_retry(self, response: BaseHTTPResponse) -> bool:
            waits.append(self.get_retry_after(response))
            fake.limits.content_per_minute = 80
            return True

    number = open_pull(fake, source).number
    fake.limits.content_per_minute, fake.limits.secondary_status, fake.limits.retry_after_s = 2, status, 7
    retry = Retry(total=3, status_forcelist=[403, 429, 500, 502, 503])
    patient = connect(fake, retry=retry).get_repo(REPOSITORY).get_pull(number)
    for text in ("one", "two", "three"):
        patient.create_issue_comment(text)
    assert waits == [7]
    assert [comment.body for comment in fake.pull(REPOSITORY, 1).comments] == ["one", "two", "three"]


def test_primary_limit_is_told_in_headers(fake: FakeGitHub, source: ExampleChange) -> None:
    fake.limits.requests_per_hour = 3
    client = connect(fake)
    repository = client.get_repo(REPOSITORY)
    assert client.rate_limiting == (2, 3)
    repository.get_commit(source.head)
    repository.get_commit(source.head)
    with pytest.raises(github.RateLimitExceededException) as caught:
        repository.get_commit(source.head)
    assert (caught.value.status, (caught.value.headers or {})["x-ratelimit-remaining"]) == (403, "0")


def test_new_comment_appears_in_listings_only_after_further_requests(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    fake.set_lag(2)
    comment = pull.create_issue_comment("Late.")
    assert pull.get_issue_comment(comment.id).body == "Late."  # at once by its id
    assert list(pull.get_issue_comments()) == []
    assert [found.body for found in pull.get_issue_comments()] == ["Late."]


@pytest.mark.parametrize(
    ("fault", "num_comments"),
    [(Fault.ERROR_BEFORE, 0), (Fault.ERROR_AFTER, 1), (Fault.DROP_BEFORE, 0), (Fault.DROP_AFTER, 1)],
)
def test_faults_happen_before_or_after_the_write(
    fake: FakeGitHub, source: ExampleChange, fault: Fault, num_comments: int
) -> None:
    pull = open_pull(fake, source)
    fake.fail_next(fault, writes_only=True)
    with pytest.raises((github.GithubException, ConnectionError, OSError)):
        pull.create_issue_comment("Did it arrive?")
    assert len(fake.pull(REPOSITORY, 1).comments) == num_comments
    assert pull.create_issue_comment("Once more.").body == "Once more."


def signed(fake: FakeGitHub, webhook: Webhook) -> bool:
    digest = hmac.new(fake.webhook_secret.encode(), webhook.body, hashlib.sha256).hexdigest()
    return webhook.headers["X-Hub-Signature-256"] == f"sha256={digest}"


def test_failed_delivery_is_listed_and_can_be_repeated(fake: FakeGitHub, source: ExampleChange) -> None:
    webhook = fake.people.open_pull(REPOSITORY, NewPull(source.base, source.head))
    received: list[HttpRequest] = []

    def answer(request: HttpRequest) -> HttpAnswer:
        received.append(request)
        return HttpAnswer(503 if len(received) == 1 else 202)

    auth = github.Auth.AppAuth(fake.app_id, fake.private_key_pem)
    requester = github.GithubIntegration(auth=auth, base_url=fake.api_url).requester
    with LoopbackServer(answer) as service:
        assert fake.deliver(webhook, f"{service.url}/webhooks/github") == 503
        _, failed = requester.requestJsonAndCheck("GET", "/app/hook/deliveries", parameters={"status": "failure"})
        assert [(entry["event"], entry["status_code"]) for entry in failed] == [("pull_request", 503)]
        requester.requestJsonAndCheck("POST", f"/app/hook/deliveries/{failed[0]['id']}/attempts")
        assert fake.deliver(fake.redeliveries[0], f"{service.url}/webhooks/github") == 202
    guids = [request.headers["x-github-delivery"] for request in received]
    assert guids[0] == guids[1] == failed[0]["guid"]
    assert [delivery.is_redelivery for delivery in fake.deliveries] == [False, True]
    assert fake.redeliveries == []


def acts(fake: FakeGitHub, source: ExampleChange) -> Iterator[Webhook]:
    people = fake.people
    yield people.open_pull(REPOSITORY, NewPull(source.base, source.head, body="Größer", draft=True))
    yield people.set_draft(REPOSITORY, 1, draft=False)
    yield people.set_draft(REPOSITORY, 1, draft=True)
    yield people.edit(REPOSITORY, 1, title="Another")
    yield people.comment(REPOSITORY, 1, "bob", "/reviewer review")
    pull = connect(fake).get_repo(REPOSITORY).get_pull(1)
    review(pull, source, inline(20))
    comment_id = fake.pull(REPOSITORY, 1).threads[0].comments[0].comment_id
    yield people.reply(REPOSITORY, comment_id, "bob", "Why?")
    yield people.resolve(REPOSITORY, comment_id, "bob")
    yield people.resolve(REPOSITORY, comment_id, "bob", resolved=False)
    run = pull.base.repo.create_check_run("graph-reviewer", source.head, conclusion="neutral")
    yield people.rerequest_check(REPOSITORY, run.id, "bob")
    yield people.queue_merge(REPOSITORY, 1, "bob")
    yield people.push(REPOSITORY, 1, source.repository.commit({"more.py": ""}, onto=source.head))
    yield people.close(REPOSITORY, 1)
    yield people.reopen(REPOSITORY, 1)


def test_webhooks_are_signed_and_have_the_published_shape(fake: FakeGitHub, source: ExampleChange) -> None:
    schemas = json.loads(find_description("github/webhook-schemas.json").read_text("utf-8"))
    for webhook in acts(fake, source):
        assert signed(fake, webhook)
        definition = f"{webhook.event}${webhook.action}"
        validator = Draft7Validator({**schemas, "oneOf": [{"$ref": f"#/definitions/{definition}"}]})
        problems = [f"{definition}{error.json_path}: {error.message}" for error in _leaves(validator, webhook)]
        assert problems == []
        assert webhook.payload["installation"]["id"] == fake.installation_id
        assert webhook.payload["repository"]["clone_url"] == f"{fake.url}/{REPOSITORY}.git"


def _leaves(validator: Draft7Validator, webhook: Webhook):  # type: ignore[no-untyped-def]
    for error in validator.iter_errors(webhook.payload):
        yield from error.context or [error]


def test_clone_needs_the_installation_token(fake: FakeGitHub, source: ExampleChange, tmp_path: Path) -> None:
    open_pull(fake, source)
    auth = github.Auth.AppAuth(fake.app_id, fake.private_key_pem)
    token = github.GithubIntegration(auth=auth, base_url=fake.api_url).get_access_token(fake.installation_id).token
    with_token = fake.url.replace("http://", f"http://x-access-token:{token}@") + f"/{REPOSITORY}.git"
    clone = tmp_path / "clone"
    clone.mkdir()
    run_git(clone, "init", "--quiet")
    run_git(clone, "fetch", "--quiet", "--depth=1", with_token, source.head, source.base)
    assert run_git(clone, "show", f"{source.head}:ä.py") == b"y = 2\r\n"
    with pytest.raises(subprocess.CalledProcessError):
        run_git(clone, "-c", "core.askPass=true", "fetch", with_token.replace(token, "wrong"), source.head)


def test_request_that_is_not_described_is_a_violation(source: ExampleChange) -> None:
    with FakeGitHub() as fake:
        fake.add_repository(REPOSITORY, source.folder)
        pull = open_pull(fake, source)
        requester = pull.requester
        requester.requestJsonAndCheck("POST", f"{pull.issue_url}/comments", input={"body": "x", "colour": "red"})
        with pytest.raises(github.UnknownObjectException):
            requester.requestJsonAndCheck("GET", f"{pull.url}/moods")
    assert fake.violations[0].endswith("body.colour: not described")
    assert fake.violations[1].endswith("/pulls/1/moods: no such operation")
