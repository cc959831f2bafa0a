"""Values that reach a file's name and are none, or cannot lead out of their folder."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import find_language
from graph_model.linking import link_files

LABEL = "security/path-traversal"


def is_proposed(files: dict[str, str], label: str = LABEL) -> bool:
    analyses = []
    for path, text in files.items():
        language = find_language(path)
        assert language is not None
        analyses.append(analyse_file(path, text.encode(), language))
    return any(c.label == label for found in link_files(analyses).values() for c in found)


FASTAPI = """from fastapi import APIRouter
from fastapi.responses import FileResponse
from kinds import Kind

router = APIRouter()


@router.get("/files%s")
def get(name: %s):
    return FileResponse("files/" + name)
"""


@pytest.mark.parametrize(
    ("route", "declared", "found"),
    [
        ("/{name}", "str", False),
        ("/{name:str}", "str", False),
        ("/{name:path}", "str", True),
        ("/{other}", "str", True),
        ("", "str", True),
        ("", "Kind", False),
    ],
)
def test_a_parameter_of_one_segment_has_no_separator(route: str, declared: str, found: bool) -> None:
    kinds = "from enum import Enum\n\n\nclass Kind(str, Enum):\n    a = 'a'\n"
    assert is_proposed({"m.py": FASTAPI % (route, declared), "kinds.py": kinds}) is found


FLASK = 'import os\nfrom flask import Flask\napp = Flask("a")\n@app.get("/a/%s")\ndef a(name):\n    %s\n'


@pytest.mark.parametrize(
    ("route", "found"),
    [("<name>", False), ("<string:name>", False), ("<string(length=2):name>", False), ("<path:name>", True)],
)
def test_flask_says_by_its_converter_what_a_parameter_holds(route: str, found: bool) -> None:
    text = FLASK % (route, 'return open("a/" + name).read()')
    assert is_proposed({"m.py": text}) is found


def test_one_segment_harms_a_command_all_the_same() -> None:
    text = FLASK % ("<name>", 'os.system("ls " + name)')
    assert is_proposed({"m.py": text}, "security/command-injection")


@pytest.mark.parametrize(
    ("expression", "found"),
    [("io.BytesIO(x)", False), ("x", True), ("'a/' + x", True), ("request.files['f'].filename", True)],
)
def test_a_stream_is_no_path(expression: str, found: bool) -> None:
    text = (
        "import io, zipfile\nfrom flask import Flask, request\napp = Flask('a')\n@app.post('/a')\ndef a():\n"
        f"    x = request.args['x']\n    given = {expression}\n    return zipfile.ZipFile(given)\n"
    )
    assert is_proposed({"m.py": text}) is found


CODE = "security/code-injection"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('module.exports = (req, res) => { new Function("a", req.query.x); };', True),
        (
            "const make = (req: any) => { const Ctor = req.kind as new (a: any) => Function; new Ctor(req.query.x); };",
            False,
        ),
        ("export const wrap = (act: Function) => (...args: any[]) => (act || String)(...args);", False),
    ],
)
def test_only_the_function_constructor_runs_text(text: str, found: bool) -> None:
    assert is_proposed({"m.ts": text}, CODE) is found


@pytest.mark.parametrize(
    ("collection", "found"),
    [
        ("os.listdir('a')", False),
        ("[n for n in os.listdir()]", False),
        ("[request.args['n']]", True),
        ("name", True),
    ],
)
def test_one_of_the_programs_own_names_is_no_way_out(collection: str, found: bool) -> None:
    body = f"those = {collection}\n    if name in those:\n        return open('a/' + name).read()"
    text = "from flask import request\n" + FLASK % ("<path:name>", body)
    assert is_proposed({"m.py": text}) is found


KOA = """import Router from "@koa/router";
import send from "koa-send";
import { languages } from "./languages";

const router = new Router();

router.get("/:name", async (ctx) => {
  const { name } = ctx.params;
  if (%s) {
    return;
  }
  await send(ctx, name, { root: "/srv" });
});
"""


@pytest.mark.parametrize(
    ("condition", "found"),
    [("!languages.includes(name)", False), ("languages.includes(name)", True), ("!name.includes(languages)", True)],
)
def test_one_of_an_imported_list_is_no_way_out(condition: str, found: bool) -> None:
    assert is_proposed({"m.js": KOA % condition}) is found


CSHARP = """using Microsoft.AspNetCore.Mvc;
public class A : ControllerBase {
  [HttpGet] public object Get(string name) { return System.IO.File.ReadAllText("a/" + %s); }
}
"""


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("name", True),
        ('name.Replace(".", string.Empty)', False),
        ('name.Replace("..", "")', False),
        ('"" + System.IO.Path.Combine("b", name.Replace("..", ""))', True),
        ('$"b/{name.Replace(".", string.Empty)}.csv"', False),
        ('name.Replace("-", "_")', True),
        ('name.Replace("-", "..")', True),
    ],
)
def test_a_name_without_dots_does_not_lead_upwards(expression: str, found: bool) -> None:
    assert is_proposed({"A.cs": CSHARP % expression}) is found


@pytest.mark.parametrize(("method", "found"), [("replace", True), ("replaceAll", False)])
def test_javascript_replaces_the_first_only(method: str, found: bool) -> None:
    read = f'fs.readFileSync("a/" + req.query.n.{method}(".", ""))'
    text = f'const fs = require("fs");\nmodule.exports = (req, res) => {read};\n'
    assert is_proposed({"m.js": text}) is found


@pytest.mark.parametrize(("table", "found"), [("errorcode", False), ("name", True)])
def test_one_of_an_imported_tables_values_is_no_way_out(table: str, found: bool) -> None:
    body = f"if name not in {table}.values():\n        return\n    return open('a/' + name).read()"
    text = "from errno import errorcode\n" + FLASK % ("<path:name>", body)
    assert is_proposed({"m.py": text}) is found
