"""Takes the tell-tale names out of fixtures: `bad1` and `safeQuery` become neutral names of the same length.

Only names that the fixture itself defines are changed, everywhere in its folder, so that every position stays and calls
between its files still meet. Comments need no care: they are never encoded.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping

_TELLING = re.compile(
    r"bad|good|unsafe|safe|nok|notok|vulnerab\w*|vuln|tainted|taint|untaint\w*|insecure|secure|dangerous|harmless|alert|positive"
    r"|negative|attack\w*|exploit\w*|evil|malicious|untrusted|trusted|clean",
    re.I,
)
_DEFINITIONS = re.compile(
    r"\b(?:def|class|function|var|let|const|interface|async|enum)\s+\*?\s*([A-Za-z_$][\w$]*)"
    r"|\b([A-Za-z_$][\w$]*)\s*=(?![=>])"
    r"|\b(?:void|String|string|int|bool|boolean|Task|ActionResult|IActionResult|static|public|private|object|Object)(?:<[^>\n]*>)?(?:\[\])?\s+([A-Za-z_$][\w$]*)\s*[({;,)=]"
)
_LETTERS = "bcdfghjklmnpqrstvw"


def find_telling_names(texts: Iterable[str]) -> frozenset[str]:
    """The names that these texts define and that say whether the code is right."""
    found: set[str] = set()
    for text in texts:
        for match in _DEFINITIONS.finditer(text):
            name = match[1] or match[2] or match[3]
            if name and _TELLING.search(name):
                found.add(name)
    return frozenset(found)


def neutral_name(name: str) -> str:
    """A name of the same length and case without the telling words; equal names give equal ones."""

    def replace(match: re.Match[str]) -> str:
        word = match[0]
        digest = hashlib.blake2b(f"{name}:{match.start()}".encode(), digest_size=32).digest() * (len(word) // 32 + 1)
        letters = "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[: len(word)])
        return "".join(new.upper() if old.isupper() else new for old, new in zip(word, letters, strict=True))

    return _TELLING.sub(replace, name)


def disguise(content: bytes, names: frozenset[str]) -> bytes:
    """The content with every whole occurrence of these names made neutral; its length does not change."""
    if not names:
        return content
    table: Mapping[bytes, bytes] = {name.encode(): neutral_name(name).encode() for name in names}
    pattern = re.compile(
        rb"(?<![\w$])(?:" + b"|".join(re.escape(name) for name in sorted(table, key=len, reverse=True)) + rb")(?![\w$])"
    )
    return pattern.sub(lambda match: table[match[0]], content)
