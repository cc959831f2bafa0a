"""Value flow in C#: what its own constructs carry on, and calls through interfaces, other files and base classes."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.candidates.model import Candidate
from graph_model.languages import BY_NAME
from graph_model.linking import link_files

ACTION = """
using System;
using System.Diagnostics;
using System.Linq;
using Microsoft.AspNetCore.Mvc;

namespace Shop.Web;

public class RunController : Controller
{{
    [HttpPost]
    public IActionResult Run(string text, int number)
    {{
        {body}
        return Ok();
    }}
}}

public class Order
{{
    public string Name {{ get; set; }}
    public string Upper => Name.ToUpper();
}}
"""


def link(*sources: str) -> list[Candidate]:
    language = BY_NAME["csharp"]
    analyses = [analyse_file(f"src/File{i}.cs", source.encode(), language) for i, source in enumerate(sources)]
    return [candidate for found in link_files(analyses).values() for candidate in found]


def commands(*sources: str) -> list[Candidate]:
    return [candidate for candidate in link(*sources) if candidate.label == "security/command-injection"]


@pytest.mark.parametrize(
    "body",
    [
        'Process.Start("sh", text);',
        'Process.Start("sh", $"-c {text}");',
        'Process.Start("sh", string.Format("-c {0}", text));',
        'var line = "-c "; line += text; Process.Start("sh", line);',
        'Process.Start("sh", text ?? "");',
        'Process.Start(fileName: "sh", arguments: text);',
        'if (text is string given) Process.Start("sh", given);',
        'var given = text is { Length: > 1 } some ? some : ""; Process.Start("sh", given);',
        'var chosen = text switch { "a" => "b", var other => other }; Process.Start("sh", chosen);',
        "foreach (var part in text.Split(',')) Process.Start(\"sh\", part);",
        "var all = from p in text.Split(',') where p.Length > 1 select p.Trim(); Process.Start(\"sh\", all.First());",
        'var (first, second) = (text, 1); Process.Start("sh", first);',
        'var order = new Order { Name = text }; Process.Start("sh", order.Name);',
        'string Wrap(string s) => "-c " + s; Process.Start("sh", Wrap(text));',
        'Func<string, string> wrap = s => "-c " + s; Process.Start("sh", wrap(text));',
        'var start = new ProcessStartInfo("sh") { Arguments = text }; Process.Start(start);',
        'var start = new ProcessStartInfo(); start.FileName = "sh"; start.Arguments = text; Process.Start(start);',
        'if (Request.Headers.TryGetValue("X", out var header)) Process.Start("sh", header);',
        'using (var process = Process.Start("sh", text)) { process.WaitForExit(); }',
        'switch (number) { case 1: case 2: Process.Start("sh", text); break; default: break; }',
        'try { throw new Exception(); } catch (Exception e) when (number > 1) { Process.Start("sh", text); }',
        'lock (this) { Process.Start("sh", Request.Query["a"]); }',
        'Process.Start("sh", base.Request.Form["a"]);',
    ],
)
def test_foreign_text_reaches_the_sink(body: str) -> None:
    assert commands(ACTION.format(body=body))


@pytest.mark.parametrize(
    "body",
    [
        'Process.Start("sh", number.ToString());',
        'if (int.TryParse(text, out var value)) Process.Start("sh", $"{value}");',
        'Process.Start("sh", text == "a" ? "b" : "c");',
        'Process.Start("sh", nameof(text));',
        'Process.Start("sh", text.Length.ToString());',
        'if (text == "restart") { Process.Start("sh", text); }',
        'var start = new ProcessStartInfo("ls"); start.ArgumentList.Add(text); Process.Start(start);',
        'Process.Start("sh", string.Empty);',
    ],
)
def test_harmless_values_do_not(body: str) -> None:
    assert not commands(ACTION.format(body=body))


CONTROLLER = """
using Microsoft.AspNetCore.Mvc;
using Shop.Services;

namespace Shop.Web;

public class ToolController : Controller
{
    private readonly ITool _tool;

    public ToolController(ITool tool) => _tool = tool;

    [HttpPost]
    public IActionResult Run(string text)
    {
        _tool.Run(text);
        return Ok();
    }
}
"""
INTERFACE = "namespace Shop.Services; public interface ITool { void Run(string arguments); }"
TOOL = """
using System.Diagnostics;

