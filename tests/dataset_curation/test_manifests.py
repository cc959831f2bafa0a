from pathlib import Path

import pytest

from dataset_curation.errors import ManifestError, OffLimitsError
from dataset_curation.manifests import (
    Choice,
    Role,
    check_entries,
    pin_choice,
    read_choices,
    read_entries,
    write_entries,
)
from dataset_curation.testing import MIT, SmallRepository

CHOICE = Choice("o/n", Role.TRAIN, "python", "o/n")


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "sources.toml"
    path.write_text(text, "utf-8")
    return path


def test_choices_carry_role_family_and_group(tmp_path: Path) -> None:
    path = _write(tmp_path, '[groups]\n"b/fork" = "a/base"\n[train]\npython = ["a/base", "b/fork"]\n')
    assert read_choices(path) == (
        Choice("a/base", Role.TRAIN, "python", "a/base"),
        Choice("b/fork", Role.TRAIN, "python", "a/base"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[elsewhere]\npython = ["a/b"]', "role: expected one of"),
        ('[train]\ncobol = ["a/b"]', "family"),
        ('[train]\npython = ["a/b"]\n[gate]\npython = ["A/B"]', "expected one role"),
        ('[groups]\n"c/fork" = "a/b"\n[train]\npython = ["a/b"]\n[measure]\npython = ["c/fork"]', "expected one role"),
        ("[train", "sources.toml"),
    ],
)
def test_choices_that_cannot_be_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        read_choices(_write(tmp_path, text))


def test_the_outside_exam_cannot_be_chosen(tmp_path: Path) -> None:
    with pytest.raises(OffLimitsError):
        read_choices(_write(tmp_path, '[measure]\npython = ["psf/requests"]'))


def test_pinning_reads_licence_checksum_and_lines(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    commit = repository.commit("all", {"LICENSE": MIT, "a.py": "x = 1\ny = 2\n", "tests/b.py": "", "c.ts": "let a\n"})
    entry, tally = pin_choice(CHOICE, tmp_path)
    assert (entry.commit, entry.licence, entry.num_files) == (commit, "MIT", 2)
    assert dict(entry.lines) == {"python": 2, "typescript": 1}
    assert tally.counts[("files", "test")] == 1
    path = tmp_path / "repositories.jsonl"
    write_entries(path, [entry])
    assert read_entries(path) == (entry,)
    assert list(check_entries([entry], tmp_path)) == []


def test_a_licence_that_does_not_allow_training_is_refused(tmp_path: Path) -> None:
    SmallRepository(tmp_path, "o/n").commit("all", {"COPYING": "GNU GENERAL PUBLIC LICENSE", "LICENSE": MIT})
    with pytest.raises(ManifestError, match="licence: expected a permissive one, found GPL"):
        pin_choice(CHOICE, tmp_path)


def test_a_check_names_what_disagrees(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    repository.commit("all", {"LICENSE": MIT})
    entry, _ = pin_choice(CHOICE, tmp_path)
    changed = type(entry).from_json(entry.to_json().replace(entry.tree, "0" * 40))
    missing = type(entry).from_json(entry.to_json().replace("o/n", "o/other"))
    problems = list(check_entries([changed, missing], tmp_path))
    assert "tree: expected 000" in problems[0]
    assert "o/other" in problems[1]


@pytest.mark.parametrize("line", ["", "{", '{"repository": "o/n"}', "[]"])
def test_a_damaged_manifest_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "repositories.jsonl"
    path.write_text(line or "null", "utf-8")
    with pytest.raises(ManifestError, match=r"repositories\.jsonl"):
        read_entries(path)


def test_the_checked_in_manifests_agree_with_each_other() -> None:
    folder = Path(__file__).parents[2] / "datasets" / "manifests"
    choices = {choice.repository: choice for choice in read_choices(folder / "sources.toml")}
    entries = read_entries(folder / "repositories.jsonl")
    assert {entry.repository: entry.role for entry in entries} == {one.repository: one.role for one in choices.values()}
    assert sum(entry.role is Role.TRAIN for entry in entries) >= 48
    for family in ("python", "javascript", "java", "csharp"):
        assert sum(one.role is Role.TRAIN and one.family == family for one in entries) >= 12
        assert sum(one.role is Role.MEASURE and one.family == family for one in entries) >= 10
