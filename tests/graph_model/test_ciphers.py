"""Cipher modes without integrity: told where nothing signs the ciphertext."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import BY_NAME

LABEL = "security/insecure-cipher-mode"
SIGN = "function sign(key, text) { return crypto.createHmac('sha256', key).update(text).digest(); }\n"
SEAL = """
const crypto = require("crypto");

function seal(key, iv, text) {
  const cipher = crypto.createCipheriv("%s", key, iv);
  %s
}
"""


def is_found(text: str, language: str = "javascript") -> bool:
    analysis = analyse_file("a", text.encode(), BY_NAME[language], smells=False)
    return any(candidate.label == LABEL for candidate in analysis.candidates)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SEAL % ("aes-256-cbc", "return sign(key, cipher.update(text));") + SIGN, False),
        (SEAL % ("aes-256-cbc", "return cipher.update(text);") + "const send = t => hmac(1, seal(1, 2, t));\n", False),
        (SEAL % ("aes-256-cbc", "return cipher.update(text);") + f"const x = {{}};\n{SIGN}", True),
        (SEAL % ("aes-256-cbc", "return crypto.createHmac('sha256', key).update(cipher.update(text));"), False),
        (SEAL % ("aes-256-ecb", "return sign(key, cipher.update(text));") + SIGN, True),
        (
            "class A { seal() { crypto.createCipheriv('aes-128-ctr', k, v); } mac() { return this.hmac; } }",
            False,
        ),
    ],
)
def test_a_signed_ciphertext_needs_no_other_mode(text: str, expected: bool) -> None:
    assert is_found(text if "require" in text else f"const crypto = require('crypto');\n{text}") is expected


def test_python_signs_what_it_encrypts() -> None:
    text = (
        "import hmac\nfrom cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes\n\n\n"
        "def seal(key, iv, text):\n    box = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()\n    return %s\n"
    )
    assert is_found(text % "box.update(text)", "python")
    assert not is_found(text % "hmac.new(key, box.update(text), 'sha256')", "python")
