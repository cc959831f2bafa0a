"""GitHub's deliveries: verified on their raw bytes, then parsed into events. No I/O.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any  # a JSON payload

from integrations.errors import ForgedDeliveryError, MalformedDeliveryError
from integrations.events import (
    ChangeClosed,
    CommentWritten,
    Event,
    Nothing,
    Reason,
    ReviewWanted,
    ThreadResolved,
)
from integrations.hosts import ChangeRef, HostKind, RepositoryRef

_PREFIX = "sha256="
_REASONS = {
    "opened": Reason.OPENED,
    "reopened": Reason.REOPENED,
    "synchronize": Reason.PUSHED,
    "ready_for_review": Reason.READY,
}
Payload = Mapping[str, Any]


def verify_delivery(body: bytes, signature: str, secrets: Sequence[str]) -> None:
    """Raises ForgedDeliveryError unless one of the secrets signed exactly these bytes; in constant time."""
    if not signature.startswith(_PREFIX):
        raise ForgedDeliveryError("X-Hub-Signature-256: expected sha256=..., found none")
    given = signature.removeprefix(_PREFIX).encode("ascii", "replace")
    signed = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode() for secret in secrets]
    if not sum(hmac.compare_digest(given, one) for one in signed):  # all are compared, whichever fits
        raise ForgedDeliveryError("X-Hub-Signature-256: expected the signature of a configured secret")


def parse_delivery(event: str, body: bytes, own_login: str = "") -> Event:
    """The event in a genuine delivery; raises MalformedDeliveryError for a body that is not as documented."""
    try:
        payload = json.loads(body)
    except ValueError as error:
        raise MalformedDeliveryError(f"{event}: expected JSON, found {error}") from error
    if not isinstance(payload, dict):
        raise MalformedDeliveryError(f"{event}: expected an object")
    parse = _PARSERS.get(event)
    if parse is None:
        return Nothing(f"event {event}")
    try:
        return parse(payload, own_login)
    except (KeyError, TypeError, AttributeError) as error:
        raise MalformedDeliveryError(f"{event}: expected the documented fields, found no {error}") from error


def _repository(payload: Payload) -> RepositoryRef:
    return RepositoryRef(HostKind.GITHUB, str(payload["repository"]["full_name"]), int(payload["installation"]["id"]))


def _parse_pull_request(payload: Payload, own_login: str) -> Event:
    action = payload["action"]
    change = ChangeRef(_repository(payload), int(payload["pull_request"]["number"]))
    if action == "closed":
        return ChangeClosed(change, bool(payload["pull_request"]["merged"]))
    if action not in _REASONS:
        return Nothing(f"pull_request {action}")
    if payload["sender"]["login"] == own_login:
        return Nothing("our own act")
    pull = payload["pull_request"]
    return ReviewWanted(change, _REASONS[action], str(pull["head"]["sha"]), bool(pull["draft"]))


def _parse_issue_comment(payload: Payload, own_login: str) -> Event:
    if payload["action"] != "created" or "pull_request" not in payload["issue"]:
        return Nothing(f"issue_comment {payload['action']}")
    change = ChangeRef(_repository(payload), int(payload["issue"]["number"]))
    return _parse_comment(payload, own_login, change, "")


def _parse_review_comment(payload: Payload, own_login: str) -> Event:
    if payload["action"] != "created":
        return Nothing(f"pull_request_review_comment {payload['action']}")
    change = ChangeRef(_repository(payload), int(payload["pull_request"]["number"]))
    return _parse_comment(payload, own_login, change, str(payload["comment"].get("in_reply_to_id") or ""))


def _parse_comment(payload: Payload, own_login: str, change: ChangeRef, thread_id: str) -> Event:
    comment = payload["comment"]
    author = comment["user"]
    if author["type"] == "Bot" or author["login"] == own_login:
        return Nothing("a bot's comment")
    return CommentWritten(change, str(author["login"]), str(comment["id"]), str(comment["body"] or ""), thread_id)


def _parse_thread(payload: Payload, own_login: str) -> Event:
    if payload["sender"]["login"] == own_login:
        return Nothing("our own act")
    change = ChangeRef(_repository(payload), int(payload["pull_request"]["number"]))
    author = str(payload["sender"]["login"])
    first = str(payload["thread"]["comments"][0]["id"])
    return ThreadResolved(change, author, first, payload["action"] == "resolved")


def _parse_check(payload: Payload, own_login: str) -> Event:
    """Re-run of our check, on a run or its whole suite. Pushes to forks list no pull requests: nothing to do then."""
    del own_login
    if payload["action"] not in ("rerequested", "requested_action"):
        return Nothing(f"check {payload['action']}")
    check = payload.get("check_run") or payload["check_suite"]
    pulls = check["pull_requests"]
    if not pulls:
        return Nothing("a check without a pull request")
    change = ChangeRef(_repository(payload), int(pulls[0]["number"]))
    return ReviewWanted(change, Reason.REQUESTED, str(check["head_sha"]))


_PARSERS: Mapping[str, Callable[[Payload, str], Event]] = {
    "pull_request": _parse_pull_request,
    "issue_comment": _parse_issue_comment,
    "pull_request_review_comment": _parse_review_comment,
    "pull_request_review_thread": _parse_thread,
    "check_run": _parse_check,
    "check_suite": _parse_check,
}
