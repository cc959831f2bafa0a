"""Calls that look a stored record up, by their names, and what flows through them."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import find_language
from graph_model.linking import link_files
from graph_model.lookups import is_lookup


@pytest.mark.parametrize(
    "name",
    [
        "@server/models.Attachment.findByPk",
        "shop.UserRepository.findById",
        "app.models.Team.objects.get",
        "users.get_user_by_email",
        "self.repos.users.get_one",
        "userDao.load",
        "org.acme.QueryManager.getProject",
        "db.query",
        "prisma.link.findMany",
        "django.shortcuts.get_object_or_404",
        "Team.query.filter_by",
        "Team.query.filter_by().first_or_404",
        "_unitOfWork.SeriesRepository.GetSeriesByIdAsync",
        "IUserResolver.FindByIdAsync",
    ],
)
def test_a_lookup_is_told_by_its_name(name: str) -> None:
    assert is_lookup(name)


@pytest.mark.parametrize(
    "name",
    [
        "getParameterByName",
        "urls.get_query_value",
        "tools.findFile",
        "json.loads",
        "schema.load",
        "storage.getPath",
        "getByPath",
        "repo.get_file",
        "load",
        "fetch",
        "",
    ],
)
def test_what_may_hold_its_argument_is_no_lookup(name: str) -> None:
    assert not is_lookup(name)


def is_proposed(files: dict[str, str], label: str) -> bool:
    """Whether any candidate of a label is found in a project given as path -> text."""
    analyses = []
    for path, text in files.items():
        language = find_language(path)
        assert language is not None
        analyses.append(analyse_file(path, text.encode(), language))
    return any(c.label == label for found in link_files(analyses).values() for c in found)


PYTHON = (
    "from flask import Flask, redirect, request\nimport os, store\nfrom store import find_user_by_id\n"
    "app = Flask('a')\n"
)
HANDLER = PYTHON + "@app.get('/a')\ndef a():\n    x = request.args['x']\n    return redirect({})\n"


@pytest.mark.parametrize(
    "expression", ["find_user_by_id(x).url", "store.user_repository.get(x).url", "store.repos.users.get_one(x)['url']"]
)
def test_a_stored_record_is_not_what_chose_it(expression: str) -> None:
    assert not is_proposed({"m.py": HANDLER.format(expression)}, "security/open-redirect")


def test_what_is_no_lookup_passes_its_argument_on() -> None:
    assert is_proposed({"m.py": HANDLER.format("store.make_url(x)")}, "security/open-redirect")


def test_a_linked_function_is_believed_for_what_it_returns() -> None:
    files = {"m.py": HANDLER.format("find_user_by_id(x)"), "store.py": "def find_user_by_id(x):\n    return x\n"}
    assert is_proposed(files, "security/open-redirect")
    files["store.py"] = "def find_user_by_id(x):\n    return db.query(User).get(x)\n"
    assert not is_proposed(files, "security/open-redirect")


KOA = """import Router from "@koa/router";
import { Attachment } from "@server/models";

const router = new Router();

router.get("/leave", async (ctx) => {
  const attachment = await Attachment.%s;
  ctx.redirect(attachment.url);
});
"""


@pytest.mark.parametrize(
    "lookup", ["findByPk(ctx.query.id)", "findById(ctx.query.id)", "scope('a').findOne(ctx.query)"]
)
def test_a_model_gives_what_is_stored(lookup: str) -> None:
    assert not is_proposed({"m.js": KOA % lookup}, "security/open-redirect")


JAVA = """package a;
import javax.servlet.http.*;
import java.sql.*;
public class A extends HttpServlet {
  private UserRepository users;
  protected void doGet(HttpServletRequest request, HttpServletResponse response) throws Exception {
    response.sendRedirect(%s);
  }
}
"""


def test_a_repository_gives_what_is_stored() -> None:
    assert not is_proposed(
        {"A.java": JAVA % 'users.findByToken(request.getParameter("t")).getUrl()'}, "security/open-redirect"
    )
    assert is_proposed({"A.java": JAVA % 'users.toUrl(request.getParameter("t")).getUrl()'}, "security/open-redirect")


EXPRESS = """const express = require("express");
const mysql = require("mysql2");
const app = express();
const db = mysql.createConnection({});

app.get("/", async (req, res) => {
  const [row] = await db.query("select name from a where id = ?", [req.query.id]);
  res.send("<p>" + %s);
});
"""


@pytest.mark.parametrize(("shown", "found"), [("row.name", False), ("req.query.id", True)])
def test_what_is_stored_is_not_claimed_to_be_markup(shown: str, found: bool) -> None:
    assert is_proposed({"m.js": EXPRESS % shown}, "security/cross-site-scripting") is found


@pytest.mark.parametrize(("given", "found"), [("req.body.name", True), ("req.hostname", False)])
def test_text_holds_no_query_operators(given: str, found: bool) -> None:
    text = (
        'const express = require("express");\nconst { MongoClient } = require("mongodb");\nconst app = express();\n'
        'const users = new MongoClient("mongodb://db").db("a").collection("users");\n'
        f'app.post("/", async (req, res) => {{\n  res.json(await users.findOne({{ name: {given} }}));\n}});\n'
    )
    assert is_proposed({"m.js": text}, "security/nosql-injection") is found
