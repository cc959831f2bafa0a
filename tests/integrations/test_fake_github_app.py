"""The fake GitHub as an app meets it: tokens, limits, faults, deliveries, webhooks and clones, with real clients."""

import hashlib
import hmac
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # Any: JSON

import github
import jwt
import pytest
from github.PullRequest import PullRequest
from jsonschema import Draft7Validator
from urllib3.response import BaseHTTPResponse

from integrations.testing.api_host import Fault, ManualClock
from integrations.testing.fake_github import FakeGitHub
from integrations.testing.git_hosting import run_git
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


def test_app_sees_its_installation_and_repositories(fake: FakeGitHub) -> None:
    app = github.GithubIntegration(auth=github.Auth.AppAuth(fake.app_id, fake.private_key_pem), base_url=fake.api_url)
    assert [installation.id for installation in app.get_installations()] == [fake.installation_id]
    assert app.get_repo_installation("alice", "parser").id == fake.installation_id
    assert app.get_app_installation(fake.installation_id).app_id == fake.app_id
    installation = app.get_installations()[0]
    assert [repository.full_name for repository in installation.get_repos()] == [REPOSITORY]
    for number in (0, 1):
        with pytest.raises(github.UnknownObjectException):
            (app.get_app_installation if number else app.get_access_token)(1)


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


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": -10, "iss": "4711"}, "future time"),
        ({"exp": 3600, "iss": "4711"}, "too far"),
        ({"exp": 60}, "could not be decoded"),
    ],
)
def test_badly_signed_app_is_refused(fake: FakeGitHub, claims: dict[str, Any], reason: str) -> None:
    now_s = int(time.time())
    token = jwt.encode({**claims, "iat": now_s, "exp": now_s + claims["exp"]}, fake.private_key_pem, "RS256")
    client = github.Github(auth=github.Auth.Token(token), base_url=fake.api_url, retry=None)
    with pytest.raises(github.GithubException, match=reason):
        client.requester.requestJsonAndCheck("GET", "/app")
    with pytest.raises(github.BadCredentialsException):
        client.get_repo(REPOSITORY)
    with pytest.raises(github.GithubException, match="Requires authentication"):
        github.Github(base_url=fake.api_url, retry=None).get_repo(REPOSITORY)


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


def test_old_deliveries_are_forgotten_and_listed_in_pages(source: ExampleChange) -> None:
    clock = ManualClock()
    with FakeGitHub(clock=clock) as fake:
        fake.add_repository(REPOSITORY, source.folder)
        webhook = fake.people.open_pull(REPOSITORY, NewPull(source.base, source.head))
        fake.log_delivery(webhook, 0)
        clock.advance(3 * 24 * 3600 + 1)
        delivered = [fake.log_delivery(webhook, status).delivery_id for status in (500, 202, 202)]
        auth = github.Auth.AppAuth(fake.app_id, fake.private_key_pem)
        requester = github.GithubIntegration(auth=auth, base_url=fake.api_url).requester
        parameters = {"per_page": 1, "status": "success"}
        headers, page = requester.requestJsonAndCheck("GET", "/app/hook/deliveries", parameters=parameters)
        assert ([entry["id"] for entry in page], 'rel="next"' in headers["link"]) == (delivered[:1:-1], True)
        _, page = requester.requestJsonAndCheck("GET", "/app/hook/deliveries?cursor=1")
        assert [entry["id"] for entry in page] == delivered[1::-1]
        _, one = requester.requestJsonAndCheck("GET", f"/app/hook/deliveries/{delivered[0]}")
        assert one["request"]["payload"]["action"] == "opened"
        with pytest.raises(github.UnknownObjectException):
            requester.requestJsonAndCheck("GET", f"/app/hook/deliveries/{delivered[0] - 1}")
        assert fake.deliver(webhook, "http://127.0.0.1:9/nobody") == 0
    assert fake.violations == []


def acts(fake: FakeGitHub, source: ExampleChange) -> Iterator[Webhook]:
    people = fake.people
    yield people.open_pull(REPOSITORY, NewPull(source.base, source.head, body="Größer", draft=True))
    yield people.set_draft(REPOSITORY, 1, draft=False)
    yield people.set_draft(REPOSITORY, 1, draft=True)
    yield people.edit(REPOSITORY, 1, title="Another")
    yield people.comment(REPOSITORY, 1, "bob", "/reviewer review")
    pull = connect(fake).get_repo(REPOSITORY).get_pull(1)
    comment = {"path": "app.py", "line": 20, "side": "RIGHT", "body": "Look."}
    pull.create_review(body="Found.", event="COMMENT", comments=[comment])  # type: ignore[list-item]
    comment_id = fake.pull(REPOSITORY, 1).threads[0].comments[0].comment_id
    yield people.reply(REPOSITORY, comment_id, "bob", "Why?")
    yield people.resolve(REPOSITORY, comment_id, "bob")
    yield people.resolve(REPOSITORY, comment_id, "bob", resolved=False)
    run = pull.base.repo.create_check_run("graph-reviewer", source.head, conclusion="neutral")
    yield people.rerequest_check(REPOSITORY, run.id, "bob")
    yield people.rerequest_suite(REPOSITORY, 1, "bob")
    yield people.install("alice")
    yield people.queue_merge(REPOSITORY, 1, "bob")
    yield people.push(REPOSITORY, 1, source.repository.commit({"more.py": ""}, onto=source.head))
    yield people.close(REPOSITORY, 1)
    yield people.reopen(REPOSITORY, 1)


def test_webhooks_are_signed_and_have_the_published_shape(fake: FakeGitHub, source: ExampleChange) -> None:
    definitions = json.loads(find_description("github/webhook-schemas.json").read_text("utf-8"))["definitions"]
    for webhook in acts(fake, source):
        assert signed(fake, webhook)
        definition = f"{webhook.event}${webhook.action}"
        validator = Draft7Validator({"definitions": definitions, "$ref": f"#/definitions/{definition}"})
        errors = list(validator.iter_errors(webhook.payload))
        assert [f"{definition}{error.json_path}: {error.message}" for error in errors] == []
        assert webhook.payload["installation"]["id"] == fake.installation_id
        if webhook.event != "installation":
            assert webhook.payload["repository"]["clone_url"] == f"{fake.url}/{REPOSITORY}.git"


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
