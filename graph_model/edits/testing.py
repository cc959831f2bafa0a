"""What every fix must hold, for tests: it parses, it is undone exactly, and the candidate is gone."""

from dataclasses import dataclass
from itertools import pairwise

from graph_model.analysis import analyse_file
from graph_model.candidates.model import Candidate
from graph_model.edits.model import Edit, apply_edits, invert_edits
from graph_model.edits.proposal import find_fix
from graph_model.languages import Language, load_table
from graph_model.linking import link_files
from graph_model.syntax import parse_tree


def find_candidates(source: bytes, language: Language, label: str = "") -> tuple[Candidate, ...]:
    """The candidates of one file, of one label if it is given."""
    path = f"pkg/case{language.suffixes[0]}"
    found = link_files([analyse_file(path, source, language)])[path]
    return tuple(c for c in found if not label or c.label == label)


def place_candidate(source: bytes, label: str, anchor: str, api: str) -> Candidate:
    """A candidate at the first place of a text, for shapes that no pack proposes."""
    start = source.index(anchor.encode())
    end = start + len(anchor.encode())
    return Candidate(label, "pkg/case", start, end, start, end, "", api, (), ())


def mend(source: bytes, language: Language, label: str) -> bytes | None:
    """The source with the first fix that there is for a candidate of a label, checked; None when there is none."""
    for candidate in find_candidates(source, language, label):
        mended = check_fix(candidate, source, language)
        if mended is not None:
            left = len(find_candidates(mended, language, label))
            assert left < len(find_candidates(source, language, label)), f"{label}: still {left} candidates"
            return mended
    return None


def check_fix(candidate: Candidate, source: bytes, language: Language) -> bytes | None:
    """The source with the candidate's fix made, all that must hold of edits asserted; None when there is none."""
    fix = find_fix(candidate, source, language)
    if fix is None:
        return None
    mended = apply_edits(source, fix.edits)
    assert mended != source, f"{fix.kind.name}: changes nothing"
    assert apply_edits(mended, invert_edits(source, fix.edits)) == source, f"{fix.kind.name}: not undone"
    assert candidate.label in fix.kind.labels
    assert language.family in fix.kind.families
    check_apart(fix.edits)
    before, after = (parse_tree(text, load_table(language)) for text in (source, mended))
    assert len(after.error_ranges) <= len(before.error_ranges), f"{fix.kind.name}: does not parse"
    return mended


def check_apart(edits: tuple[Edit, ...]) -> None:
    """Asserts that edits are sorted and do not touch."""
    for first, second in pairwise(edits):
        assert first.start <= first.end < second.start, f"{first} and {second}"


@dataclass(frozen=True, slots=True)
class Case:
    """A file as a diff: lines begin with a blank, with `-` if the fix takes them away, with `+` if it brings them.

    No such line means that no fix may be proposed. `anchor` and `api` place a candidate by hand where no pack does.
    """

    name: str
    label: str
    diff: str
    anchor: str = ""
    api: str = ""

    @property
    def before(self) -> str:
        """The file as it is."""
        return self._lines("+")

    @property
    def after(self) -> str:
        """The file as it must become; the same where nothing may be proposed."""
        return self._lines("-")

    def _lines(self, left_out: str) -> str:
        lines = self.diff.removeprefix("\n").splitlines(keepends=True)
        assert all(line[0] in " +-\n" for line in lines), self.name
        return "".join(line[1:] if line != "\n" else line for line in lines if line[0] != left_out)

    def candidates(self, source: bytes, language: Language) -> tuple[Candidate, ...]:
        """The candidates that the case is about; there must be one."""
        if self.anchor:
            return (place_candidate(source, self.label, self.anchor, self.api),)
        found = find_candidates(source, language, self.label)
        assert found, f"{self.name}: no candidate of {self.label}"
        return found


def check_case(case: Case, language: Language) -> None:
    """Asserts what a case says, also with other line ends, without the last one, and below text outside ASCII."""
    comment = "# größe 🦊\n" if language.name == "python" else "// größe 🦊\n"
    for before, after in (
        (case.before, case.after),
        (case.before.replace("\n", "\r\n"), case.after.replace("\n", "\r\n")),
        (case.before.rstrip("\n"), case.after.rstrip("\n")),
        (comment + case.before, comment + case.after),
    ):
        source = before.encode()
        mended = (check_fix(candidate, source, language) for candidate in case.candidates(source, language))
        assert next((m for m in mended if m is not None), source).decode() == after
    if case.before != case.after and not case.anchor:
        assert mend(case.before.encode(), language, case.label) is not None
