"""GitHub's API through PyGithub: what a review asks of a host. Threads are read by GraphQL, which REST lacks.

https://docs.github.com/en/rest/pulls/reviews https://docs.github.com/en/rest/checks/runs
https://docs.github.com/en/graphql/reference/mutations#resolvereviewthread
"""

import base64
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any  # JSON of the host

from github import GithubException
from github.IssueComment import IssueComment
from github.PullRequest import PullRequest
from github.PullRequestComment import PullRequestComment
from github.Repository import Repository

from integrations.calls import Calls, Observe, ignore_call
from integrations.errors import HostError
from integrations.github.checks import CHECK_NAME, describe_check, slice_annotations
from integrations.github.logins import AppLogin, GitHubAccess, GitHubLogin, GitHubTokenAccess, TokenLogin
from integrations.hosts import (
    Change,
    ChangeRef,
    Check,
    CloneAddress,
    NewThread,
    PostedNote,
    PostedThread,
    RatedComment,
    Reaction,
    RepositoryRef,
    Status,
)
from integrations.pacing import Pace
from integrations.wording import find_marker

_OK, _REDIRECTED, _FORBIDDEN, _NOT_FOUND, _UNPROCESSABLE = 200, 300, 403, 404, 422
_THUMBS = ("+1", "-1")  # https://docs.github.com/en/rest/reactions/reactions#about-reactions
_PAGE_SIZE = 100
_WRITERS = frozenset({"admin", "maintain", "write"})
_THREADS = """
query Threads($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    reviewThreads(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { id isResolved resolvedBy { login } comments(first: 50) { nodes { databaseId body author { login } } } }
    }
  } }
}
"""
_RESOLVE = "mutation R($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { id } } }"
_REOPEN = "mutation R($id: ID!) { unresolveReviewThread(input: {threadId: $id}) { thread { id } } }"


