import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_curation.filters.duplicates import find_duplicates, sign_text, tokenise
from graph_model.languages import Family

LONG = "\n".join(f"value_{i} = compute_{i}(argument_{i}, other[{i}])" for i in range(40))


def test_comments_and_layout_do_not_count() -> None:
    first = sign_text("int a = 1; // one\n/* two\n */ return a;", Family.JAVA)
    second = sign_text("int a=1;\r\n\r\n\treturn a;", Family.JAVA)
    assert first.digest == second.digest


@pytest.mark.parametrize(
    ("text", "family", "tokens"),
    [
        ("x = '#no'  # yes", Family.PYTHON, ["x", "=", "'#no'"]),
        ("a = `// ${b}` // c", Family.JAVASCRIPT, ["a", "=", "`// ${b}`"]),
        ("", Family.JAVA, []),
        ("größe", Family.CSHARP, ["größe"]),
        ("/* open", Family.CSHARP, []),
    ],
)
def test_tokens_respect_strings(text: str, family: Family, tokens: list[str]) -> None:
    assert tokenise(text, family) == tokens


def test_near_copies_are_found_and_others_are_not() -> None:
    texts = [LONG, LONG.replace("value_7 ", "changed "), LONG.replace("compute", "other"), LONG + "  # copy"]
    found = [(one.item, one.kept, one.kind) for one in find_duplicates(sign_text(t, Family.PYTHON) for t in texts)]
    assert found == [(1, 0, "near"), (3, 0, "exact")]


def test_twins_do_not_repeat_each_other_but_repeat_others() -> None:
    signatures = [sign_text(LONG, Family.PYTHON)] * 3
    found = list(find_duplicates(signatures, ["pair", "pair", "else"]))
    assert [(one.item, one.kept) for one in found] == [(2, 0)]


@given(st.text(max_size=60))
def test_every_text_has_a_signature_and_repeats_itself(text: str) -> None:
    signature = sign_text(text, Family.JAVASCRIPT)
    assert signature.hashes.shape == (128,)
    assert len(list(find_duplicates([signature, sign_text(text, Family.JAVASCRIPT)]))) == 1
