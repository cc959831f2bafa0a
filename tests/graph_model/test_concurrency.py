"""Blocking calls in asynchronous functions: told where something else waits for the thread."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import BY_NAME

HEAD = "using System.IO;\nusing System.Threading.Tasks;\n"
CLASS = f"{HEAD}class Jobs {{ %s }}\n"


def labels(text: str) -> set[str]:
    analysis = analyse_file("a", text.encode(), BY_NAME["csharp"], smells=False)
    return {candidate.label for candidate in analysis.candidates}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CLASS % "async Task Run(string p) { await G(); File.WriteAllText(p, p); }", True),
        (CLASS % "static async Task Main(string[] a) { await G(); File.WriteAllText(a[0], a[1]); }", False),
        (f"{HEAD}await G();\nFile.WriteAllText(args[0], args[1]);\n", False),
    ],
)
def test_a_blocking_call_needs_somebody_who_waits(text: str, expected: bool) -> None:
    assert ("performance/blocking-call-in-async" in labels(text)) is expected


@pytest.mark.parametrize("result", ["GetAwaiter().GetResult()", "Result"])
@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("await HAsync();", True),
        ("if (b) await t;", True),
        ("await t;", False),
        ("await Task.WhenAll(t, HAsync());", False),
    ],
)
def test_a_finished_task_blocks_nobody(before: str, expected: bool, result: str) -> None:
    tasks = "Task<int> GAsync() { return null; } Task HAsync() { return null; }"
    body = f"async Task Run(bool b) {{ Task<int> t = GAsync(); {before} var r = t.{result}; }}"
    found = labels(CLASS % f"{tasks} {body}")
    assert ({"performance/sync-over-async", "performance/blocking-call-in-async"} & found != set()) is expected


def test_main_may_wait_for_its_tasks() -> None:
    body = "void %s() { Task.Run(async () => await G()).GetAwaiter().GetResult(); }"
    assert "performance/sync-over-async" in labels(CLASS % body % "Load")
    assert "performance/sync-over-async" not in labels(CLASS % body % "Main")
