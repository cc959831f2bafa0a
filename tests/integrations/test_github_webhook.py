import contextlib
import hashlib
import hmac
import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import ForgedDeliveryError, MalformedDeliveryError
from integrations.events import ChangeClosed, CommentWritten, Event, Nothing, Reason, ReviewWanted, ThreadResolved
from integrations.github.webhook import parse_delivery, verify_delivery
from integrations.hosts import ChangeRef, HostKind, RepositoryRef

# https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

CHANGE = ChangeRef(RepositoryRef(HostKind.GITHUB, "octo/größe", 99), 7)
OWN = "graph-reviewer[bot]"


def sign(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_the_documented_signature_is_genuine() -> None:
    verify_delivery(BODY, SIGNATURE, [SECRET])


@pytest.mark.parametrize("secrets", [[SECRET, "new"], ["new", SECRET], ["größe", SECRET]])
def test_either_of_two_secrets_may_have_signed(secrets: list[str]) -> None:
    verify_delivery(BODY, SIGNATURE, secrets)


@pytest.mark.parametrize(
    ("body", "signature", "secrets"),
    [
        (BODY, "", [SECRET]),
        (BODY, "sha256=", [SECRET]),
        (BODY, "sha256", [SECRET]),
        (BODY, SIGNATURE[:-1], [SECRET]),
        (BODY, SIGNATURE + "0", [SECRET]),
        (BODY, SIGNATURE.upper(), [SECRET]),
        (BODY, SIGNATURE.removeprefix("sha256="), [SECRET]),
        (BODY, "sha1=" + hmac.new(SECRET.encode(), BODY, "sha1").hexdigest(), [SECRET]),
        (BODY, "sha256=é" + SIGNATURE[8:], [SECRET]),
        (BODY + b"\n", SIGNATURE, [SECRET]),
        (BODY[:-1], SIGNATURE, [SECRET]),
        (b"", SIGNATURE, [SECRET]),
        (BODY, SIGNATURE, ["other", "another"]),
        (BODY, SIGNATURE, []),
        (BODY, sign(BODY, ""), []),
    ],
    ids=[
        "none", "no value", "no sign", "cut short", "too long", "upper case", "bare", "SHA-1", "not ASCII",
        "body longer", "body cut short", "body empty", "other secrets", "no secret", "signed with nothing",
    ],
)  # fmt: skip
def test_a_forged_delivery_is_refused(body: bytes, signature: str, secrets: list[str]) -> None:
    with pytest.raises(ForgedDeliveryError, match="X-Hub-Signature-256"):
        verify_delivery(body, signature, secrets)


@given(st.binary(max_size=60), st.text(max_size=20).filter(bool), st.binary(max_size=60))
def test_only_the_signed_bytes_are_genuine(body: bytes, secret: str, other: bytes) -> None:
    verify_delivery(body, sign(body, secret), [secret])
    if other != body:
        with pytest.raises(ForgedDeliveryError):
            verify_delivery(other, sign(body, secret), [secret])


COMMON: dict[str, Any] = {
    "repository": {"full_name": "octo/größe"},
    "installation": {"id": 99},
    "sender": {"login": "ann", "type": "User"},
}
PULL = {"number": 7, "draft": False, "merged": False, "head": {"sha": "b" * 40}}
COMMENT = {"id": 5, "body": "/reviewer help 😋\r\n", "user": {"login": "ann", "type": "User"}}
CHECK = {"head_sha": "b" * 40, "pull_requests": [{"number": 7}, {"number": 8}]}
PAYLOADS: dict[str, dict[str, Any]] = {
    "pull_request": {"action": "opened", "pull_request": PULL},
    "issue_comment": {"action": "created", "issue": {"number": 7, "pull_request": {}}, "comment": COMMENT},
    "pull_request_review_comment": {
        "action": "created",
        "pull_request": PULL,
        "comment": {**COMMENT, "in_reply_to_id": 3},
    },
    "pull_request_review_thread": {"action": "resolved", "pull_request": PULL, "thread": {"comments": [{"id": 3}]}},
    "check_run": {"action": "rerequested", "check_run": CHECK},
    "check_suite": {"action": "rerequested", "check_suite": CHECK},
}


def change(payload: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with other values at dotted paths."""
    changed: dict[str, Any] = deepcopy({**COMMON, **payload})
    for path, value in values.items():
        at: Any = changed
        *parents, name = path.split(".")
        for parent in parents:
            at = at[int(parent)] if isinstance(at, list) else at[parent]
        at[int(name) if isinstance(at, list) else name] = value
    return changed


def parse(event: str, values: Mapping[str, Any] | None = None) -> Event:
    body = json.dumps(change(PAYLOADS[event], values or {})).encode()
    return parse_delivery(event, body, OWN)


HEAD = "b" * 40


@pytest.mark.parametrize(
    ("event", "values", "expected"),
    [
        ("pull_request", {}, ReviewWanted(CHANGE, Reason.OPENED, HEAD)),
        ("pull_request", {"action": "synchronize"}, ReviewWanted(CHANGE, Reason.PUSHED, HEAD)),
        ("pull_request", {"action": "reopened"}, ReviewWanted(CHANGE, Reason.REOPENED, HEAD)),
        ("pull_request", {"action": "ready_for_review"}, ReviewWanted(CHANGE, Reason.READY, HEAD)),
        ("pull_request", {"pull_request.draft": True}, ReviewWanted(CHANGE, Reason.OPENED, HEAD, is_draft=True)),
        ("pull_request", {"sender.type": "Bot", "sender.login": "x"}, ReviewWanted(CHANGE, Reason.OPENED, HEAD)),
        ("pull_request", {"action": "closed"}, ChangeClosed(CHANGE, is_merged=False)),
        ("pull_request", {"action": "closed", "pull_request.merged": True}, ChangeClosed(CHANGE, is_merged=True)),
        ("issue_comment", {}, CommentWritten(CHANGE, "ann", "5", "/reviewer help 😋\r\n")),
        ("pull_request_review_comment", {}, CommentWritten(CHANGE, "ann", "5", "/reviewer help 😋\r\n", "3")),
        (
            "pull_request_review_comment",
            {"comment": COMMENT},
            CommentWritten(CHANGE, "ann", "5", "/reviewer help 😋\r\n", ""),
        ),
        ("pull_request_review_thread", {}, ThreadResolved(CHANGE, "ann", "3", is_resolved=True)),
        ("pull_request_review_thread", {"action": "unresolved"}, ThreadResolved(CHANGE, "ann", "3", is_resolved=False)),
        ("check_run", {}, ReviewWanted(CHANGE, Reason.REQUESTED, HEAD)),
        ("check_run", {"action": "requested_action"}, ReviewWanted(CHANGE, Reason.REQUESTED, HEAD)),
        ("check_suite", {}, ReviewWanted(CHANGE, Reason.REQUESTED, HEAD)),
    ],
)
def test_a_delivery_becomes_an_event(event: str, values: dict[str, Any], expected: Event) -> None:
    assert parse(event, values) == expected


@pytest.mark.parametrize(
    ("event", "values"),
    [
        ("pull_request", {"action": "labeled"}),
        ("pull_request", {"sender.login": OWN}),
        ("issue_comment", {"action": "edited"}),
        ("issue_comment", {"action": "deleted"}),
        ("issue_comment", {"issue": {"number": 7}}),
        ("issue_comment", {"comment.user.type": "Bot"}),
        ("issue_comment", {"comment.user.login": OWN}),
        ("pull_request_review_comment", {"action": "edited"}),
        ("pull_request_review_comment", {"comment.user.type": "Bot"}),
        ("pull_request_review_thread", {"sender.login": OWN}),
        ("pull_request_review_thread", {"sender.type": "Bot"}),
        ("pull_request_review_thread", {"thread.comments": []}),
        ("check_run", {"action": "created"}),
        ("check_run", {"check_run.pull_requests": []}),
        ("check_suite", {"action": "requested"}),
    ],
)
def test_what_asks_nothing_of_us_says_why(event: str, values: dict[str, Any]) -> None:
    found = parse(event, values)
    assert isinstance(found, Nothing)
    assert found.why


def test_an_event_that_we_do_not_know_asks_nothing() -> None:
    assert parse_delivery("star", b'{"action": "created"}') == Nothing("event star")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"action": "opened"',
        b"\xff\xfe\x00",
        b"payload=%7B%7D",
        b"[]",
        b"null",
        b"7",
        b'"x"',
        b"[" * 100_000,
    ],
    ids=["empty", "cut short", "cut shorter", "no text", "a form", "a list", "null", "a number", "a string", "deep"],
)
@pytest.mark.parametrize("event", ["pull_request", "star"])
def test_a_body_that_is_no_object_is_malformed(event: str, body: bytes) -> None:
    with pytest.raises(MalformedDeliveryError, match=event):
        parse_delivery(event, body)


FIELDS = [
    ("pull_request", "action"),
    ("pull_request", "pull_request"),
    ("pull_request", "pull_request.number"),
    ("pull_request", "pull_request.head"),
    ("pull_request", "pull_request.head.sha"),
    ("pull_request", "pull_request.draft"),
    ("pull_request", "repository.full_name"),
    ("pull_request", "installation.id"),
    ("pull_request", "sender.login"),
    ("issue_comment", "action"),
    ("issue_comment", "issue"),
    ("issue_comment", "issue.number"),
    ("issue_comment", "comment.id"),
    ("issue_comment", "comment.body"),
    ("issue_comment", "comment.user"),
    ("issue_comment", "comment.user.type"),
    ("pull_request_review_comment", "pull_request.number"),
    ("pull_request_review_comment", "comment"),
    ("pull_request_review_thread", "sender"),
    ("pull_request_review_thread", "thread"),
    ("pull_request_review_thread", "thread.comments"),
    ("pull_request_review_thread", "thread.comments.0"),
    ("pull_request_review_thread", "thread.comments.0.id"),
    ("check_run", "check_run"),
    ("check_run", "check_run.pull_requests"),
    ("check_run", "check_run.pull_requests.0"),
    ("check_run", "check_run.head_sha"),
    ("check_suite", "check_suite.pull_requests.0.number"),
]


@pytest.mark.parametrize("value", [None, 1.5, float("inf")], ids=["null", "a fraction", "infinite"])
@pytest.mark.parametrize(("event", "path"), FIELDS)
def test_a_field_of_another_type_is_malformed(event: str, path: str, value: object) -> None:
    with pytest.raises(MalformedDeliveryError, match=rf"{event}: \w+"):
        parse(event, {path: value})


def test_a_number_is_no_truth_value() -> None:
    with pytest.raises(MalformedDeliveryError, match=r"pull_request\.number: expected int, found bool"):
        parse("pull_request", {"pull_request.number": True})


@pytest.mark.parametrize("event", PAYLOADS)
@given(data=st.data())
def test_no_payload_breaks_the_parser(event: str, data: st.DataObject) -> None:
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
        max_leaves=4,
    )
    path = data.draw(st.sampled_from([path for name, path in FIELDS if name == event]))
    with contextlib.suppress(MalformedDeliveryError):
        parse(event, {path: data.draw(values)})
