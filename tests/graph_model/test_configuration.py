"""Objects configured after they are made, and values made of constants alone."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import BY_NAME
from graph_model.linking import link_files

COOKIE = "security/insecure-cookie"
KEY = "security/hardcoded-key"


def _labels(body: str) -> set[str]:
    code = (
        "package ä.b;\nimport javax.servlet.http.Cookie;\nimport javax.crypto.spec.SecretKeySpec;\n"
        f"class A {{ Cookie kept; static final byte[] KEY = {{1, 2}};\n{body}\n}}"
    )
    analysis = analyse_file("A.java", code.encode(), BY_NAME["java"])
    return {candidate.label for candidate in link_files([analysis])["A.java"]}


@pytest.mark.parametrize(
    "body",
    [
        'void f() { Cookie c = new Cookie("sid", "b"); c.setSecure(true); }',
        'void f() { Cookie c = new Cookie("sid", "b"); if (c.getPath() == null) { c.x(); } c.setSecure(true); }',
        'void f() { kept = new Cookie("sid", "b"); } void g() { kept.setSecure(true); }',
        'void f() { this.kept = new Cookie("sid", "b"); } void g() { this.kept.setSecure(true); }',
        'Cookie own = new Cookie("sid", "b"); void g() { own.setSecure(true); }',
    ],
)
def test_configured_object_is_no_candidate(body: str) -> None:
    assert COOKIE not in _labels(body)


@pytest.mark.parametrize(
    "body",
    [
        'void f() { Cookie c = new Cookie("sid", "b"); use(c); }',
        'void f(boolean safe) { Cookie c = new Cookie("sid", "b"); if (safe) { c.setSecure(true); } }',
        'void f(Cookie d) { Cookie c = new Cookie("sid", "b"); d.setSecure(true); }',
        'Cookie f() { return new Cookie("sid", "b"); }',
    ],
)
def test_object_left_as_it_comes_is_a_candidate(body: str) -> None:
    assert COOKIE in _labels(body)


@pytest.mark.parametrize(
    ("value", "is_hard_coded"),
    [
        ('"k".getBytes()', True),
        ("new byte[] {1, 2}", True),
        ("KEY", True),
        ("new byte[16]", True),
        ("(byte[]) KEY", True),
        ("given", False),
        ("given.getBytes()", False),
        ("new byte[] {1, given}", False),
        ("null", False),
    ],
)
def test_bytes_made_of_constants_are_hard_coded(value: str, is_hard_coded: bool) -> None:
    found = KEY in _labels(f'Object f(byte given) {{ return new SecretKeySpec({value}, "AES"); }}')
    assert found is is_hard_coded


def test_array_that_is_filled_later_is_not_hard_coded() -> None:
    body = 'Object f() { byte[] k = new byte[16]; fill(k); return new SecretKeySpec(k, "AES"); }'
    assert KEY not in _labels(body)
