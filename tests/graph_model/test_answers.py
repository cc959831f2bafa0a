"""Answers that no browser takes for markup."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import find_language
from graph_model.linking import link_files

LABEL = "security/cross-site-scripting"


def is_proposed(path: str, text: str, label: str = LABEL) -> bool:
    language = find_language(path)
    assert language is not None
    return any(c.label == label for c in link_files([analyse_file(path, text.encode(), language)])[path])


JAX_RS = """package a;
import javax.ws.rs.GET;
import javax.ws.rs.Path;
import javax.ws.rs.Produces;
import javax.ws.rs.QueryParam;
import javax.ws.rs.core.MediaType;
import javax.ws.rs.core.Response;
@Path("/a")
{cls}public class A {{
  @GET
  {method}
  public Response get(@QueryParam("x") String x) {{
    return Response.ok("no " + x).build();
  }}
}}
"""


@pytest.mark.parametrize(
    ("cls", "method", "found"),
    [
        ("", "", True),
        ("", '@Produces("text/html")', True),
        ("", "@Produces(MediaType.TEXT_HTML)", True),
        ("", "@Produces({MediaType.APPLICATION_JSON, MediaType.TEXT_HTML})", True),
        ("", "@Produces(MediaType.APPLICATION_JSON)", False),
        ("", "@Produces(TEXT_PLAIN)", False),
        ("@Produces(MediaType.APPLICATION_JSON)\n", "", False),
        ("@Produces(MediaType.APPLICATION_JSON)\n", "@Produces(MediaType.TEXT_HTML)", True),
    ],
)
def test_a_resource_says_what_it_produces(cls: str, method: str, found: bool) -> None:
    assert is_proposed("A.java", JAX_RS.format(cls=cls, method=method)) is found


def test_a_helper_answers_as_the_resources_around_it_do() -> None:
    text = JAX_RS.format(cls="", method="@Produces(%s)").replace('Response.ok("no " + x).build()', "fail(x)")
    text = (
        text[: text.rindex("}")] + '  private Response fail(String x) { return Response.ok("no " + x).build(); }\n}\n'
    )
    assert is_proposed("A.java", text % '"text/html"')
    assert not is_proposed("A.java", text % "MediaType.APPLICATION_JSON")


SPRING = """package a;
import org.springframework.web.bind.annotation.*;
@RestController
public class A {
  @GetMapping(value = "/a.html"%s)
  public String get(@RequestParam String x) { return "no " + x; }
}
"""


@pytest.mark.parametrize(
    ("produces", "found"),
    [("", True), (', produces = "text/plain"', False), (", produces = MediaType.TEXT_HTML_VALUE", True)],
)
def test_a_mapping_says_what_it_produces(produces: str, found: bool) -> None:
    assert is_proposed("A.java", SPRING % produces) is found


KOA = 'import Koa from "koa";\nconst app = new Koa();\napp.use(async (ctx) => {\n  %s\n});\n'


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('ctx.body = "<p>" + ctx.query.q;', True),
        ('ctx.type = "html"; ctx.body = "<p>" + ctx.query.q;', True),
        ('ctx.type = "text/plain"; ctx.body = "no " + ctx.query.q;', False),
        ('ctx.set("Content-Type", "application/json"); ctx.body = "no " + ctx.query.q;', False),
        ('if (ctx.a) { ctx.type = "text/plain"; } ctx.body = "no " + ctx.query.q;', True),
        ("ctx.body = { q: ctx.query.q };", False),
        ("const data = { q: ctx.query.q }; ctx.body = data;", False),
        ("ctx.body = presentUser(ctx.query.q);", False),
    ],
)
def test_a_statement_says_what_the_answer_is(body: str, found: bool) -> None:
    assert is_proposed("a.js", KOA % body) is found


EXPRESS = 'const express = require("express");\nconst app = express();\napp.get("/", (req, res) => {\n  %s\n});\n'


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("res.send(req.query.q);", True),
        ('res.type("text/plain").send("no " + req.query.q);', False),
        ('res.set("Content-Type", "text/plain"); res.send("no " + req.query.q);', False),
        ('res.writeHead(200, { "Content-Type": "text/plain" }); res.end("no " + req.query.q);', False),
        ("res.send({ q: req.query.q });", False),
    ],
)
def test_express_says_what_the_answer_is(body: str, found: bool) -> None:
    assert is_proposed("a.js", EXPRESS % body) is found


def test_a_switch_gives_what_its_cases_give() -> None:
    text = JAX_RS.format(cls="", method="").replace('"no " + x', '"no " + of(x)')
    helper = 'private String of(String x) { return switch (x) { case "a" -> "b"; default -> %s; }; }\n  @GET'
    assert not is_proposed("A.java", text.replace("@GET", helper % 'throw new A("c" + x)', 1))
    assert is_proposed("A.java", text.replace("@GET", helper % "x", 1))
