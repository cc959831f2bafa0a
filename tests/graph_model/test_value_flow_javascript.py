"""What JavaScript asks of name resolution and value flow: destructuring, modules, promises, markup."""

import pytest

from graph_model.entries import find_entries
from graph_model.languages import BY_NAME, load_table
from graph_model.names import Resolver
from graph_model.packs.loading import PackIndex, build_index, parse_pack
from graph_model.program import build_program
from graph_model.syntax import parse_tree

_PACK = """
[pack]
id = "javascript/sample"
language = "javascript"
[types]
"crypto.createHash" = "crypto.Hash"
"crypto.Hash.update" = "crypto.Hash"
"util.promisify" = "$0()"
"child_process.exec" = "child_process.ChildProcess"
"sample" = "sample.App"
[[entry]]
callback_of = ["sample.App.get"]
[entry.param_types]
err = "Error"
req = "sample.Request"
res = "sample.Response"
0 = "sample.Request"
1 = "sample.Response"
[[entry]]
anywhere = true
[entry.param_types]
req = "sample.Request"
res = "sample.Response"
[[entry]]
[entry.param_types]
sample = "sample.App"
[[api]]
match = ["sample.Request.body"]
role = "source"
kind = "http-body"
"""


def _index() -> PackIndex:
    return build_index([parse_pack(_PACK, "sample")])


def _callees(source: str, language: str = "javascript") -> list[str]:
    """The resolved name of every call, unit by unit."""
    program = build_program("src/app.js", BY_NAME[language], parse_tree(source.encode(), load_table(BY_NAME[language])))
    resolver = Resolver(program, _index())
    find_entries(program, resolver, program.units)
    return [
        resolver.callee(call, unit, stmt)
        for unit in program.units
        for stmt, calls in enumerate(unit.flow.calls)
        for call in calls
    ]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("const { createHash } = require('crypto'); createHash('md5')", "crypto.createHash"),
        ("const { createHash } = require('node:crypto'); createHash('md5').update(x)", "crypto.Hash.update"),
        ("const hash = require('crypto').createHash; hash('md5')", "crypto.createHash"),
        ("const crypto = require('crypto'); const { createHash: h } = crypto; h('md5')", "crypto.createHash"),
        ("const fs = await import('node:fs'); fs.unlink(p)", "fs.unlink"),
        ("const { default: got } = await import('got'); got(u)", "got"),
        (
            "const { exec } = require('child_process'); const run = require('util').promisify(exec); run(c)",
            "child_process.exec",
        ),
        (
            "import { promisify } from 'util'; import fs from 'fs'; const read = promisify(fs.readFile); read(c)",
            "fs.readFile",
        ),
    ],
)
def test_last_call_resolves_through_destructuring_and_modules(source: str, name: str) -> None:
    assert _callees(source)[-1] == name


@pytest.mark.parametrize(
    ("handler", "name"),
    [
        ("(req, res) => { res.send(1) }", "sample.Response.send"),
        ("(a, b) => { b.send(1) }", "sample.Response.send"),
        ("(err, req, res, next) => { res.send(1) }", "sample.Response.send"),
        ("({ app }, res) => { app.log(1) }", "sample.Request.app.log"),
    ],
)
def test_handler_parameters_are_typed_by_name_before_position(handler: str, name: str) -> None:
    assert _callees(f"const app = require('sample')(); app.get('/', {handler})")[-1] == name


@pytest.mark.parametrize(
    "handler", ["({ body }, res) => f(body)", "({ body: { id } }, res) => f(id)", "({ body = {} }, res) => f(body)"]
)
def test_destructured_parameter_is_foreign_where_its_key_is(handler: str) -> None:
    source = f"const app = require('sample')(); app.get('/', {handler})"
    program = build_program(
        "src/app.js", BY_NAME["javascript"], parse_tree(source.encode(), load_table(BY_NAME["javascript"]))
    )
    sources, _ = find_entries(program, Resolver(program, _index()), program.units)
    assert [found for _, found in sources.items()] == [("sample.Request.body", "http-body")]


def test_storing_into_an_outer_variable_does_not_make_it_local() -> None:
    assert _callees("function f(x) { document.write(x) }") == ["document.write"]


@pytest.mark.parametrize(
    ("source", "is_entry"),
    [
        ("exports.f = (req, res) => res.send(1)", True),
        ("exports.f = ({ query }, res) => res.send(query)", True),
        ("exports.f = (req) => req.send(1)", False),
        ("const s = require('@sample/core'); exports.f = (sample) => 1", True),
        ("import s from 'sample'; export const f = (sample) => 1", True),
        ("exports.f = (sample) => 1", False),
    ],
)
def test_conventional_parameter_names_make_an_entry(source: str, *, is_entry: bool) -> None:
    program = build_program(
        "a.js", BY_NAME["javascript"], parse_tree(source.encode(), load_table(BY_NAME["javascript"]))
    )
    _, entries = find_entries(program, Resolver(program, _index()), program.units)
    assert bool(entries) is is_entry