namespace Shop.Services;

public class Tool(string program) : ITool
{
    public void Run(string arguments) => Process.Start(program, arguments);
}
"""


@pytest.mark.parametrize("files", [(CONTROLLER, INTERFACE, TOOL), (TOOL, CONTROLLER), (INTERFACE, TOOL, CONTROLLER)])
def test_a_call_through_an_interface_reaches_the_class_that_implements_it(files: tuple[str, ...]) -> None:
    paths = {step.path for candidate in commands(*files) for step in candidate.steps}
    assert len(paths) == 2


def test_a_class_in_another_namespace_is_found_by_its_name() -> None:
    controller = CONTROLLER.replace("ITool", "Tool")
    found = commands(controller, TOOL)
    assert {step.path for candidate in found for step in candidate.steps} == {"src/File0.cs", "src/File1.cs"}


def test_members_of_an_unknown_base_controller_are_those_of_the_framework() -> None:
    source = ACTION.format(body='Process.Start("sh", Request.Query["a"]);').replace(": Controller", ": ShopController")
    assert commands(source)


def test_a_private_method_of_a_controller_is_no_entry() -> None:
    source = ACTION.format(body="").replace("[HttpPost]\n    public", "private")
    assert not [c for c in link(source) if c.label.startswith("security/")]


KINDS = "namespace Shop.Data; public enum Kind { Small, Large }"
LINES = """
namespace Shop.Data;
public class Lines
{
    public string Join(string text) => "-c " + text;
    public string Pick(string text) { if (text == "all") return "a"; return "b"; }
    public int Count(string text) => text.Length;
}
"""


@pytest.mark.parametrize(
    ("parameter", "body", "expected"),
    [
        ("string kind", 'Process.Start("sh", kind.ToString());', 1),
        ("Kind kind", 'Process.Start("sh", kind.ToString());', 0),
        ("Kind? kind", 'Process.Start("sh", $"-c {kind}");', 0),
        ("string text", 'Process.Start("sh", new Lines().Join(text));', 1),
        ("string text", 'Process.Start("sh", new Lines().Pick(text));', 0),
        ("string text", 'Process.Start("sh", "-n " + new Lines().Count(text));', 0),
        ("string text", 'int n = Parsed(text); Process.Start("sh", "-n " + n);', 0),
        ("string text", 'string n = Parsed(text); Process.Start("sh", "-n " + n);', 1),
        ("IOrderRepository orders", 'Process.Start("sh", orders.First());', 0),
        ("IEnumerable<string> orders", 'Process.Start("sh", orders.First());', 1),
        ("string text", 'Process.Start("sh", Wrap(text));', 1),
        ("string text", 'Process.Start("sh", Choose(text));', 0),
    ],
)
def test_types_and_callees_say_what_a_value_can_carry(parameter: str, body: str, expected: int) -> None:
    source = f"""
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Microsoft.AspNetCore.Mvc;
using Shop.Data;

namespace Shop.Web;

public class RunController : Controller
{{
    [HttpPost]
    public IActionResult Run({parameter})
    {{
        {body}
        return Ok();
    }}

    private static string Wrap(string given) => "<" + given + ">";

    private static string Choose(string given) => given == "a" ? "x" : "y";
}}
"""
    assert len(commands(source, KINDS, LINES)) == expected


def test_bare_call_never_makes_the_object_of_a_known_type() -> None:
    source = """
namespace Shop.Web;

public static partial class Links
{
    public static string Absolute(string slug) => "https://shop.example" + Url(slug);
}
"""
    assert [c for c in link(source) if c.label == "security/server-side-request-forgery"] == []


def test_parameter_that_only_tests_fill_stays_open() -> None:
    handler = """
using System.Diagnostics;

namespace Shop.Web;

public class Runner
{
    public void Handle(string text) => Process.Start("sh", text);
}
"""
    test = """
using Xunit;

namespace Shop.Tests;

public class RunnerTests
{
    [Fact]
    public void Runs() => new Shop.Web.Runner().Handle("date");
}
"""
    language = BY_NAME["csharp"]
    analyses = [
        analyse_file(path, text.encode(), language)
        for path, text in (("src/Runner.cs", handler), ("tests/RunnerTests.cs", test))
    ]
    assert [c.label for c in link_files(analyses)["src/Runner.cs"]] == ["security/command-injection"]
