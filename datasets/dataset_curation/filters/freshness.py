"""Which code is out of date: it stands on interfaces that no supported version has, or its commit is too old."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from dataset_curation.errors import CurationError
from graph_model.languages import Family, find_language

# 1 January 2012: Python 3, C# 5 and Java 7 were out; what was mended before speaks of platforms that are gone.
OLDEST_FIX = 1_325_376_000


@cache
def load_dead_apis() -> Mapping[Family, re.Pattern[bytes]]:
    """What marks a file as dead, by family. Raises CurationError for a broken pattern or an unknown family."""
    tables = tomllib.loads(files("dataset_curation.filters").joinpath("dead_apis.toml").read_text("utf-8"))
    try:
        return {Family(name): re.compile(b"|".join(one.encode() for one in tables[name]), re.M) for name in tables}
    except (ValueError, re.error) as error:
        raise CurationError(f"dead_apis.toml: {error}") from error


def find_dead_api(path: str, content: bytes) -> str:
    """The text in a file that marks it as dead, "" when nothing does."""
    language = find_language(path)
    pattern = load_dead_apis().get(language.family) if language is not None else None
    found = pattern.search(content) if pattern is not None else None
    return found[0].decode("utf-8", "replace").strip() if found else ""


def is_too_old(timestamp: int) -> bool:
    """Whether a fix commit, by its time in seconds, is older than what is learned from."""
    return timestamp < OLDEST_FIX
