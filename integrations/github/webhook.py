"""GitHub's deliveries: verified on their raw bytes, then parsed into events. No I/O.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence

from integrations.errors import ForgedDeliveryError, MalformedDeliveryError
from integrations.events import (
    ChangeClosed,
    CommentWritten,
    Event,
    MergeQueued,
    Nothing,
    Reason,
    ReviewWanted,
    ThreadResolved,
)
from integrations.hosts import ChangeRef, HostKind, RepositoryRef
from integrations.payloads import Payload, load_payload, take

_PREFIX = "sha256="
_REASONS = {
    "opened": Reason.OPENED,
    "reopened": Reason.REOPENED,
    "synchronize": Reason.PUSHED,
    "ready_for_review": Reason.READY,
}
_BOT = "Bot"
_QUEUE_BRANCH = re.compile(r"gh-readonly-queue/.+/pr-(\d+)-[0-9a-f]{40}$")


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
    payload = load_payload(event, body)
    parse = _PARSERS.get(event)
    if parse is None:
        return Nothing(f"event {event}")
    try:
        return parse(payload, own_login)
    except MalformedDeliveryError as error:
        raise MalformedDeliveryError(f"{event}: {error}") from error


def _change(payload: Payload, number: int) -> ChangeRef:
    installation = take(payload, "installation.id", int)
    return ChangeRef(RepositoryRef(HostKind.GITHUB, take(payload, "repository.full_name", str), installation), number)


def _is_ours(payload: Payload, own_login: str) -> bool:
    return take(payload, "sender.login", str) == own_login


def _parse_pull_request(payload: Payload, own_login: str) -> Event:
    action = take(payload, "action", str)
    change = _change(payload, take(payload, "pull_request.number", int))
    if action == "closed":
        return ChangeClosed(change, take(payload, "pull_request.merged", bool))
    is_retargeted = action == "edited" and "base" in (payload.get("changes") or {})
    reason = Reason.RETARGETED if is_retargeted else _REASONS.get(action)
    if reason is None:
        return Nothing(f"pull_request {action}")
    if _is_ours(payload, own_login):
        return Nothing("our own act")
    head, is_draft = take(payload, "pull_request.head.sha", str), take(payload, "pull_request.draft", bool)
    return ReviewWanted(change, reason, head, is_draft)


def _parse_issue_comment(payload: Payload, own_login: str) -> Event:
    action = take(payload, "action", str)
    if action != "created" or "pull_request" not in take(payload, "issue", dict):
        return Nothing(f"issue_comment {action}")
    return _parse_comment(payload, own_login, _change(payload, take(payload, "issue.number", int)), "")


def _parse_review_comment(payload: Payload, own_login: str) -> Event:
    action = take(payload, "action", str)
    if action != "created":
        return Nothing(f"pull_request_review_comment {action}")
    change = _change(payload, take(payload, "pull_request.number", int))
    is_reply = take(payload, "comment", dict).get("in_reply_to_id") is not None
    return _parse_comment(
        payload, own_login, change, str(take(payload, "comment.in_reply_to_id", int)) if is_reply else ""
    )


def _parse_comment(payload: Payload, own_login: str, change: ChangeRef, thread_id: str) -> Event:
    author = take(payload, "comment.user.login", str)
    if take(payload, "comment.user.type", str) == _BOT or author == own_login:
        return Nothing("a bot's comment")
    text = take(payload, "comment.body", str)
    return CommentWritten(change, author, str(take(payload, "comment.id", int)), text, thread_id)


def _parse_thread(payload: Payload, own_login: str) -> Event:
    """Whoever has no hands resolves nothing: what a bot does, we ourselves among them, is nobody's opinion."""
    if take(payload, "sender.type", str) == _BOT or _is_ours(payload, own_login):
        return Nothing("a bot's act")
    change = _change(payload, take(payload, "pull_request.number", int))
    comments = take(payload, "thread.comments", list)
    if not comments:
        return Nothing("a thread without comments")
    first = str(take({"comment": comments[0]}, "comment.id", int))
    is_resolved = take(payload, "action", str) == "resolved"
    return ThreadResolved(change, take(payload, "sender.login", str), first, is_resolved)


def _parse_check(payload: Payload, own_login: str) -> Event:
    """Re-run of our check, on a run or its whole suite. Pushes to forks list no pull requests: nothing to do then."""
    del own_login
    action = take(payload, "action", str)
    if action not in ("rerequested", "requested_action"):
        return Nothing(f"check {action}")
    kind = "check_run" if "check_run" in payload else "check_suite"
    pulls = take(payload, f"{kind}.pull_requests", list)
    if not pulls:
        return Nothing("a check without a pull request")
    change = _change(payload, take({"pull_request": pulls[0]}, "pull_request.number", int))
    return ReviewWanted(change, Reason.REQUESTED, take(payload, f"{kind}.head_sha", str))


def _parse_merge_group(payload: Payload, own_login: str) -> Event:
    """https://docs.github.com/en/webhooks/webhook-events-and-payloads#merge_group

    Only the name of the queue's branch tells which change it holds.
    """
    del own_login
    action = take(payload, "action", str)
    named = _QUEUE_BRANCH.search(take(payload, "merge_group.head_ref", str))
    if action != "checks_requested" or named is None:
        return Nothing(f"merge_group {action}")
    return MergeQueued(_change(payload, int(named[1])), take(payload, "merge_group.head_sha", str))


_PARSERS: Mapping[str, Callable[[Payload, str], Event]] = {
    "pull_request": _parse_pull_request,
    "issue_comment": _parse_issue_comment,
    "pull_request_review_comment": _parse_review_comment,
    "pull_request_review_thread": _parse_thread,
    "check_run": _parse_check,
    "check_suite": _parse_check,
    "merge_group": _parse_merge_group,
}
EVENTS = frozenset(_PARSERS)  # what an app is to be subscribed to
