"""The kinds of injected defects, whatever makes them: what they are, where they are natural, what labels them."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from dataset_curation.errors import CurationError


class Category(StrEnum):
    """What a kind is a sample of."""

    SECURITY = "security"
    PERFORMANCE = "performance"
    CORRECTNESS = "correctness"
    MAINTAINABILITY = "maintainability"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of defect. `span` is the label of its statement where the engine has no candidate, else ""."""

    name: str
    category: Category
    title: str
    context: str
    span: str = ""

    @property
    def needs_candidate(self) -> bool:
        """Whether an injection counts only if a candidate is born."""
        return not self.span


@cache
def load_kinds() -> dict[str, Kind]:
    """Every kind of `defect_kinds.toml` by name. Raises CurationError for one that is there twice."""
    found: dict[str, Kind] = {}
    for entry in tomllib.loads(files("dataset_curation.injection").joinpath("defect_kinds.toml").read_text("utf-8"))[
        "kinds"
    ]:
        kind = Kind(entry["name"], Category(entry["category"]), entry["title"], entry["context"], entry.get("span", ""))
        if kind.name in found:
            raise CurationError(f"defect_kinds.toml: {kind.name}: expected a kind once, found it twice")
        found[kind.name] = kind
    return found


def find_kind(name: str) -> Kind:
    """The kind of this name. Raises CurationError when there is none."""
    try:
        return load_kinds()[name]
    except KeyError as error:
        raise CurationError(f"kind: expected one of defect_kinds.toml, found {name!r}") from error
