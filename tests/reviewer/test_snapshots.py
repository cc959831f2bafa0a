from reviewer.inspection import InspectionRules
from reviewer.ledger import Skip, SkipReason
from reviewer.repositories import Repository
from reviewer.snapshots import read_old_files, read_snapshot
from reviewer.testing import Project

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n"


def test_what_is_read_of_one_commit_has_a_limit_and_the_changed_go_first(repository: Project) -> None:
    commit = repository.commit(dict.fromkeys(("a.py", "b.py", "c.py"), "x = 1\n" * 10))
    rules = InspectionRules(max_total_bytes=130)
    found = read_snapshot(Repository(repository.root), commit, rules, first={"c.py"})
    assert [one.path for one in found.sources] == ["a.py", "c.py"]
    assert found.skipped == (Skip("b.py", SkipReason.TOO_LARGE, "over 130 bytes of all files together"),)


def test_a_large_file_is_left_out_with_its_size(repository: Project) -> None:
    commit = repository.commit({"a.py": "x = 1\n", "large.py": "y" * 101})
    rules = InspectionRules(max_bytes=100)
    found = read_snapshot(Repository(repository.root), commit, rules)
    assert found.skipped == (Skip("large.py", SkipReason.TOO_LARGE, "101 bytes, limit 100"),)
    assert [one.path for one in read_old_files(Repository(repository.root), commit, ["a.py", "large.py"], rules)] == [
        "a.py"
    ]


def test_a_pointer_of_git_lfs_is_not_taken_for_source(repository: Project) -> None:
    commit = repository.commit({"a.py": POINTER, "speaks.py": f'"""\n{POINTER}"""\n'})
    found = read_snapshot(Repository(repository.root), commit, InspectionRules())
    assert found.skipped == (Skip("a.py", SkipReason.UNREADABLE, "a pointer of Git LFS, not the file"),)
    assert [one.path for one in found.sources] == ["speaks.py"]