class GitHubHost:
    """One GitHub, asked as an app or with a token."""

    def __init__(
        self,
        access: GitHubAccess | GitHubTokenAccess,
        observe: Observe = ignore_call,
        pace: Pace | None = None,
    ) -> None:
        self._access = access
        self._call = Calls("GitHub", GithubException, _translate, observe, self.count_left, pace)
        # Waiting is ours: a retry inside a request would hold a worker and be lost with it.
        options: dict[str, Any] = {"base_url": access.api_url, "retry": None, "timeout": 30}
        options |= {"seconds_between_requests": None, "seconds_between_writes": access.pause_s or None}
        self._login: GitHubLogin = (
            AppLogin(access, options, self._call)
            if isinstance(access, GitHubAccess)
            else TokenLogin(access, options, self._call)
        )

    def login(self) -> str:
        """As the protocol says."""
        return self._login.login()

    def load_change(self, ref: ChangeRef) -> Change:
        """As the protocol says."""
        pull = self._pull(ref)
        head_repo: Repository | None = pull.head.repo  # None: the fork was deleted
        return Change(
            ref=ref,
            base=pull.base.sha,
            head=pull.head.sha,
            head_ref=f"refs/pull/{ref.number}/head",
            base_ref=pull.base.ref,
            author=pull.user.login,
            title=pull.title,
            is_draft=pull.draft,
            is_open=pull.state == "open",
            is_fork=head_repo is None or head_repo.full_name != ref.repository.name,
        )

    def clone_address(self, repository: RepositoryRef) -> CloneAddress:
        """As the protocol says."""
        token = self._login.token_for(repository)
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        return CloneAddress(f"{self._access.clone_url}/{repository.name}.git", f"Basic {basic}")

    def list_threads(self, change: Change) -> list[PostedThread]:
        """As the protocol says."""
        return [found for node in self._list_thread_nodes(change.ref) if (found := self._read_thread(node)) is not None]

    def post_threads(self, change: Change, threads: Sequence[NewThread]) -> list[NewThread]:
        """One review for all of them; where GitHub refuses it for one line, each comment by itself."""
        address = f"{self._address(change.ref)}/pulls/{change.ref.number}"
        comments = [_describe_comment(one) for one in threads]
        body = {"commit_id": change.head, "event": "COMMENT", "body": _introduce(len(threads)), "comments": comments}
        try:
            self._request(change.ref, "POST", f"{address}/reviews", body)
            return []
        except HostError as error:
            if error.status != _UNPROCESSABLE:
                raise
        refused = []
        for thread, comment in zip(threads, comments, strict=True):
            try:
                self._request(change.ref, "POST", f"{address}/comments", {**comment, "commit_id": change.head})
            except HostError as error:
                if error.status != _UNPROCESSABLE:
                    raise
                refused.append(thread)
        return refused

    def edit_thread(self, change: Change, thread: PostedThread, body: str) -> None:
        """As the protocol says."""
        address = f"{self._address(change.ref)}/pulls/comments/{thread.comment_id}"
        self._request(change.ref, "PATCH", address, {"body": body})

    def reply(self, change: Change, thread: PostedThread | None, body: str) -> None:
        """As the protocol says; GitHub names a thread by its first comment here."""
        address, number = self._address(change.ref), change.ref.number
        where = f"issues/{number}" if thread is None else f"pulls/{number}/comments/{thread.comment_id}"
        where += "/comments" if thread is None else "/replies"
        self._request(change.ref, "POST", f"{address}/{where}", {"body": body})

    def has_reply(self, change: Change, thread: PostedThread | None, marker: str) -> bool:
        """As the protocol says; the marker is looked for in all threads, as it names one comment."""
        pull = self._pull(change.ref)
        found: Iterator[IssueComment | PullRequestComment]
        if thread is None:
            found = self._call.iterate(pull.get_issue_comments())
        else:
            found = self._call.iterate(pull.get_review_comments())
        return any(one.body.rstrip().endswith(marker) and self._is_ours(one.user.login) for one in found)

    def resolve_thread(self, change: Change, thread: PostedThread, *, is_resolved: bool) -> bool:
        """As the protocol says; an app needs `contents: write`: https://github.com/orgs/community/discussions/44650"""
        repository, variables = change.ref.repository, {"id": thread.thread_id}
        query = self._login.client_for(repository).requester.graphql_query
        try:
            self._call.write(repository.installation, query, _RESOLVE if is_resolved else _REOPEN, variables)
        except HostError as error:
            if error.status != _FORBIDDEN or error.retry_after_s is not None:
                raise
            return False
        return True

    def find_note(self, change: Change, marker: str) -> PostedNote | None:
        """As the protocol says."""
        pull = self._pull(change.ref)
        for comment in self._call.iterate(pull.get_issue_comments()):
            if marker in comment.body and self._is_ours(comment.user.login):  # an account that is gone has no login
                return PostedNote(str(comment.id), comment.body)
        return None

    def write_note(self, change: Change, note: PostedNote | None, body: str) -> None:
        """As the protocol says."""
        address = f"{self._address(change.ref)}/issues"
        if note is None:
            self._request(change.ref, "POST", f"{address}/{change.ref.number}/comments", {"body": body})
        else:
            self._request(change.ref, "PATCH", f"{address}/comments/{note.comment_id}", {"body": body})

    def write_status(self, change: Change, status: Status) -> None:
        """A check run for a review: made once, its annotations in batches of fifty, each of them once."""
        address = f"{self._address(change.ref)}/check-runs"
        run = self._find_check(change, status.key)
        if run is None:
            body = {"name": CHECK_NAME, "head_sha": change.head, "external_id": status.key}
            run = self._request(change.ref, "POST", address, body | describe_check(status, ()))
        known = int(run["output"].get("annotations_count") or 0)
        for batch in slice_annotations(status.annotations[known:]):
            self._request(change.ref, "PATCH", f"{address}/{run['id']}", describe_check(status, batch))

    def can_write(self, repository: RepositoryRef, login: str) -> bool:
        """As the protocol says."""
        try:
            found = self._call(self._repository(repository).get_collaborator_permission, login)
        except HostError as error:
            if error.status != _NOT_FOUND:  # nobody by this name: an app, or a person who left
                raise
            return False
        return found in _WRITERS

    def acknowledge(self, change: Change, comment_id: str, *, in_thread: bool) -> None:
        """Eyes under the comment."""
        kind = "pulls" if in_thread else "issues"
        address = f"{self._address(change.ref)}/{kind}/comments/{comment_id}/reactions"
        self._request(change.ref, "POST", address, {"content": "eyes"})

    def list_rated(self, change: Change) -> list[RatedComment]:
        """As the protocol says: a listing counts thumbs, so only comments with one are asked for who and when."""
        address = f"{self._address(change.ref)}/pulls"
        found = []
        for comment in self._list(change.ref, f"{address}/{change.ref.number}/comments"):
            fingerprint = find_marker(comment["body"], "finding")
            if fingerprint and self._is_ours(_login_of(comment)):
                counts, where = comment.get("reactions") or {}, f"{address}/comments/{comment['id']}/reactions"
                records = self._list(change.ref, where) if any(counts.get(name) for name in _THUMBS) else ()
                thumbs = (_read_reaction(one) for one in records if one["content"] in _THUMBS)
                others = tuple(one for one in thumbs if not self._is_ours(one.author))
                found.append(RatedComment(str(comment["id"]), fingerprint, others))
        return found

    def inspect(self) -> list[Check]:
        """As the protocol says."""
        return self._login.inspect()

    def ask_again(self, is_known: Callable[[str], bool]) -> int:
        """As the protocol says."""
        return self._login.ask_again(is_known)

    def _find_check(self, change: Change, key: str) -> dict[str, Any] | None:
        """Our run for a review, if it has begun."""
        address = f"{self._address(change.ref)}/commits/{change.head}/check-runs"
        found = self._request(change.ref, "GET", f"{address}?check_name={CHECK_NAME}&filter=all&per_page=100")
        runs: list[dict[str, Any]] = found["check_runs"]
        return next((run for run in runs if run["external_id"] == key), None)

    def _list_thread_nodes(self, ref: ChangeRef) -> Iterable[Mapping[str, Any]]:
        owner, _, name = ref.repository.name.partition("/")
        variables: dict[str, Any] = {"owner": owner, "name": name, "number": ref.number, "after": None}
        while True:
            _, answer = self._call(self._login.client_for(ref.repository).requester.graphql_query, _THREADS, variables)
            threads = answer["data"]["repository"]["pullRequest"]["reviewThreads"]
            yield from threads["nodes"]
            if not threads["pageInfo"]["hasNextPage"]:
                return
            variables["after"] = threads["pageInfo"]["endCursor"]

    def _read_thread(self, node: Mapping[str, Any]) -> PostedThread | None:
        """A thread that we began, None for anybody else's."""
        comments = node["comments"]["nodes"]
        first = comments[0] if comments else None
        if first is None or not self._is_ours((first["author"] or {}).get("login", "")):
            return None
        fingerprint = find_marker(first["body"], "finding")
        others = [one for one in comments[1:] if not self._is_ours((one["author"] or {}).get("login", ""))]
        resolver = (node["resolvedBy"] or {}).get("login", "")
        return PostedThread(
            node["id"],
            str(first["databaseId"]),
            fingerprint,
            first["body"],
            node["isResolved"],
            bool(others),
            bool(resolver) and self._is_ours(resolver),
        )

    def _is_ours(self, login: str) -> bool:
        """GraphQL names an app by its slug, REST adds a suffix."""
        return login.removesuffix("[bot]") == self._login.login().removesuffix("[bot]")

    def _repository(self, repository: RepositoryRef) -> Repository:
        return self._login.client_for(repository).get_repo(repository.name, lazy=True)

    def _pull(self, ref: ChangeRef) -> PullRequest:
        """The pull request with everything in it: of a lazy repository it would be asked for at its first field."""
        pull = self._repository(ref.repository).get_pull(ref.number)
        self._call(pull.complete)
        return pull

    def _address(self, ref: ChangeRef) -> str:
        return f"/repos/{ref.repository.name}"

    def _request(self, ref: ChangeRef, verb: str, address: str, body: object = None) -> dict[str, Any]:
        ask = self._login.client_for(ref.repository).requester.requestJsonAndCheck
        if verb == "GET":
            _, data = self._call(ask, verb, address)
        else:
            _, data = self._call.write(ref.repository.installation, ask, verb, address, input=body)
        assert isinstance(data, dict), f"{address}: an object is documented"
        return data

    def _list(self, ref: ChangeRef, address: str) -> Iterable[dict[str, Any]]:
        """Every record of a listing."""
        ask, page = self._login.client_for(ref.repository).requester.requestJsonAndCheck, 1
        while True:
            _, data = self._call(ask, "GET", f"{address}?per_page={_PAGE_SIZE}&page={page}")
            assert isinstance(data, list), f"{address}: a list is documented"
            yield from data
            if len(data) < _PAGE_SIZE:
                return
            page += 1

    def count_left(self) -> int | None:
        """What GitHub says is left of our hour, for the installation that has least."""
        left = [client.requester.rate_limiting[0] for client in self._login.clients()]
        return min((one for one in left if one >= 0), default=None)


