from dataclasses import replace

from graph_model.candidates.model import Candidate
from reviewer.fingerprint import compute_fingerprints
from reviewer.source import SourceFile
from reviewer.testing import FakeEngine

TEXT = 'def f():\n    sink("security/weak-hash", 0.9, a)\n    sink("security/weak-hash", 0.9, a)\n'


def candidates(text: str, path: str = "a.py") -> tuple[tuple[Candidate, ...], SourceFile]:
    source = SourceFile.from_bytes(path, text.encode())
    return FakeEngine().analyse(source).candidates, source


def fingerprints(text: str, path: str = "a.py", new_path: str = "") -> tuple[str, ...]:
    found, source = candidates(text, path)
    return compute_fingerprints(found, source, new_path)


def test_lines_may_move_and_white_space_may_change() -> None:
    moved = "# é\r\n\r\n" + TEXT.replace("    sink", "        sink").replace(", 0.9, ", ", 0.9, ")
    assert fingerprints(moved) == fingerprints(TEXT)


def test_equal_statements_are_told_apart_by_their_order() -> None:
    first, second = fingerprints(TEXT)
    assert first != second
    assert len(first) == 32
    one_less = TEXT.replace('    sink("security/weak-hash", 0.9, a)\n', "", 1)
    assert fingerprints(one_less) == (first,)


def test_the_order_of_candidates_does_not_matter() -> None:
    found, source = candidates(TEXT)
    assert compute_fingerprints(found[::-1], source) == compute_fingerprints(found, source)[::-1]


def test_two_paths_to_one_anchor_share_an_identity() -> None:
    found, source = candidates(TEXT)
    doubled = (found[0], replace(found[0], steps=()), found[1])
    first, same, second = compute_fingerprints(doubled, source)
    assert first == same
    assert (first, second) == fingerprints(TEXT)


def test_label_path_and_symbol_matter() -> None:
    base = set(fingerprints(TEXT))
    assert base.isdisjoint(fingerprints(TEXT, "b.py"))
    assert base.isdisjoint(fingerprints(TEXT.replace("weak-hash", "short-key")))
    assert base.isdisjoint(fingerprints(TEXT.replace("def f", "def g")))


def test_a_rename_is_followed() -> None:
    assert fingerprints(TEXT, "old.py", "a.py") == fingerprints(TEXT)


def test_the_identity_is_pinned() -> None:
    """Stored baselines and posted comments hold these: a change of the recipe needs a new VERSION."""
    assert fingerprints('sink("security/weak-hash", 0.9, a)\n') == ("7fb01c74907b1fbf39d2b84266e36488",)
