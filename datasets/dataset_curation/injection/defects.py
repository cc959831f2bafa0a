"""Kinds of defects that sound code can be given by replacing text, and where a file has room for them. Pure."""

import re
import tomllib
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any  # TOML values are what the file says until read
from zlib import crc32

from dataset_curation.errors import CurationError
from dataset_curation.injection.defect_kinds import find_kind
from dataset_curation.injection.needles import find_needles, may_match
from dataset_curation.injection.surroundings import headers_above, lines_near
from graph_model.catalogue import load_catalogue
from graph_model.edits.model import Edit
from graph_model.languages import Family

_HASH_COMMENT = re.compile(r"(\"\"\".*?\"\"\"|'''.*?'''|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')|(#[^\n]*)", re.S)
_C_COMMENT = re.compile(r"(`(?:\\.|[^`\\])*`|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')|(//[^\n]*|/\*.*?\*/)", re.S)
_ANYTHING, _NOTHING = re.compile(""), re.compile(r"(?!)")
_TWICE = re.compile(r"\{2\*(\d+)\}")  # in a twin: a number twice as large
RENAME = "rename"


@dataclass(frozen=True, slots=True)
class Defect:
    """One way to a kind: which text it replaces, and the labels whose candidates it may give birth to.

    `twins` are templates of harmless edits of the same text, RENAME for a renamed variable; the place decides which.
    What stands around a place, comments and headers included, must match `near` and not `unless_near`; the headers
    that hold it must not match `unless_inside`.
    """

    name: str
    kind: str
    families: frozenset[Family]
    labels: frozenset[str]
    pattern: re.Pattern[str]
    replacement: str
    import_pattern: re.Pattern[str] | None = None
    import_replacement: str = ""
    everywhere: str = ""
    everywhere_replacement: str = ""
    unless: str = ""
    needs: str = ""
    twins: tuple[str, ...] = ()
    twin_needs: re.Pattern[str] = _ANYTHING
    near: re.Pattern[str] = _ANYTHING
    unless_near: re.Pattern[str] = _NOTHING
    unless_inside: re.Pattern[str] = _NOTHING

    def choose_twin(self, match: re.Match[str]) -> str:
        """The template for this place, "" for none."""
        return self.twins[crc32(f"{match.start()}{match[0]}".encode()) % len(self.twins)] if self.twins else ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A defect at a place: what to replace, and the labels that may be born. `start` is in bytes.

    `start`..`end` is the statement or expression that is wrong afterwards, as it stands in the sound file. `twin` are
    the edits of a harmless change of the same construct, empty where there is none.
    """

    name: str
    kind: str
    labels: frozenset[str]
    start: int
    end: int
    edits: tuple[Edit, ...]
    twin: tuple[Edit, ...] = ()
    renames: bool = False  # the twin is a renamed variable, found when the file is parsed


@cache
def load_defects() -> tuple[Defect, ...]:
    """The defects of `injections.toml`. Raises CurationError for an unknown label or a broken pattern."""
    known = {label.id for label in load_catalogue()}
    tables = tomllib.loads(files("dataset_curation.injection").joinpath("injections.toml").read_text("utf-8"))
    found = []
    for entry in tables["defects"]:
        unknown = [label for label in entry["labels"] if label not in known]
        if unknown:
            raise CurationError(
                f"injections.toml: {entry['name']}: expected labels of the catalogue, found {unknown[0]}"
            )
        try:
            found.append(_read_defect(entry))
        except re.error as error:
            raise CurationError(f"injections.toml: {entry['name']}: {error}") from error
    return tuple(found)


def _read_defect(entry: Mapping[str, Any]) -> Defect:
    return Defect(
        name=entry["name"],
        kind=find_kind(entry["kind"]).name,
        families=frozenset(Family(family) for family in entry["families"]),
        labels=frozenset(entry["labels"]),
        pattern=re.compile(entry["pattern"]),
        replacement=entry["replacement"],
        import_pattern=re.compile(entry["import_pattern"]) if "import_pattern" in entry else None,
        import_replacement=entry.get("import_replacement", ""),
        everywhere=entry.get("everywhere", ""),
        everywhere_replacement=entry.get("everywhere_replacement", ""),
        unless=entry.get("unless", ""),
        needs=entry.get("needs", ""),
        twins=(entry["twin"],) if isinstance(entry["twin"], str) else tuple(entry["twin"]),
        twin_needs=re.compile(entry.get("twin_needs", "")),
        near=re.compile(entry.get("near", "")),
        unless_near=re.compile(entry.get("unless_near", _NOTHING.pattern)),
        unless_inside=re.compile(entry.get("unless_inside", _NOTHING.pattern)),
    )


def blank_comments(text: str, family: Family) -> str:
    """The text with comments turned into spaces of the same length; line ends stay."""
    pattern = _HASH_COMMENT if family is Family.PYTHON else _C_COMMENT
    return pattern.sub(lambda match: match[0] if match[1] is not None else re.sub(r"[^\n]", " ", match[0]), text)


def propose_defects(content: bytes, family: Family, names: Container[str] | None = None) -> Iterator[Proposal]:
    """Every place of a file where a defect (of these names, any for None) can be made, by defect and position.

    Files that are not ASCII-safe to index by character are handled by converting offsets.
    """
    text = content.decode("utf-8", "replace")
    listed = [
        one for one in load_defects()
        if family in one.families and (names is None or one.name in names) and may_match(_needles(one.pattern), text)
    ]  # fmt: skip
    if not listed or len(text.encode()) != len(content):
        return
    code = blank_comments(text, family)
    offsets = _ByteOffsets(text)
    for defect in listed:
        for match in defect.pattern.finditer(code):
            edits = _make_edits(defect, match, code) if _is_natural(defect, match, text) else None
            if edits is not None:
                yield Proposal(
                    name=defect.name,
                    kind=defect.kind,
                    labels=defect.labels,
                    start=offsets[match.start()],
                    end=offsets[match.end()],
                    edits=tuple(offsets.convert(one) for one in edits),
                    twin=tuple(offsets.convert(one) for one in _make_twin(defect, match, code)),
                    renames=defect.choose_twin(match) == RENAME,
                )


_needles = cache(find_needles)


@dataclass(frozen=True, slots=True)
class _TextEdit:
    start: int
    end: int
    text: str


class _ByteOffsets:
    """Byte offsets of character positions; the identity for ASCII."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._is_ascii = text.isascii()

    def __getitem__(self, position: int) -> int:
        return position if self._is_ascii else len(self._text[:position].encode())

    def convert(self, edit: _TextEdit) -> Edit:
        return Edit(self[edit.start], self[edit.end], edit.text.encode())


