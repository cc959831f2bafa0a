"""Comparisons in unequal time: a secret by its own name, and somebody outside who can try values."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import BY_NAME

LABEL = "security/timing-comparison"
GATE = "using System;\nclass Gate { bool Check(Hook hook, string secret, string given) { return %s; } }\n"


def is_found(language: str, text: str) -> bool:
    analysis = analyse_file("a", text.encode(), BY_NAME[language], smells=False)
    return any(candidate.label == LABEL for candidate in analysis.candidates)


def in_java(condition: str, head: str = "boolean isValid(Request request, String token, Key exist)") -> str:
    body = f"  {head} {{\n    return {condition};\n  }}\n"
    return f"package a;\nimport java.util.Objects;\nclass ApiKeyService {{\n{body}}}\n"


@pytest.mark.parametrize(
    "condition",
    [
        "exist.getSecret().equals(token)",
        "token.equals(exist.secret())",
        "Objects.equals(sha512Hex(token), exist.getPasswordHash())",
        "Objects.equals(sign(exist, request), request.getSignature())",
        "org.apache.commons.lang3.StringUtils.equals(request.getApiKey(), exist.getApiKey())",
    ],
)
def test_a_secret_tried_from_outside_is_timed_in_java(condition: str) -> None:
    assert is_found("java", in_java(condition))


@pytest.mark.parametrize(
    "condition",
    [
        "IdentityConstants.USER_TOKEN.equals(request.getAuthType())",
        "AdminConstants.DEFAULT_SECRET_KEY.equals(token)",
        "token.equals(Kind.SECRET)",
        'Objects.equals(token, "closed")',
        "Objects.equals(token, null)",
        "exist.getApiKeyId().equals(request.getId())",
        "Objects.equals(exist.getNamespaceId(), request.getNamespaceId())",
        "Objects.equals(exist.getClientId(), request.clientIdFromToken)",
        "exist.getTokenType().equals(token)",
        "exist.getSha256().equals(request.getDigest())",
        "org.apache.commons.lang3.StringUtils.equals(exist.getPassword(), request.getPassword())",  # hashed, perhaps
        "exist.token == token",  # the references, not the texts
    ],
)
def test_what_is_no_secret_takes_any_time_in_java(condition: str) -> None:
    assert not is_found("java", in_java(condition))


def test_a_secret_that_nobody_outside_can_try_takes_any_time() -> None:
    text = "package a;\nclass Sync {{\n  {}\n  void refresh() {{ if (stored.getSecret().equals(load{})) go(); }}\n}}\n"
    assert not is_found("java", text.format("Key stored; String load() { return null; }", "()"))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "csharp",
            GATE % "string.Equals(secret, given, StringComparison.Ordinal)",
        ),
        (
            "csharp",
            GATE % "hook.ApiKey.Equals(given, StringComparison.Ordinal)",
        ),
        ("python", "def find(record, signature, expected):\n    return signature == expected\n"),
        (
            "python",
            "import hmac\n\ndef is_ours(body, signature, key):\n    return sign(body, key, hmac) == signature\n",
        ),
    ],
)
def test_a_secret_tried_from_outside_is_timed(language: str, text: str) -> None:
    assert is_found(language, text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", "def compare(base_signature, head_signature):\n    return base_signature == head_signature\n"),
        ("python", "def check(head, base):\n    return head.property_signature == base.property_signature\n"),
        ("python", "def validate(token):\n    body = token.removeprefix('x-')\n    return body == token\n"),
        ("javascript", "export function check(data, signature) { return data.subarray(0, 8).equals(signature); }\n"),
        (
            "javascript",
            "export const login = (tokens, hashedToken) => tokens.find(each => each.hashedToken === hashedToken);\n",
        ),
        (
            "javascript",
            "export function signOut(token, tokenToSignOut) { if (tokenToSignOut !== token) { notify(); } }\n",
        ),
        (
            "csharp",
            "class A { static bool TryParse(string apiKey) { return apiKey.Trim() != Marks.CommonSignature; } }\n",
        ),
    ],
)
def test_what_is_no_secret_takes_any_time(language: str, text: str) -> None:
    assert not is_found(language, text)


def test_what_a_program_reads_from_its_environment_is_not_tried_from_outside() -> None:
    text = "const settings = require('./s');\nif (process.env.API_SECRET !== settings.apiSecret) reload();\n"
    assert not is_found("javascript", text)
