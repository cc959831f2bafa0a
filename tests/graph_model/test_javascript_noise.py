"""JavaScript that looks like a weakness and is none, beside what is one: each pair differs in what decides."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import BY_NAME
from graph_model.linking import link_files

_EXPRESS = "const express = require('express');\nconst app = express();\n"
_TEMPLATE, _POLLUTION = "security/template-injection", "security/prototype-pollution"
_MARKUP, _CODE = "security/dom-cross-site-scripting", "security/code-injection"


def find(text: str, label: str) -> list[str]:
    linked = link_files([analyse_file("m.js", text.encode(), BY_NAME["javascript"])])
    return [text.encode()[c.start : c.end].decode() for c in linked["m.js"] if c.label == label]


def handler(body: str) -> str:
    return f"{_EXPRESS}app.get('/', async (req, res) => {{\n{body}\n}});\n"


HARMLESS = {
    "a key beside the settings": (_TEMPLATE, handler("const d = {};\nd.page = req.query.p;\nres.render('ü', d);")),
    "spread keys": (_TEMPLATE, handler("const d = { q: req.query.q };\nres.render('a', { ...d, n: 1 });")),
    "joined keys": (_TEMPLATE, handler("res.render('a', Object.assign({}, { q: req.query.q }));")),
    "a record found by it": (_TEMPLATE, handler("const d = await topics.load(req.params.id);\nres.render('a', d);")),
    "a prefix": (_POLLUTION, handler("const m = maps[req.query.m];\nm[`by_${req.query.k}`] = 1;")),
    "a suffix": (_POLLUTION, handler("const m = maps[req.query.m];\nm[req.query.k + '_at'] = 1;")),
    "another method of this name": (
        _POLLUTION,
        "async function render(req, res, data) {\n  data[req.query.k] = 1;\n  res.render('a', data);\n}\n"
        + handler("render(req, res, {});"),
    ),
    "a fragment as it is": (_MARKUP, "import $ from 'jquery';\n$(`${window.location.hash}`).show();\n"),
    "a callback's parameter": (
        _MARKUP,
        "import $ from 'jquery';\nexport const open = () => load('a', {}, function (html) { $('b').append(html); });\n",
    ),
    "a server's answer": (
        _MARKUP,
        (
            "import $ from 'jquery';\nimport { get } from 'api';\nexport async function f() {\n"
            "  const d = await get(`/search?q=${$('#q').val()}`);\n  $('#l').html(d.html);\n}\n"
        ),
    ),
    "a sum": (
        _CODE,
        "const { promisify } = require('util');\nconst nap = promisify(setTimeout);\nnap(2500 + (random(5) - 250));\n",
    ),
    "requests of a page": (
        "security/server-side-request-forgery",
        "export const f = () => fetch(location.search.slice(1));\n",
    ),
    "an entity tag": (
        "security/weak-hash",
        (
            "const c = require('crypto');\nexports.f = (req, res) => "
            "res.set('ETag', `\"${c.createHash('md5').update(req.query.v).digest('hex')}\"`);\n"
        ),
    ),
    "a password typed twice": (
        "security/timing-comparison",
        handler("const u = req.body;\nif (u.password !== u['password-confirm']) { res.end(); }"),
    ),
    "which of the rows": (
        "security/timing-comparison",
        handler("const all = await rows(req.query.token);\nsend(all.find((r) => r.token === req.query.token));"),
    ),
    "a column": ("security/hardcoded-key", "exports.f = () => db.find({ omit: { privateKey: true } });\n"),
    "an error as JSON": (
        "security/error-exposure",
        handler("try { await f(); } catch (err) {\nres.status(500).json({ error: err });\n}"),
    ),
}
HARMFUL = {
    "a setting by its name": (_TEMPLATE, handler("res.render('a', { layout: req.query.layout });")),
    "all of a request": (_TEMPLATE, handler("res.render('ü', req.query);")),
    "all of a request, spread": (_TEMPLATE, handler("res.render('a', { ...req.query, n: 1 });")),
    "a setting stored": (_TEMPLATE, handler("const d = {};\nd.layout = req.query.l;\nres.render('a', d);")),
    "a whole key": (_POLLUTION, handler("const m = maps[req.query.m];\nm[req.query.k] = 1;")),
    "a fragment without its sign": (
        _MARKUP,
        "import $ from 'jquery';\n$(decodeURIComponent(location.hash.slice(1))).show();\n",
    ),
    "an open parameter": (_MARKUP, "import $ from 'jquery';\nexport function open(html) { $('b').append(html); }\n"),
    "text": (_CODE, "const go = (name) => setTimeout('run(' + name + ')', 10);\nexports.go = go;\n"),
    "a password compared": (
        "security/timing-comparison",
        handler("const u = await load(1);\nif (u.password !== req.body.password) { res.end(); }"),
    ),
    "a key": ("security/hardcoded-key", "exports.f = () => sign({ privateKey: 'c7a9d2e4f6b81357' });\n"),
    "a stack": (
        "security/error-exposure",
        handler("try { await f(); } catch (err) {\nres.status(500).json({ error: err.stack });\n}"),
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_does_no_harm_is_no_candidate(name: str) -> None:
    label, text = HARMLESS[name]
    assert find(text, label) == []


@pytest.mark.parametrize("name", HARMFUL)
def test_what_does_harm_is_one(name: str) -> None:
    label, text = HARMFUL[name]
    assert find(text, label)


@pytest.mark.parametrize("again", ["o = { ...o, n: 1 };", "for (const x of xs) { o = { ...o, x }; }"])
def test_an_object_that_is_spread_into_itself_keeps_what_it_held(again: str) -> None:
    body = f"let o = {{ layout: req.query.layout }};\n{again}\nres.render('ü', o);"
    assert find(handler(body), _TEMPLATE)
    assert find(handler(body.replace("req.query.layout", "'main'")), _TEMPLATE) == []


def test_a_chain_of_calls_is_told_once() -> None:
    text = (
        "const c = require('crypto');\nconst f = (password) => c.createHash('sha512').update(password).digest('hex');\n"
    )
    assert find(text, "security/weak-password-hash") == ["c.createHash('sha512').update(password)"]
