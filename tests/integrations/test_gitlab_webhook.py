import base64
import json
from typing import Any

import pytest

from integrations.errors import ForgedDeliveryError, MalformedDeliveryError
from integrations.events import ChangeClosed, CommentWritten, Nothing, Reason, ReviewWanted
from integrations.gitlab.webhook import identify_delivery, parse_delivery, verify_delivery
from integrations.hosts import ChangeRef, HostKind, RepositoryRef
from integrations.testing.webhooks import sign_standard

BODY = '{"größe": "😋"}'.encode()
KEY = b"0123456789abcdef0123456789abcdef"
SIGNING = f"whsec_{base64.b64encode(KEY).decode()}"
NOW = 1_790_000_000
CHANGE = ChangeRef(RepositoryRef(HostKind.GITLAB, "team/sub/shop"), 7)


def signed(key: bytes = KEY, sent_s: int = NOW, body: bytes = BODY, webhook_id: str = "msg_1") -> dict[str, str]:
    signature = sign_standard(key, webhook_id, sent_s, body)
    return {"webhook-id": webhook_id, "webhook-timestamp": str(sent_s), "webhook-signature": signature}


def verify(headers: dict[str, str], *secrets: str, body: bytes = BODY) -> None:
    verify_delivery(headers, body, secrets, now_s=NOW, window_s=300)


@pytest.mark.parametrize(
    ("headers", "secrets"),
    [
        ({"x-gitlab-token": "größer"}, ("größer",)),
        ({"x-gitlab-token": "old"}, ("new", "old")),
        (signed(), (SIGNING,)),
        (signed(sent_s=NOW - 300), ("other", SIGNING)),
        (signed(key=b"plain"), ("plain",)),
        ({**signed(), "webhook-signature": f"v1,AAAA v1a,x {signed()['webhook-signature']}"}, (SIGNING,)),
    ],
)
def test_a_genuine_delivery_passes(headers: dict[str, str], secrets: tuple[str, ...]) -> None:
    verify(headers, *secrets)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-gitlab-token": ""},
        {"x-gitlab-token": "wrong"},
        signed(key=b"another"),
        signed(body=BODY + b" "),
        signed(sent_s=NOW - 301),  # replayed
        signed(sent_s=NOW + 301),
        {**signed(), "webhook-id": "msg_2"},
        {**signed(), "webhook-timestamp": "soon"},
        {**signed(), "webhook-signature": ""},
        {**signed(), "webhook-signature": "v1,größer"},
        {**signed(key=b"another"), "x-gitlab-token": SIGNING},  # a bad signature is not saved by a token
    ],
)
def test_a_forged_or_replayed_delivery_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ForgedDeliveryError):
        verify(headers, SIGNING)


def test_an_attempt_keeps_its_name() -> None:
    event = {"x-gitlab-event": "Note Hook"}
    assert identify_delivery({**event, "idempotency-key": "k", "webhook-id": "w"}, BODY) == ("k", "Note Hook")
    assert identify_delivery({**event, "webhook-id": "w"}, BODY) == ("w", "Note Hook")
    assert identify_delivery(event, BODY) == identify_delivery(event, BODY) != identify_delivery(event, b"{}")


def merge_request(kind: str, changes: dict[str, Any] | None = None, **facts: Any) -> bytes:
    attributes: dict[str, Any] = {"iid": 7, "action": kind, "last_commit": {"id": "a" * 40}, "draft": False, **facts}
    payload = {
        "object_attributes": attributes,
        "project": {"path_with_namespace": "team/sub/shop"},
        "user": {"username": "alice"},
        "changes": changes or {},
    }
    return json.dumps(payload).encode()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (merge_request("open"), Reason.OPENED),
        (merge_request("reopen"), Reason.REOPENED),
        (merge_request("update", oldrev="b" * 40), Reason.PUSHED),
        (merge_request("update", {"draft": {"previous": True, "current": False}}), Reason.READY),
    ],
)
def test_what_asks_for_a_review(body: bytes, reason: Reason) -> None:
    assert parse_delivery("Merge Request Hook", body) == ReviewWanted(CHANGE, reason, "a" * 40)


@pytest.mark.parametrize(
    "body",
    [
        merge_request("approved"),
        merge_request("update", action=["open"]),
        merge_request("update", {"title": {"previous": "x", "current": "y"}}),
        merge_request("update", {"draft": {"previous": False, "current": True}}),
    ],
)
def test_what_asks_for_nothing(body: bytes) -> None:
    assert isinstance(parse_delivery("Merge Request Hook", body), Nothing)


def test_our_own_acts_ask_for_nothing() -> None:
    assert parse_delivery("Merge Request Hook", merge_request("open"), "alice") == Nothing("our own act")


@pytest.mark.parametrize(("action", "is_merged"), [("close", False), ("merge", True)])
def test_a_change_ends(action: str, is_merged: bool) -> None:
    assert parse_delivery("Merge Request Hook", merge_request(action)) == ChangeClosed(CHANGE, is_merged)


def note(**facts: Any) -> bytes:
    attributes = {"id": 5, "note": "/reviewer help", "noteable_type": "MergeRequest", "type": None, **facts}
    payload = {
        "object_attributes": attributes,
        "project": {"path_with_namespace": "team/sub/shop"},
        "merge_request": {"iid": 7},
        "user": {"username": "alice"},
    }
    return json.dumps(payload).encode()


def test_comments_know_their_thread() -> None:
    assert parse_delivery("Note Hook", note()) == CommentWritten(CHANGE, "alice", "5", "/reviewer help")
    in_thread = parse_delivery("Note Hook", note(type="DiffNote", discussion_id="d1"))
    assert in_thread == CommentWritten(CHANGE, "alice", "5", "/reviewer help", "d1")


@pytest.mark.parametrize("facts", [{"noteable_type": "Issue"}, {"system": True}, {"action": "update"}])
def test_other_notes_ask_for_nothing(facts: dict[str, Any]) -> None:
    assert isinstance(parse_delivery("Note Hook", note(**facts)), Nothing)


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("Merge Request Hook", b"{"),
        ("Merge Request Hook", b"[]"),
        ("Merge Request Hook", b"\xff"),
        ("Merge Request Hook", b"[" * 100_000),
        ("Merge Request Hook", b"{}"),
        ("Merge Request Hook", merge_request("open", iid="seven")),
        ("Merge Request Hook", merge_request("open", last_commit=None)),
        ("Note Hook", note(note=None)),
    ],
)
def test_a_body_that_is_not_as_documented_is_said(event: str, body: bytes) -> None:
    with pytest.raises(MalformedDeliveryError, match=event):
        parse_delivery(event, body)


def test_other_events_ask_for_nothing() -> None:
    assert parse_delivery("Push Hook", b"{}") == Nothing("event Push Hook")