def _describe_comment(thread: NewThread) -> dict[str, object]:
    """`start_line` only where there is more than one line: GitHub refuses it otherwise."""
    place = thread.place
    side = "LEFT" if place.is_deleted else "RIGHT"
    comment: dict[str, object] = {"path": place.path, "body": thread.body, "line": place.end_line, "side": side}
    if place.start_line < place.end_line:
        comment |= {"start_line": place.start_line, "start_side": side}
    return comment


def _login_of(record: Mapping[str, Any]) -> str:
    """Who made it, empty for somebody who is gone."""
    return str((record.get("user") or {}).get("login", ""))


def _read_reaction(record: Mapping[str, Any]) -> Reaction:
    at = datetime.fromisoformat(record["created_at"])
    return Reaction(str(record["id"]), _login_of(record), record["content"] == "+1", at)


def _introduce(count: int) -> str:
    return f"{count} finding{'s' if count != 1 else ''} on the lines below."


def _translate(error: Exception) -> HostError:
    """What GitHub refused, and how long it asks us to wait."""
    assert isinstance(error, GithubException), "the only error that is translated"
    headers = {key.lower(): value for key, value in (error.headers or {}).items()}
    is_forbidden = any(one.get("type") == "FORBIDDEN" for one in _list_errors(error))
    status = _FORBIDDEN if is_forbidden else error.status
    return HostError(f"GitHub answered {status}: {_said(error)}", status, _wait(error, headers))


def _said(error: GithubException) -> str:
    data = error.data
    if not isinstance(data, dict):
        return ""
    messages = [data.get("message"), *(one.get("message") for one in _list_errors(error))]
    return str(next(filter(None, messages), ""))[:300]


def _list_errors(error: GithubException) -> list[dict[str, Any]]:
    """What GraphQL lists, with a status of success that the client turns into 400."""
    errors = error.data.get("errors") if isinstance(error.data, dict) else None
    return [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []


def _wait(error: GithubException, headers: Mapping[str, str]) -> float | None:
    """https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit"""
    if error.status not in (403, 429):
        return None
    asked = headers.get("retry-after", "")
    if asked.isdigit():
        return float(asked)
    if headers.get("x-ratelimit-remaining") == "0" and "x-ratelimit-reset" in headers:
        return max(1.0, float(headers["x-ratelimit-reset"]) - time.time())
    return 60.0 if "secondary rate limit" in _said(error).lower() or error.status == 429 else None
