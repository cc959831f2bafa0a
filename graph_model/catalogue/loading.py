"""Reads the label catalogue from TOML, one file a category. The format is described in `docs/catalogue.md`."""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from itertools import pairwise
from string import Formatter

from graph_model.catalogue.model import PLACEHOLDERS, Catalogue, Category, Label, LabelExample, Severity
from graph_model.errors import CatalogueError
from graph_model.languages import BY_NAME, Family
from graph_model.packs.model import ContextKind

_TEXTS = ("id", "title", "severity", "summary", "remedy", "message")
_FIELDS = frozenset({*_TEXTS, "cwe", "languages", "not_in", "example"})
_EXAMPLE_FIELDS = ("language", "bad", "good")
_NAME = re.compile(r"[a-z]+(-[a-z]+)*")
_FAMILIES = tuple(family.value for family in Family)
_CONTEXTS = tuple(context.value for context in ContextKind)


@cache
def load_catalogue() -> Catalogue:
    """The shipped catalogue. Raises CatalogueError when one of its files does not follow the format."""
    folder = resources.files("graph_model.catalogue")
    files = {category: f"{category.value}.toml" for category in Category}
    return build_catalogue(
        label
        for category, name in files.items()
        for label in parse_labels((folder / name).read_text("utf-8"), category, name)
    )


def build_catalogue(labels: Iterable[Label]) -> Catalogue:
    """The labels ordered by id, with their hash. Raises CatalogueError when two have the same id."""
    ordered = tuple(sorted(labels, key=lambda label: label.id))
    for first, second in pairwise(ordered):
        if first.id == second.id:
            raise CatalogueError(f"{first.id}: expected one entry, found two")
    digest = hashlib.sha256("\n".join(label.id for label in ordered).encode()).hexdigest()
    return Catalogue(ordered, digest[:16])


def parse_labels(text: str, category: Category, where: str) -> tuple[Label, ...]:
    """The labels that a TOML text describes, in its order.

    Raises CatalogueError naming `where`, the entry, what was expected and what was found.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{where}: expected TOML, found {error}") from error
    if set(data) != {"label"}:
        raise CatalogueError(f"{where}: expected [[label]] entries only, found {sorted(data)}")
    return tuple(
        _parse_label(entry, category, f"{where}: label[{i}]") for i, entry in enumerate(_tables(data, "label", where))
    )


def _parse_label(entry: Mapping[str, object], category: Category, where: str) -> Label:
    label_id = _text(entry, "id", where)
    where = f"{where} ({label_id})"
    _refuse_unknown(entry, _FIELDS, where)
    prefix, _, name = label_id.partition("/")
    if prefix != category.value or not _NAME.fullmatch(name):
        raise CatalogueError(f"{where}: id: expected {category.value}/words-with-hyphens, found {label_id!r}")
    examples = tuple(
        _parse_example(example, f"{where}.example[{i}]") for i, example in enumerate(_tables(entry, "example", where))
    )
    return Label(
        id=label_id,
        title=_text(entry, "title", where),
        category=category,
        severity=_severity(entry, where),
        summary=_text(entry, "summary", where),
        remedy=_text(entry, "remedy", where),
        message=_message(entry, where),
        cwe=_cwe(entry, category, where),
        languages=_some_of(entry, "languages", _FAMILIES, where),
        not_in=_some_of(entry, "not_in", _CONTEXTS, where),
        examples=examples,
    )


def _parse_example(entry: Mapping[str, object], where: str) -> LabelExample:
    _refuse_unknown(entry, _EXAMPLE_FIELDS, where)
    language = _text(entry, "language", where)
    if language not in BY_NAME:
        raise CatalogueError(f"{where}: language: expected one of {sorted(BY_NAME)}, found {language!r}")
    return LabelExample(language, _text(entry, "bad", where), _text(entry, "good", where))


def _refuse_unknown(entry: Mapping[str, object], allowed: Iterable[str], where: str) -> None:
    unknown = set(entry) - set(allowed)
    if unknown:
        raise CatalogueError(f"{where}: expected only {sorted(allowed)}, found {sorted(unknown)}")


def _text(entry: Mapping[str, object], key: str, where: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        raise CatalogueError(f"{where}: {key}: expected text, found {value!r}")
    return value


def _tables(entry: Mapping[str, object], key: str, where: str) -> list[Mapping[str, object]]:
    value = entry.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise CatalogueError(f"{where}: {key}: expected one [[{key}]] or more, found {value!r}")
    return value


def _severity(entry: Mapping[str, object], where: str) -> Severity:
    value = _text(entry, "severity", where)
    try:
        return Severity(value)
    except ValueError as error:
        expected = [severity.value for severity in Severity]
        raise CatalogueError(f"{where}: severity: expected one of {expected}, found {value!r}") from error


def _message(entry: Mapping[str, object], where: str) -> str:
    value = _text(entry, "message", where)
    try:
        names = {name for _, name, _, _ in Formatter().parse(value) if name is not None}
    except ValueError as error:
        raise CatalogueError(f"{where}: message: expected a template, found {value!r}: {error}") from error
    if names - set(PLACEHOLDERS):
        expected = sorted(PLACEHOLDERS)
        raise CatalogueError(f"{where}: message: expected placeholders among {expected}, found {sorted(names)}")
    if not value[0].isupper() or value.endswith(".") or "\n" in value:
        raise CatalogueError(
            f"{where}: message: expected one line, a capital first and no full stop last, found {value!r}"
        )
    return value


def _cwe(entry: Mapping[str, object], category: Category, where: str) -> int | None:
    value = entry.get("cwe")
    if category is not Category.SECURITY:
        if value is not None:
            raise CatalogueError(f"{where}: cwe: expected none outside security, found {value!r}")
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise CatalogueError(f"{where}: cwe: expected a number, found {value!r}")
    return value


def _some_of(entry: Mapping[str, object], key: str, known: tuple[str, ...], where: str) -> tuple[str, ...]:
    value = entry.get(key, [])
    if not isinstance(value, list) or any(item not in known for item in value):
        raise CatalogueError(f"{where}: {key}: expected some of {list(known)}, found {value!r}")
    return tuple(value)
