"""Annotations, read back as GitHub's runner reads them."""

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.reports.workflow_commands import escape_data, escape_property
from reviewer.testing import Project

SINK = 'def f{0}():\n    value = source()\n    sink("{1}", 0.9, value)\n'
LEVELS = ("error", "warning", "notice")


@dataclass
class Command:
    level: str
    properties: dict[str, str]
    message: str


def read_line(line: str) -> Command | None:
    """As actions/runner has it in ActionCommand.TryParseV2: what begins with a command is one, after white space."""
    line = line.lstrip()
    end = line.find("::", 2)
    if not line.startswith("::") or end < 0:
        return None
    level, _, said = line[2:end].partition(" ")
    pairs = [pair.split("=", 1) for pair in said.split(",") if pair]
    properties = {name: unescape(value, (":", "%3A"), (",", "%2C")) for name, value in pairs}
    return Command(level, properties, unescape(line[end + 2 :]))


def unescape(text: str, *more: tuple[str, str]) -> str:
    for token, escaped in (("\r", "%0D"), ("\n", "%0A"), *more, ("%", "%25")):
        text = text.replace(escaped, token)
    return text


def annotate(project: Project, *args: str, code: int = 1) -> tuple[list[Command], list[str]]:
    """The commands and the other lines."""
    result = project.run("check", "--format", "github", *args)
    assert result.exit_code == code, result.output
    read = [(read_line(line), line) for line in result.stdout.split("\n")[:-1]]
    others = [line for command, line in read if command is None]
    assert all(line.startswith("- ") and "##[" not in line for line in others)
    return [command for command, _ in read if command is not None], others


@given(st.text())
def test_the_runner_reads_what_was_written(text: str) -> None:
    plain = text.replace("\x85", "")
    assert unescape(escape_data(plain)) == plain
    assert unescape(escape_property(plain), (":", "%3A"), (",", "%2C")) == plain
    assert not {"\r", "\n", ":", ","} & set(escape_property(text))


def test_a_finding_is_an_annotation_on_its_expression(project: Project) -> None:
    project.write({"sub/a é.py": SINK.format("", "security/sql-injection")})
    (finding, closing), others = annotate(project)
    assert finding == Command(
        "error",
        {
            "file": "sub/a é.py",
            "line": "3",
            "endLine": "3",
            "col": "5",
            "endColumn": "47",
            "title": "SQL injection (critical, 90% likely)",
        },
        finding.message,
    )
    assert finding.message.startswith("Query text in sink is built from source().\nTo mend it: ")
    assert finding.message.endswith("\nsecurity/sql-injection: reviewer labels security/sql-injection")
    assert closing == Command(
        "notice", {"title": "graph-reviewer"}, "1 finding (1 critical) in 1 file reviewed, 3 lines."
    )
    assert others == []


def test_names_with_signs_of_commands_stay_names(project: Project) -> None:
    name = "a,b:c%0A\n::error::x =;##[error]y.py"
    project.write({name: SINK.format("", "security/sql-injection")})
    (finding, closing), _ = annotate(project)
    assert finding.properties["file"] == name
    assert closing.message.startswith("1 finding")


def test_github_shows_ten_of_each_level_and_the_rest_is_named(project: Project) -> None:
    labels = ("security/sql-injection", "security/weak-hash", "security/error-exposure")
    files = {f"{number:02}{label[-4:]}.py": SINK.format(number, label) for label in labels for number in range(12)}
    worst = SINK.format("x", "security/sql-injection").replace("0.9", "0.99")
    project.write({**files, "zz##[error].py": worst, "zz.py": SINK.format("y", "security/sql-injection")})
    severities = {one["label"]: one["severity"] for one in project.report("check")["findings"]}
    assert [severities[label] for label in labels] == ["critical", "medium", "low"]
    commands, others = annotate(project)
    assert Counter(command.level for command in commands) == dict.fromkeys(LEVELS, 10)
    assert commands[0].properties["file"] == "zz##[error].py"
    said = "Without an annotation, as GitHub shows ten of each level in a step: 4 errors, 2 warnings, 3 notices"
    assert said in commands[-1].message
    assert len(others) == 9
    assert others[-1] == "- without an annotation: 11sure.py:3: low security/error-exposure"


def test_a_change_is_annotated_where_it_changed(repository: Project) -> None:
    clean = (
        "value = source()\nvalue = clean(value)\n" + SINK.format("", "security/sql-injection").split("\n")[2].lstrip()
    )
    repository.commit({"a.py": clean + "\n"})
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.write({"a.py": clean.replace("clean(value)", "other(value)") + "\n"})
    result = repository.run("diff", "--format", "github")
    finding = read_line(result.stdout.split("\n")[0])
    assert finding is not None
    assert (finding.properties["file"], finding.properties["line"]) == ("a.py", "2")
    assert "endLine" not in finding.properties
    assert "This change introduces it; it is at a.py:3." in finding.message


def test_what_was_not_reviewed_is_said_and_a_failure_is_an_error(project: Project) -> None:
    project.write(
        {"a.py": "raise-analysis\n", "b.py": "too-many-nodes\n", "c.py": "x = 1 # reviewer: ignore[weak-hash] y\n"}
    )
    (note, closing), _ = annotate(project, code=2)
    assert note.properties | {"title": ""} == {"file": "c.py", "line": "1", "title": ""}
    assert note.message == "weak-hash suppresses nothing"
    assert closing.level == "error"
    assert "Failed: a.py: RuntimeError: asked to fail" in closing.message.split("\n")
    assert "Not reviewed, too many syntax nodes: 1: b.py (asked to)." in closing.message.split("\n")


def test_many_notes_leave_room_for_the_closing_line(project: Project) -> None:
    project.write({f"{number:02}.py": "x = 1  # reviewer: ignore[weak-hash] y\n" for number in range(12)})
    commands, others = annotate(project, code=0)
    assert len(commands) == 10
    assert others[-1] == "- without an annotation: 11.py:1: suppression [weak-hash] suppresses nothing"


@pytest.mark.parametrize("form", ["github", "gitlab", "gitlab-sast", "sarif"])
def test_two_runs_give_the_same_bytes(project: Project, form: str) -> None:
    project.write({"a.py": SINK.format("", "security/sql-injection"), "b.py": "too-many-nodes\n"})
    runs = {project.run("check", "--format", form, *extra).stdout for extra in ((), ("--no-cache",), ("--jobs", "1"))}
    assert len(runs) == 1