def _is_natural(defect: Defect, match: re.Match[str], text: str) -> bool:
    """Whether what stands around a place lets a defect be made there."""
    if not (defect.near.pattern or defect.unless_near is not _NOTHING or defect.unless_inside is not _NOTHING):
        return True  # most ask for nothing
    headers = headers_above(text, match.start())
    around = f"{lines_near(text, match.start(), match.end())}\n{headers}"
    return (
        defect.near.search(around) is not None
        and defect.unless_near.search(around) is None
        and defect.unless_inside.search(headers) is None
    )


def _make_edits(defect: Defect, match: re.Match[str], code: str) -> list[_TextEdit] | None:
    """The replacement of a match with what goes along; None when the file lacks what the defect needs."""
    edits = [_TextEdit(match.start(), match.end(), match.expand(_only_known(defect.replacement, match)))]
    values = {name: value or "" for name, value in match.groupdict().items()}
    if defect.needs and not _find_elsewhere(defect.needs, values, match, code):
        return None
    if defect.unless and _find_elsewhere(defect.unless, values, match, code):
        return None
    if defect.import_pattern is not None:
        imported = defect.import_pattern.search(code)
        if imported is None or (imported.start() < match.end() and match.start() < imported.end()):
            return None
        edits.append(_TextEdit(imported.start(), imported.end(), imported.expand(defect.import_replacement)))
    if defect.everywhere:
        replacement = _fill(defect.everywhere_replacement, values)
        uses = _find_elsewhere(defect.everywhere, values, match, code)
        if not uses and not defect.everywhere_replacement.startswith("{name}."):
            return None
        edits.extend(_TextEdit(one.start(), one.end(), one.expand(replacement)) for one in uses[:40])
    return edits


def _find_elsewhere(pattern: str, values: dict[str, str], match: re.Match[str], code: str) -> list[re.Match[str]]:
    """Where a pattern with the match's groups filled in occurs outside the match."""
    for name, value in values.items():
        pattern = pattern.replace(f"{{{name}}}", re.escape(value))
    return [one for one in re.finditer(pattern, code) if one.end() <= match.start() or one.start() >= match.end()]


def _make_twin(defect: Defect, match: re.Match[str], code: str) -> list[_TextEdit]:
    """The harmless edit of the same text; none where it would change nothing or the file lacks what it needs."""
    twin = defect.choose_twin(match)
    if twin in ("", RENAME) or not defect.twin_needs.search(code):
        return []
    text = _TWICE.sub(lambda found: str(2 * int(found[1])), match.expand(_only_known(twin, match)))
    return [_TextEdit(match.start(), match.end(), text)] if text != match[0] else []


def _only_known(template: str, match: re.Match[str]) -> str:
    """The template with groups that did not take part written as nothing."""
    for name, value in match.groupdict().items():
        if value is None:
            template = template.replace(f"\\g<{name}>", "")
    return template


def _fill(template: str, values: dict[str, str]) -> str:
    """The template with {name} replaced literally, safe for `Match.expand`."""
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value.replace("\\", "\\\\"))
    return template
