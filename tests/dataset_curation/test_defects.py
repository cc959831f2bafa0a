from pathlib import Path

import pytest

from dataset_curation.errors import CurationError
from dataset_curation.injection.defect_kinds import Category, find_kind, load_kinds
from dataset_curation.injection.defects import blank_comments, load_defects, propose_defects
from dataset_curation.injection.structures import STRUCTURES
from dataset_curation.injection.trials import edit_content
from graph_model.catalogue import load_catalogue
from graph_model.edits.model import apply_edits
from graph_model.languages import BY_NAME, Family


@pytest.mark.parametrize(
    ("name", "sound", "broken", "twin"),
    [
        (
            "python-unequal-time",
            "hmac.compare_digest(key, f(b))",
            "key == f(b)",
            "hmac.compare_digest(f(b), key)",
        ),
        (
            "csharp-blocking-file",
            "await reader.ReadToEndAsync(ct);",
            "reader.ReadToEnd();",
            "await reader.ReadToEndAsync(ct).ConfigureAwait(false);",
        ),
        (
            "csharp-blocking-file",
            "await File.WriteAllTextAsync(path, f(x), token);",
            "File.WriteAllText(path, f(x));",
            "await File.WriteAllTextAsync(path, f(x), token).ConfigureAwait(false);",
        ),
        (
            "python-cache-unbounded",
            "@lru_cache(maxsize=128)",
            "@lru_cache(maxsize=None)",
            "@lru_cache(maxsize=256)",
        ),
        (
            "java-built-query",
            'c.prepareStatement("delete from a where b = ? or c");\n    s.setInt(1, x);',
            """c.prepareStatement("delete from a where b = '" + x + "' or c");""",
            'c.prepareStatement("delete from a where b = ? or c");\n    s.setObject(1, x);',
        ),
        (
            "python-built-query",
            "c.execute('select a from b where c = %s and d', (x.y,))",
            """c.execute(f"select a from b where c = '{x.y}' and d")""",
            "c.execute('select a from b where c = %s and d', [x.y])",
        ),
        (
            "csharp-sync-over-async",
            "await a.GetAsync(x);",
            "a.GetAsync(x).GetAwaiter().GetResult();",
            "await a.GetAsync(x).ConfigureAwait(false);",
        ),
    ],
)
def test_defects_break_sound_code(name: str, sound: str, broken: str, twin: str) -> None:
    family = next(iter(next(one for one in load_defects() if one.name == name).families))
    found = [one for one in propose_defects(sound.encode(), family) if one.name == name]
    assert [apply_edits(sound.encode(), one.edits).decode() for one in found] == [broken]
    assert [apply_edits(sound.encode(), one.twin).decode() for one in found] == [twin]


def test_comments_and_other_families_are_left_alone() -> None:
    assert list(propose_defects(b"# hashlib.sha256(x)\n", Family.PYTHON)) == []
    assert list(propose_defects(b"hashlib.sha256(x)", Family.JAVA)) == []
    assert list(propose_defects(b"", Family.PYTHON)) == []
    assert list(propose_defects(b"secrets.token_hex(8)\n", Family.PYTHON)) == []  # lacks the import


def test_blanking_keeps_length_and_strings() -> None:
    text = "a = '# no' # yes\nb = 1 // 2\n"
    assert blank_comments(text, Family.PYTHON) == "a = '# no'      \nb = 1 // 2\n"
    assert blank_comments("/* x\ny */ z // ü", Family.JAVA) == "    \n     z     "


def test_kinds_are_enough_and_every_one_is_made() -> None:
    kinds = load_kinds()
    made = {one.kind for one in load_defects()} | {one.kind for one in STRUCTURES} | {"guard-removed"}
    assert made == set(kinds)
    least = {Category.SECURITY: 14, Category.PERFORMANCE: 12, Category.CORRECTNESS: 8, Category.MAINTAINABILITY: 8}
    for category, number in least.items():
        assert sum(one.category is category for one in kinds.values()) >= number


def test_labels_are_of_the_catalogue_unless_a_span_stands_for_them() -> None:
    known = {label.id for label in load_catalogue()}
    for structure in STRUCTURES:
        assert set(structure.labels) <= known
        assert bool(structure.labels) == find_kind(structure.kind).needs_candidate
    with pytest.raises(CurationError, match="expected one of defect_kinds"):
        find_kind("typo")


def test_an_edit_that_adds_errors_or_repeats_an_argument_is_refused() -> None:
    language = BY_NAME["python"]
    content = Path(__file__).read_bytes()
    proposal = next(iter(propose_defects(b"requests.get(url)\n", Family.PYTHON)))
    assert edit_content(b"requests.get(url)\n", proposal.edits, language) == b"requests.get(url, verify=False)\n"
    at = content.index(b"import pytest")
    broken = proposal.edits[0].__class__(at, at + 6, b"import import")
    assert edit_content(content, (broken,), language) is None
    twice = proposal.edits[0].__class__(0, 9, b"f(a=1, a=2)")
    assert edit_content(b"f(a=1)   \n", (twice,), language) is None
    assert edit_content(b"f(a=1)\n", (), language) is None
