"""The label catalogue: its files, its loader, and the promises that its words keep."""

import ast
import re

import pytest

from graph_model.catalogue import (
    PLACEHOLDERS,
    Category,
    Label,
    LabelExample,
    Severity,
    build_catalogue,
    load_catalogue,
    parse_labels,
)
from graph_model.errors import CatalogueError
from graph_model.languages import BY_NAME, load_table
from graph_model.syntax import parse_tree

ENTRY = """
[[label]]
id = "security/demo"
title = "Démo"
cwe = 1
severity = "high"
summary = "It breaks."
remedy = "Mend it."
message = "Value in {sink} comes from {source}"
languages = ["python"]
not_in = ["browser"]
[[label.example]]
language = "python"
bad = "x = 1"
good = "x = 2"
"""

LABELS = tuple(load_catalogue())
EXAMPLES = [(label, example) for label in LABELS for example in label.examples]


def parse(text: str, category: Category = Category.SECURITY) -> tuple[Label, ...]:
    return parse_labels(text, category, "demo.toml")


def test_entry_becomes_a_label() -> None:
    (label,) = parse(ENTRY)
    assert label == Label(
        id="security/demo",
        title="Démo",
        category=Category.SECURITY,
        severity=Severity.HIGH,
        summary="It breaks.",
        remedy="Mend it.",
        message="Value in {sink} comes from {source}",
        cwe=1,
        languages=("python",),
        not_in=("browser",),
        examples=(LabelExample("python", "x = 1", "x = 2"),),
    )


def test_windows_line_ends_give_the_same_label() -> None:
    assert parse(ENTRY.replace("\n", "\r\n")) == parse(ENTRY)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[[label]]", "[[label", "demo.toml: expected TOML, found"),
        ("[[label]]", "[[lable]]", "demo.toml: expected [[label]] entries only, found ['label', 'lable']"),
        ('id = "security/demo"', "", "demo.toml: label[0]: id: expected text, found None"),
        ('id = "security/demo"', 'id = "performance/demo"', "expected security/words-with-hyphens, found 'perf"),
        ('id = "security/demo"', 'id = "security/Demo"', "expected security/words-with-hyphens, found 'security/Demo'"),
        ('title = "Démo"', 'title = " "', "demo.toml: label[0] (security/demo): title: expected text, found ' '"),
        ('title = "Démo"', "headline = 1", "expected only ['cwe', 'example', 'id', "),
        ('severity = "high"', 'severity = "bad"', "expected one of ['critical', 'high', 'medium', 'low'], found 'bad'"),
        ("cwe = 1", 'cwe = "CWE-1"', "cwe: expected a number, found 'CWE-1'"),
        ("cwe = 1", "cwe = true", "cwe: expected a number, found True"),
        ("cwe = 1", "", "cwe: expected a number, found None"),
        ("{sink}", "{victim}", "message: expected placeholders among ['api', 'count', "),
        ("{sink}", "{sink", "message: expected a template, found "),
        ("from {source}", "from {source}.", "message: expected one line, a capital first and no full stop last"),
        ("Value in", "value in", "message: expected one line, a capital first and no full stop last"),
        ('["python"]', '["cobol"]', "languages: expected some of ['python', "),
        ('["python"]', '"python"', "languages: expected some of ['python', "),
        ('language = "python"', 'language = "cobol"', "example[0]: language: expected one of ['csharp', "),
        ('good = "x = 2"', "", "example[0]: good: expected text, found None"),
        ('good = "x = 2"', 'good = "x"\nbetter = "y"', "expected only ['bad', 'good', 'language'], found ['better']"),
    ],
)
def test_faulty_entry_is_refused_by_name(old: str, new: str, message: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        parse(ENTRY.replace(old, new, 1))
    assert message in str(caught.value)


def test_label_without_example_is_refused() -> None:
    with pytest.raises(CatalogueError, match=re.escape("example: expected one [[example]] or more, found None")):
        parse(ENTRY.partition("[[label.example]]")[0])


def test_empty_file_is_refused() -> None:
    with pytest.raises(CatalogueError, match=re.escape("expected [[label]] entries only, found []")):
        parse("")


def test_cwe_outside_security_is_refused() -> None:
    text = ENTRY.replace("security/demo", "performance/demo")
    with pytest.raises(CatalogueError, match="cwe: expected none outside security, found 1"):
        parse(text, Category.PERFORMANCE)


def test_labels_are_ordered_by_id() -> None:
    first, second = parse(ENTRY)[0], parse(ENTRY.replace("demo", "another"))[0]
    catalogue = build_catalogue([first, second])
    assert [label.id for label in catalogue] == ["security/another", "security/demo"]
    assert catalogue.get_index("security/demo") == 1
    assert catalogue.get_label("security/demo") is first
    assert len(catalogue) == 2
    assert "security/demo" in catalogue
    assert "security/other" not in catalogue


def test_second_entry_of_an_id_is_refused() -> None:
    with pytest.raises(CatalogueError, match="security/demo: expected one entry, found two"):
        build_catalogue(parse(ENTRY) * 2)


def test_hash_follows_the_ids_and_not_the_words() -> None:
    original = build_catalogue(parse(ENTRY)).hash
    assert build_catalogue(parse(ENTRY.replace("It breaks", "It fails"))).hash == original
    assert build_catalogue(parse(ENTRY.replace("demo", "other"))).hash != original


def test_missing_words_have_a_fallback() -> None:
    (label,) = parse(ENTRY)
    assert label.format_message({}) == "Value in this call comes from foreign data"
    assert label.format_message({"source": " ", "loop": "rows"}) == "Value in this call comes from foreign data"


def test_message_is_one_line_whatever_the_words() -> None:
    (label,) = parse(ENTRY)
    words = {"source": 'request.args[\r\n    "naïve {x}"\n]', "sink": "db.execute"}
    assert label.format_message(words) == 'Value in db.execute comes from request.args[ "naïve {x}" ]'


def test_security_severity_falls_with_severity() -> None:
    assert [severity.security_severity for severity in Severity] == [9.5, 8.0, 5.5, 3.0]


def test_every_category_has_labels() -> None:
    assert {label.category for label in LABELS} == set(Category)


@pytest.mark.parametrize("label", LABELS, ids=lambda label: label.id)
def test_words_are_finished_sentences(label: Label) -> None:
    for text in (label.summary, label.remedy):
        assert text[0].isupper()
        assert text.endswith(".")
        assert 1 <= len(re.findall(r"[.:](?=\s[A-Z]|$)", text)) <= 4
        assert len(text) <= 400
    assert len(label.title) <= 60
    assert not label.title.endswith(".")
    longest = dict.fromkeys(PLACEHOLDERS, "x" * 12)
    assert len(label.format_message(longest)) <= 120


@pytest.mark.parametrize(("label", "example"), EXAMPLES, ids=lambda value: getattr(value, "id", ""))
def test_examples_are_whole_modules(label: Label, example: LabelExample) -> None:
    language = BY_NAME[example.language]
    assert not label.languages or language.family.value in label.languages
    assert example.bad != example.good
    for code in (example.bad, example.good):
        assert parse_tree(code.encode(), load_table(language)).error_ranges == []
        assert max(map(len, code.splitlines())) <= 120
        if example.language == "python":
            ast.parse(code)
