import json
from pathlib import Path

import pytest

from dataset_curation.analysing import Provenance, analyse_project, make_records
from dataset_curation.errors import RecordError
from dataset_curation.selection import Tally
from dataset_curation.triage.verdicts import (
    TriageItem,
    TriageRow,
    Verdict,
    draw_sample,
    list_items,
    measure_agreement,
    merge_verdicts,
    read_rows,
    settle,
    shown_chooser,
    write_rows,
)
from graph_model.catalogue import load_catalogue
from graph_model.languages import BY_NAME
from graph_model.prediction import Predictor
from graph_model.testing import make_bundle
from reviewer.source import SourceFile


def _item(number: int, language: str = "python", label: str = "security/a", repository: str = "o/n") -> TriageItem:
    return TriageItem(f"{number:012}", repository, "c", "a.py", number, 1, label, "api", language, "f", repository)


def _row(verdict: str, reader: str = "ada", line: int = 1) -> TriageRow:
    return TriageRow("o/n", "c", "a.py", line, 1, "security/a", verdict, "because", reader)


def test_a_sample_is_balanced_over_families_labels_and_repositories() -> None:
    items = [_item(number) for number in range(50)]
    items += [_item(100 + number, language="java", label="security/b", repository="o/j") for number in range(2)]
    items += [_item(200 + number, label="performance/c", repository="o/other") for number in range(3)]
    chosen = draw_sample(items, 10, 1)
    assert len(chosen) == 10
    assert sum(one.language == "java" for one in chosen) == 2
    assert sum(one.label == "performance/c" for one in chosen) == 3


def test_a_larger_sample_contains_the_smaller_and_leaves_out_what_is_done() -> None:
    items = [_item(number, repository=f"o/{number % 3}") for number in range(40)]
    small = draw_sample(items, 6, 1)
    assert draw_sample(items, 12, 1)[:6] == small
    rest = draw_sample(items, 40, 1, frozenset(one.id for one in small))
    assert not {one.id for one in rest} & {one.id for one in small}
    assert len({one.repository for one in draw_sample(items, 3, 1)}) == 3
    assert draw_sample([], 5, 1) == []


@pytest.mark.parametrize(("head", "weight", "expected"), [("", 5.0, 1), ("", -5.0, 0), ("import pytest\n", 5.0, 0)])
def test_only_what_a_review_shows_may_be_drawn(head: str, weight: float, expected: int) -> None:
    text = f"{head}import hashlib\n\n\ndef sum_of(token):\n    return hashlib.md5(token)  # \u00e9\n"
    tally = Tally()
    project = analyse_project([(SourceFile("a.py", text.encode()), BY_NAME["python"])], tally)
    records = list(make_records(project, Provenance("o/n", "o/n", "c0ffee"), tally))
    labels = [label.id for label in load_catalogue()]
    bundle = make_bundle(labels, features=("exact_api",))
    bundle.ladder.logistic[:, 0], bundle.ladder.logistic[:, 1] = weight, 0.0
    found = list(list_items(records, ("security",), shown_chooser(Predictor(bundle))))
    assert len(found) == expected


def test_merging_keeps_facts_and_no_code(tmp_path: Path) -> None:
    sample = [
        json.loads(
            json.dumps(
                {
                    "id": "1",
                    "repository": "o/n",
                    "commit": "c",
                    "path": "ä.py",
                    "line": 3,
                    "column": 1,
                    "label": "security/a",
                    "excerpts": ["secret()"],
                }
            )
        )
    ]
    rows = merge_verdicts(sample, [{"id": "1", "verdict": "harmless", "reason": "the value is a constant"}], "ada")
    path = tmp_path / "verdicts.jsonl"
    assert write_rows(path, rows) == 1
    assert write_rows(path, merge_verdicts(sample, [{"id": "1", "verdict": "harmful", "reason": "no"}], "ada")) == 1
    assert write_rows(path, rows[:0]) == 1
    assert "secret" not in path.read_text("utf-8")
    assert [row.verdict for row in read_rows(tmp_path)] == ["harmful"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": "2", "verdict": "harmful", "reason": "x"}, "expected an id of the sample"),
        ({"id": "1", "verdict": "maybe", "reason": "x"}, "verdict: expected harmful"),
        ({"id": "1", "verdict": "harmful", "reason": ""}, "reason: expected 1"),
        ({"id": "1", "verdict": "harmful", "reason": "x" * 301}, "found 301"),
        ({"id": "1", "verdict": "harmful", "reason": "a == b"}, "words without code"),
        ({"id": "1", "verdict": "harmful", "reason": "`x`"}, "words without code"),
    ],
)
def test_verdicts_that_do_not_fit_are_named(row: dict[str, str], message: str) -> None:
    sample = [{"id": "1", "repository": "o/n", "commit": "c", "path": "a.py", "line": 3, "column": 1, "label": "l"}]
    with pytest.raises(RecordError, match=message):
        merge_verdicts(sample, [row], "ada")


def test_settling_needs_agreement_or_an_adjudicator() -> None:
    key = _row("harmful").key
    assert settle([_row("harmful"), _row("harmful", "bob")])[key] is Verdict.HARMFUL
    assert settle([_row("harmful"), _row("harmless", "bob")])[key] is Verdict.UNDECIDABLE
    assert settle([_row("harmful"), _row("harmless", "bob"), _row("harmless", "adjudicator")])[key] is Verdict.HARMLESS


def test_agreement_is_corrected_for_chance() -> None:
    first = [_row(verdict, "ada", line) for line, verdict in enumerate(["harmful", "harmful", "harmless", "harmless"])]
    second = [
        _row(verdict, "bob", line) for line, verdict in enumerate(["harmful", "harmless", "harmless", "harmless"])
    ]
    found, _ = measure_agreement([*first, *second, _row("harmful", "cyd", 99)])
    assert (found.first, found.second, found.num_items, found.observed) == ("ada", "bob", 4, 0.75)
    assert found.kappa == pytest.approx(0.5)
    same = [_row("harmful", reader) for reader in ("ada", "bob")]
    assert measure_agreement(same)[0].kappa is None


def test_agreement_of_all_pairs_comes_last() -> None:
    rows = [_row("harmful", "ada", 1), _row("harmful", "bob", 1), _row("harmless", "ada", 2), _row("harmful", "cyd", 2)]
    *pairs, every = measure_agreement(rows)
    assert [(one.first, one.second, one.observed) for one in pairs] == [("ada", "bob", 1.0), ("ada", "cyd", 0.0)]
    assert (every.num_items, every.observed) == (2, 0.5)
    assert measure_agreement(rows[:1]) == []


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{", "utf-8")
    with pytest.raises(RecordError, match=r"a\.jsonl:1"):
        read_rows(tmp_path)
    (tmp_path / "a.jsonl").write_text('{"x": 1}', "utf-8")
    with pytest.raises(RecordError, match="expected a verdict"):
        read_rows(tmp_path)
