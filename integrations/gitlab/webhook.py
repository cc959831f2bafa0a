"""GitLab's deliveries: verified on their raw bytes, then parsed into events. No I/O.

Two forms are taken: the secret token as a header, and the signed form of Standard Webhooks with its time.
https://docs.gitlab.com/user/project/integrations/webhooks/
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence

from integrations.errors import ForgedDeliveryError, MalformedDeliveryError
from integrations.events import ChangeClosed, CommentWritten, Event, Nothing, Reason, ReviewWanted
from integrations.hosts import ChangeRef, HostKind, RepositoryRef
from integrations.payloads import Payload, load_payload, take

_KEY_PREFIX = "whsec_"
_REASONS = {"open": Reason.OPENED, "reopen": Reason.REOPENED}


def verify_delivery(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], *, now_s: float, window_s: float
) -> None:
    """Raises ForgedDeliveryError unless a secret signed these bytes lately, or is the token itself; in constant time.

    Header names are in lower case.
    """
    if "webhook-signature" in headers:
        _verify_signature(headers, body, secrets, now_s=now_s, window_s=window_s)
        return
    given = headers.get("x-gitlab-token", "").encode("utf-8", "replace")
    if not sum(hmac.compare_digest(given, secret.encode()) for secret in secrets):  # all are compared
        raise ForgedDeliveryError("X-Gitlab-Token: expected a configured secret")


def _verify_signature(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], *, now_s: float, window_s: float
) -> None:
    sent = headers.get("webhook-timestamp", "")
    if not sent.isdecimal() or abs(now_s - int(sent)) > window_s:
        raise ForgedDeliveryError(f"webhook-timestamp: expected a time within {window_s:.0f} s of now")
    signed = f"{headers.get('webhook-id', '')}.{sent}.".encode() + body
    expected = [
        base64.b64encode(hmac.new(_key_of(secret), signed, hashlib.sha256).digest()).decode() for secret in secrets
    ]
    given = [part.removeprefix("v1,") for part in headers["webhook-signature"].split(" ") if part.startswith("v1,")]
    pairs = [(one.encode("ascii", "replace"), other.encode()) for one in given for other in expected]
    if not sum(hmac.compare_digest(one, other) for one, other in pairs):
        raise ForgedDeliveryError("webhook-signature: expected the signature of a configured secret")


def _key_of(secret: str) -> bytes:
    """The bytes that sign: base64 behind `whsec_`, else the secret as it stands."""
    if secret.startswith(_KEY_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_KEY_PREFIX), validate=True)
        except binascii.Error:
            return secret.encode()
    return secret.encode()


def identify_delivery(headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    """(delivery id, event): a repeated attempt keeps its id; older GitLabs send none, there the body stands for it."""
    names = ("idempotency-key", "webhook-id", "x-gitlab-event-uuid")
    given = next((headers[name] for name in names if headers.get(name)), "")
    return given or hashlib.sha256(body).hexdigest(), headers.get("x-gitlab-event", "")


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
    name = take(payload, "project.path_with_namespace", str)
    return ChangeRef(RepositoryRef(HostKind.GITLAB, name), number)


def _parse_merge_request(payload: Payload, own_login: str) -> Event:
    """https://docs.gitlab.com/user/project/integrations/webhook_events/#merge-request-events"""
    facts = take(payload, "object_attributes", dict)
    action = str(facts.get("action", ""))
    change = _change(payload, take(facts, "iid", int))
    if action in ("close", "merge"):
        return ChangeClosed(change, action == "merge")
    reason = _REASONS.get(action) or (_reason_of_update(payload) if action == "update" else None)
    if reason is None:
        return Nothing(f"merge request {action}")
    if take(payload, "user.username", str) == own_login:
        return Nothing("our own act")
    is_draft = bool(facts.get("draft", facts.get("work_in_progress", False)))
    return ReviewWanted(change, reason, take(facts, "last_commit.id", str), is_draft)


def _reason_of_update(payload: Payload) -> Reason | None:
    """`oldrev` is there when commits were pushed; other updates are about words, but for the end of a draft."""
    if take(payload, "object_attributes", dict).get("oldrev"):
        return Reason.PUSHED
    changes = payload.get("changes")
    draft = changes.get("draft") if isinstance(changes, dict) else None
    ended = isinstance(draft, dict) and draft.get("previous") is True and draft.get("current") is False
    return Reason.READY if ended else None


def _parse_note(payload: Payload, own_login: str) -> Event:
    """https://docs.gitlab.com/user/project/integrations/webhook_events/#comment-events"""
    facts = take(payload, "object_attributes", dict)
    is_comment = take(facts, "noteable_type", str) == "MergeRequest" and facts.get("action", "create") == "create"
    if not is_comment or facts.get("system"):
        return Nothing("a note that is no comment on a merge request")
    author = take(payload, "user.username", str)
    if author == own_login:
        return Nothing("our own comment")
    thread = take(facts, "discussion_id", str) if facts.get("type") in ("DiffNote", "DiscussionNote") else ""
    change = _change(payload, take(payload, "merge_request.iid", int))
    return CommentWritten(change, author, str(take(facts, "id", int)), take(facts, "note", str), thread)


_PARSERS: Mapping[str, Callable[[Payload, str], Event]] = {
    "Merge Request Hook": _parse_merge_request,
    "Note Hook": _parse_note,
}
