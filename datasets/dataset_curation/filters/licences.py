"""Which licence a repository is under, read from its licence file: an SPDX id, or what stands in the way."""

import re

PERMISSIVE = frozenset(
    {"MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "PostgreSQL", "HPND", "0BSD", "Unlicense"}
)
UNKNOWN = "unknown"
OWN = "own"  # code of the organisation that trains
MIXED = "mixed"

FILE_NAME = re.compile(
    r"(?:mit-|bsd-)?(?:licen[cs]e|copying)(?:[-._](?:mit|apache|apache-?2\.0|bsd))?(?:\.(?:txt|md|rst))?", re.I
)
_MARKERS = (  # the first that a text holds decides; spaces stand for any white space
    ("mixed", r"commons clause|enterprise edition|commercial license|covered by (?:one|two) .{0,40}licenses"),
    ("mixed", r"elastic license|business source license|server side public license|kurrent license"),
    ("AGPL-3.0", r"gnu affero general public license"),
    ("LGPL", r"gnu lesser general public license|gnu library general public license"),
    ("GPL", r"gnu general public license"),
    ("MPL-2.0", r"mozilla public license"),
    ("EPL", r"eclipse public license"),
    ("ZPL-2.1", r"zope public license"),
    ("Apache-2.0", r"apache license,? version 2\.0|under the apache license|apache\.org/licenses/license-2\.0"),
    ("MS-PL", r"microsoft public license"),
    ("CC-BY-4.0", r"attribution 4\.0 international"),
    ("ISC", r"\bisc license\b"),
    ("PostgreSQL", r"without a written agreement is hereby granted"),
    ("HPND", r"historical permission notice"),
    ("MIT", r"permission is hereby granted, free of charge|\bthe mit license\b|\bmit license\b"),
    ("ISC", r"permission to use, copy, modify,? and(?:/or)? distribute this software for any purpose"),
    ("BSD-3-Clause", r"redistribution and use in source and binary forms.*(?:names? of|neither the)"),
    ("BSD-2-Clause", r"redistribution and use in source and binary forms"),
    ("Unlicense", r"free and unencumbered software released into the public domain"),
)  # fmt: skip
_COMPILED = tuple((name, re.compile(pattern, re.S)) for name, pattern in _MARKERS)
_READ_CHARACTERS = 4_000  # a licence names itself at its top; Apache's own text mentions others further down
_HEADER = re.compile(
    r"licensed under the apache license|licensed to the apache software foundation"
    r"|permission is hereby granted, free of charge"
    r"|redistribution and use in source and binary forms"
    r"|spdx-license-identifier: *(?:mit|bsd-[23]-clause|apache-2\.0|isc)\b"
)


def detect_licence(text: str) -> str:
    """The SPDX id of a licence text, `mixed` when parts are under others, `unknown` when nothing is recognised."""
    flat = " ".join(text[:_READ_CHARACTERS].lower().split())
    return next((name for name, pattern in _COMPILED if pattern.search(flat)), UNKNOWN)


def is_permissive(licence: str) -> bool:
    """Whether code under this licence may be trained on."""
    return licence in PERMISSIVE


def has_permissive_header(text: str) -> bool:
    """Whether a source file says at its top that it is under a permissive licence."""
    return _HEADER.search(" ".join(re.sub(r"[*#/]+", " ", text[:2_500]).lower().split())) is not None
