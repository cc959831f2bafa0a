"""Files that a repository lays where settings are read: what is no regular file neither hangs nor fills the memory."""

import os
from pathlib import Path

import pytest

from reviewer.plain_files import read_plain_file
from reviewer.testing import Project

BAD = 'def f():\n    value = source()\n    sink("security/sql-injection", 0.9, value)\n'


def test_a_regular_file_is_read_through_links(tmp_path: Path) -> None:
    (tmp_path / "größer").write_bytes(b"a\r\nb")
    (tmp_path / "link").symlink_to("größer")
    assert read_plain_file(tmp_path / "link", 4) == b"a\r\nb"
    with pytest.raises(OSError, match="expected at most 0 MiB"):
        read_plain_file(tmp_path / "link", 3)


@pytest.mark.parametrize("kind", ["folder", "pipe", "endless"])
def test_anything_else_is_refused_at_once(kind: str, tmp_path: Path) -> None:
    made = tmp_path / "made"
    if kind == "folder":
        made.mkdir()
    elif kind == "pipe":
        os.mkfifo(made)
    else:
        made.symlink_to("/dev/zero")
    with pytest.raises(OSError, match=r"Is a directory|expected a regular file"):
        read_plain_file(made, 10)


@pytest.mark.parametrize("name", [".reviewer.toml", "pyproject.toml", ".reviewer-baseline.json"])
def test_a_device_in_place_of_settings_is_named(project: Project, name: str) -> None:
    project.write({"a.py": BAD})
    (project.root / name).symlink_to("/dev/zero")
    result = project.run("check")
    assert result.exit_code == 2
    assert name in result.stderr
    assert "expected a regular file" in result.stderr


@pytest.mark.parametrize("name", [".gitignore", ".gitattributes"])
def test_a_device_in_place_of_patterns_is_passed_over(project: Project, name: str) -> None:
    project.write({"a.py": BAD})
    (project.root / name).symlink_to("/dev/zero")
    assert project.run("check").exit_code == 1


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_reports_have_the_permissions_of_other_new_files(project: Project) -> None:
    project.write({"a.py": BAD})
    (project.root / "kept.json").touch(0o640)
    (project.root / "kept.json").chmod(0o640)
    before = os.umask(0o022)
    try:
        project.run("check", "a.py", "--report", "json=kept.json", "--output", "new.txt")
        project.run("baseline")
    finally:
        os.umask(before)
    modes = {name: (project.root / name).stat().st_mode & 0o777 for name in ("kept.json", "new.txt")}
    assert modes == {"kept.json": 0o640, "new.txt": 0o644}
    assert (project.root / ".reviewer-baseline.json").stat().st_mode & 0o777 == 0o644
    entries = [one for one in (project.root.parent / "cache").glob("??/*") if one.is_file()]
    assert {one.stat().st_mode & 0o777 for one in entries} == {0o600}


def test_a_folder_leaves_no_descriptor_open(tmp_path: Path) -> None:
    def count() -> int:
        descriptor = os.open(tmp_path, os.O_RDONLY)
        os.close(descriptor)
        return descriptor  # the lowest that is free

    before = count()
    for _ in range(3):
        with pytest.raises(IsADirectoryError, match=str(tmp_path)):
            read_plain_file(tmp_path, 10)
    assert count() == before


def test_a_folder_in_place_of_a_baseline_is_no_finding(project: Project) -> None:
    project.write({"a.py": BAD, ".reviewer-baseline.json/x": ""})
    for args in (("baseline", "."), ("baseline", "--check"), ("check",)):
        result = project.run(*args)
        assert (result.exit_code, ".reviewer-baseline.json" in result.stderr) == (2, True)
        assert "Traceback" not in result.stderr


@pytest.mark.skipif(os.name != "posix", reason="needs a device")
def test_a_user_may_name_what_is_no_regular_file(project: Project) -> None:
    project.write({"a.py": BAD, ".reviewer.toml": 'fail-on = "never"\n'})
    assert project.run("check", "--config", "/dev/null").exit_code == 1
    assert "expected a baseline or a JSON report" in project.run("check", "--baseline", "/dev/null").stderr
