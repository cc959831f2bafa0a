import pytest

from dataset_curation.sources.topics import FixKind, classify_message


@pytest.mark.parametrize(
    ("message", "kind", "label"),
    [
        ("Fix SQL injection in search", FixKind.SECURITY, "security/sql-injection"),
        ("Prevent path traversal when extracting", FixKind.SECURITY, "security/path-traversal"),
        ("CVE-2099-12345: escape html in the title", FixKind.SECURITY, "security/cross-site-scripting"),
        ("[SECURITY-1234] use constant-time comparison", FixKind.SECURITY, "security/timing-comparison"),
        ("Fix N+1 in the list view", FixKind.PERFORMANCE, "performance/query-in-loop"),
        ("Fix resource leak: close the file", FixKind.PERFORMANCE, "performance/unclosed-resource"),
        ("perf: precompile regex", FixKind.PERFORMANCE, "performance/repeated-compilation"),
    ],
)
def test_fixes_are_told_by_their_words(message: str, kind: FixKind, label: str) -> None:
    topic = classify_message(message)
    assert topic is not None
    assert topic.kind is kind
    assert label in topic.labels
    assert all(one.startswith(f"{kind.value}/") for one in topic.labels)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Add a button",
        "Fix dependency injection in tests",
        'Revert "Fix SQL injection"',
        "docs: how to prevent XSS",
        "Bump security-lib to 2",
        "Die Größe ändern",
    ],
)
def test_other_messages_are_no_fixes(message: str) -> None:
    assert classify_message(message) is None


def test_an_advisory_outweighs_the_words_of_a_commit() -> None:
    assert classify_message("Change a thing") is None
    topic = classify_message("Change a thing\nServer-side request forgery in the proxy", is_advised=True)
    assert topic is not None
    assert topic.is_named
    assert topic.labels == {"security/server-side-request-forgery"}
