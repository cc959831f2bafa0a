from pathlib import Path

import pytest

from reviewer.configuration import Configuration, DirectoryPolicy, list_settings, parse_configuration
from reviewer.configuration_files import load_configuration, read_configuration
from reviewer.errors import ConfigurationError
from reviewer.findings import FailOn


def test_values_and_origins() -> None:
    table = {
        "select": ["security"],
        "ignore": "weak-hash",
        "min-probability": 1,
        "thresholds": {"sql-injection": 0.5, "all": 0.25},
        "fail-on": "high",
        "max-comments": 3,
        "exclude": ["/gen/"],
        "max-file-bytes": 1000,
        "jobs": 2,
        "cache": False,
        "directories": {"tests/": {"select": [], "min-probability": 0.9}, "tests/slow": {"ignore": ["security"]}},
    }
    found = parse_configuration(table, "pyproject.toml [tool.reviewer]")
    assert found.select == ("security",)
    assert found.ignore == ("weak-hash",)
    assert found.min_probability == 1.0
    assert found.thresholds == (("all", 0.25), ("sql-injection", 0.5))
    assert found.fail_on is FailOn.HIGH
    assert found.directories[0] == DirectoryPolicy("tests", select=(), min_probability=0.9)
    assert found.origin_of("jobs") == "pyproject.toml [tool.reviewer]"
    assert Configuration().origin_of("jobs") == "default"
    assert found.folder_of("tests/slow/a.py") == DirectoryPolicy("tests/slow", ignore=("security",))
    assert found.folder_of("tests/a.py") == found.directories[0]
    assert found.folder_of("testing/a.py") is None


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"selct": []}, "selct: unknown setting; did you mean select\\? expected one of baseline, bot, cache"),
        ({"qqqq": 1}, "qqqq: unknown setting; expected one of baseline, bot, cache"),
        ({"select": [1]}, r"select: expected a list of labels or categories, found \[1\]"),
        ({"min-probability": 2}, "min-probability: expected a number from 0 to 1, found 2"),
        ({"min-probability": True}, "min-probability: expected a number from 0 to 1, found True"),
        ({"thresholds": []}, "thresholds: expected a table from label or category"),
        ({"thresholds": {"a": "b"}}, "thresholds: expected a table from label or category"),
        ({"fail-on": "critical"}, "fail-on: expected one of low, medium, high, never, found 'critical'"),
        ({"jobs": -1}, "jobs: expected a whole number, 0 or more, found -1"),
        ({"jobs": True}, "jobs: expected a whole number, 0 or more, found True"),
        ({"cache": "yes"}, "cache: expected true or false, found 'yes'"),
        ({"directories": 1}, "directories: expected a table from folder to settings, found 1"),
        ({"directories": {"a": 1}}, 'directories."a": expected a table, found 1'),
        (
            {"directories": {"a": {"jobs": 1}}},
            r'directories\."a"\.jobs: unknown setting; expected one of ignore, min-pro',
        ),
        ({"directories": {"a": {"ignore": 1}}}, r'directories\."a"\.ignore: expected a list'),
    ],
)
def test_what_cannot_be_used_is_named(table: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^here: {message}") as caught:
        parse_configuration(table, "here")
    assert caught.value.where == "here"


def test_the_command_line_wins_and_ignore_adds() -> None:
    base = parse_configuration(
        {
            "select": ["security"],
            "ignore": ["weak-hash"],
            "thresholds": {"all": 0.1},
            "directories": {
                "a": {"select": ["performance"], "ignore": [], "min-probability": 0.5},
                "b": {"thresholds": {}},
            },
        },
        "file",
    )
    found = base.with_command_line({"select": ("correctness",), "ignore": ("short-key",), "min_probability": 0.0})
    assert found.select == ("correctness",)
    assert found.ignore == ("weak-hash", "short-key")
    assert found.directories == (DirectoryPolicy("a", ignore=("short-key",)), DirectoryPolicy("b"))
    assert found.origin_of("select") == "command line"
    assert found.origin_of("ignore") == "file + command line"
    assert found.origin_of("thresholds") == "file"
    assert base.with_command_line({}) == base


def test_settings_are_listed_with_their_origin() -> None:
    found = parse_configuration({"fail-on": "never", "directories": {"a": {"ignore": ["x"]}}}, "file")
    rows = {key: (value, origin) for key, value, origin in list_settings(found)}
    assert rows["fail-on"] == ("never", "file")
    assert rows["select"] == (("security", "performance"), "default")
    assert rows['directories."a".ignore'] == (("x",), "file")


def test_the_nearest_file_wins_and_is_relative_to_its_folder(tmp_path: Path) -> None:
    inner = tmp_path / "pkg" / "deep"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[tool.reviewer]\nselect = ["performance"]\n')
    assert load_configuration(inner, tmp_path).select == ("performance",)
    (tmp_path / "pkg" / "pyproject.toml").write_text("[tool.other]\n")
    (tmp_path / "pkg" / ".reviewer.toml").write_text('jobs = 3\n[directories.tests]\nignore = ["security"]\n')
    found = load_configuration(inner, tmp_path)
    assert (found.jobs, found.base) == (3, "pkg")
    assert found.directories[0].path == "pkg/tests"
    assert found.origin_of("jobs") == "pkg/.reviewer.toml"
    assert load_configuration(tmp_path / "pkg", Path("/elsewhere")).jobs == 3
    assert load_configuration(Path("/elsewhere"), tmp_path) == Configuration()


def test_own_file_wins_over_the_projects(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.reviewer]\njobs = 1\n")
    (tmp_path / ".reviewer.toml").write_text("jobs = 2\n")
    assert load_configuration(tmp_path, tmp_path).jobs == 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (".reviewer.toml", b"jobs = ", "expected readable TOML"),
        (".reviewer.toml", b"\xff", "expected readable TOML"),
        ("pyproject.toml", b"[tool]\nreviewer = 1\n", "expected a table, found 1"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigurationError, match=message):
        load_configuration(tmp_path, tmp_path)


def test_a_file_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expected this table in an existing file, found none"):
        read_configuration(tmp_path / "x.toml")
    (tmp_path / "x.toml").write_text("jobs = 7\n")
    assert read_configuration(tmp_path / "x.toml").jobs == 7


def test_an_exclude_that_is_no_pattern_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"exclude: expected a list of gitignore patterns, found \['!'\]"):
        parse_configuration({"exclude": ["!"]}, "x.toml")


def test_the_table_of_the_bot_is_none_of_our_business() -> None:
    assert parse_configuration({"bot": {"modes": {"all": "block"}}}, "here") == Configuration().with_values({}, "here")
