"""Which parts of a text decide where an address leads."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import BY_NAME
from graph_model.linking import link_files

_HEAD = "const express = require('express'); const app = express(); const BASE = process.env.BASE;\n"


def labels(statement: str) -> set[str]:
    """The labels proposed for one statement of a handler."""
    source = f"{_HEAD}app.get('/', async (req, res) => {{\n{statement}\n}});\n"
    linked = link_files([analyse_file("m.js", source.encode(), BY_NAME["javascript"])])
    return {candidate.label for candidate in linked["m.js"]}


FIXED = [
    "await fetch(`${BASE}/users/${req.query.id}`);",
    "await fetch('https://shop.example.com/?q=' + req.query.q);",
    "let u = BASE; u += '/users/'; u += req.query.id; await fetch(u);",
    "const u = `${BASE}/ü/${req.query.id}`; await fetch(u);",
    "await fetch('users/' + req.query.id);",
]
LEADING = [
    "await fetch(req.query.url);",
    "await fetch(`https://${req.query.host}/users`);",
    "await fetch(BASE + req.query.rest);",
    "const u = req.query.base + '/users'; await fetch(u);",
    "let u = req.query.base; u += '/users'; await fetch(u);",
]


@pytest.mark.parametrize("statement", FIXED)
def test_data_behind_a_fixed_host_asks_nobody_else(statement: str) -> None:
    assert "security/server-side-request-forgery" not in labels(statement)


@pytest.mark.parametrize("statement", LEADING)
def test_data_that_decides_the_host_is_reported(statement: str) -> None:
    assert "security/server-side-request-forgery" in labels(statement)


def test_the_pages_own_path_leads_nowhere_else() -> None:
    assert "security/dom-cross-site-scripting" not in labels("link.href = location.pathname + '/more';")
    assert "security/dom-cross-site-scripting" not in labels("location.href = location.href.split('?')[0] + '#top';")
    assert "security/dom-cross-site-scripting" in labels("location.href = location.hash.slice(1);")


def test_markup_is_no_address() -> None:
    assert "security/dom-cross-site-scripting" in labels("box.innerHTML = 'to/' + location.hash;")


def test_only_an_object_that_was_looked_up_may_be_a_prototype() -> None:
    pollution = "security/prototype-pollution"
    assert pollution not in labels("const list = {}; list[req.body.id] = req.body.value;")
    assert pollution in labels("const list = {}; list[req.body.id][req.body.key] = req.body.value;")
    assert pollution in labels("let at = {}; for (const k of req.body.path) { at = at[k]; } at[req.body.key] = 1;")


def test_operators_do_not_attack_themselves() -> None:
    assert (
        labels("console.log(process.argv[2]); await fetch(process.env.BASE);")
        & {
            "security/log-injection",
            "security/server-side-request-forgery",
        }
        == set()
    )
    assert "security/log-injection" in labels("console.log(`for ${req.query.name}`);")


def test_what_a_database_holds_brings_no_query_operators() -> None:
    head = "const db = new (require('mongodb').MongoClient)(BASE).db(); const c = db.collection('a');"
    stored = f"{head} const rows = await c.find({{}}).toArray(); await c.deleteOne({{ _id: rows[0]._id }});"
    assert "security/nosql-injection" not in labels(stored)
    assert "security/nosql-injection" in labels(f"{head} await c.deleteOne({{ _id: req.body.id }});")
