import pytest

from dataset_curation.defects import blank_comments, load_defects, propose_defects
from dataset_curation.removals import unwrap_call
from graph_model.edits.model import apply_edits
from graph_model.languages import Family


@pytest.mark.parametrize(
    ("call", "value"),
    [
        (b"escape(x)", b"x"),
        (b"escape(a + b)", b"(a + b)"),
        (b"f(g(a, b), c)", b"(g(a, b))"),
        (b"f('a,b', c)", b"('a,b')"),
        (b"x.strip()", b"x"),
        (b"a.b(c).strip()", b"a.b(c)"),
        (b"f()", None),
        (b"name", None),
        (b"f(\xc3\xbc)", b"(\xc3\xbc)"),
        (b"new int[] {1})", None),
    ],
)
def test_a_call_gives_back_what_it_was_given(call: bytes, value: bytes | None) -> None:
    assert unwrap_call(b"  " + call + b" ", 2, 2 + len(call)) == value


@pytest.mark.parametrize(
    ("family", "name", "code", "broken"),
    [
        (Family.PYTHON, "python-weak-hash", "hashlib.sha256(x)", "hashlib.md5(x)"),
        (
            Family.PYTHON,
            "python-file-left-open",
            "    with open(p) as f:\n        pass\n",
            "    f = open(p)\n    if f:\n        pass\n",
        ),
        (
            Family.PYTHON,
            "python-pattern-in-function",
            "RXP = re.compile('ü')\nRXP.match(x)\n",
            "RXP = None\nre.compile('ü').match(x)\n",
        ),
        (
            Family.PYTHON,
            "python-weak-random",
            "import secrets\nsecrets.token_hex(8)\n",
            "import random\nrandom.getrandbits(8)\n",
        ),
        (
            Family.PYTHON,
            "python-work-moved-into-loop",
            "x = f(1)\nfor a in b:\n    g(x)\n",
            "for a in b:\n    x = f(1)\n    g(x)\n",
        ),
        (
            Family.JAVASCRIPT,
            "javascript-list-for-set",
            "const s = new Set(a)\ns.has(b)\n",
            "const s = [].concat(a)\ns.includes(b)\n",
        ),
        (Family.JAVA, "java-resource-left-open", "try (Reader r = open(a)) {", "try { Reader r = open(a);"),
        (
            Family.JAVA,
            "java-text-in-loop",
            'StringBuilder b = new StringBuilder();\nb.append(x + "y");',
            'string b = "";\nb += x + "y";',
        ),
        (
            Family.CSHARP,
            "csharp-sync-over-async",
            "await a.GetAsync(x).ConfigureAwait(false);",
            "a.GetAsync(x).Result;",
        ),
    ],
)
def test_defects_break_sound_code(family: Family, name: str, code: str, broken: str) -> None:
    found = [one for one in propose_defects(code.encode(), family) if one.name == name]
    assert [apply_edits(code.encode(), one.edits).decode() for one in found] == [broken]


def test_comments_and_other_families_are_left_alone() -> None:
    assert list(propose_defects(b"# hashlib.sha256(x)\n", Family.PYTHON)) == []
    assert list(propose_defects(b"hashlib.sha256(x)", Family.JAVA)) == []
    assert list(propose_defects(b"", Family.PYTHON)) == []
    assert list(propose_defects(b"import json\nsecrets.token_hex(8)\n", Family.PYTHON)) == []  # lacks the import


def test_blanking_keeps_length_and_strings() -> None:
    text = "a = '# no' # yes\nb = 1 // 2\n"
    assert blank_comments(text, Family.PYTHON) == "a = '# no'      \nb = 1 // 2\n"
    assert blank_comments("/* x\ny */ z // ü", Family.JAVA) == "    \n     z     "


def test_every_defect_is_of_the_catalogue() -> None:
    names = [defect.name for defect in load_defects()]
    assert len(names) == len(set(names)) > 60
