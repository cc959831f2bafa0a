"""The JavaScript packs: they load, speak of known labels only, and their patterns mean something to the index."""

import re
from collections import Counter

import pytest

from graph_model.analysis import analyse_file
from graph_model.catalogue import load_catalogue
from graph_model.languages import BY_NAME
from graph_model.linking import link_files
from graph_model.packs.loading import PackIndex, load_index, load_packs
from graph_model.packs.model import ApiRole, Pack, Role

LABELS = frozenset(label.id for label in load_catalogue())
KINDS = frozenset(
    {"http-parameter", "http-header", "http-body", "cookie", "file-upload", "url", "command-line", "environment"}
    | {"stdin", "file", "network", "database", "message", "archive-entry", "exception"}
)
# Labels that say something about a project's own code, or of other languages: no JavaScript API has such a role.
STRUCTURAL = frozenset(
    {"security/check-after-use", "security/timing-comparison", "performance/string-concatenation-in-loop"}
    | {"performance/nested-loop-join", "performance/row-wise-iteration", "performance/sync-over-async"}
    | {"performance/lock-held-during-io", "correctness/mutable-default-argument"}
)
PACKS = load_packs("javascript")
PACK = pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)


@pytest.fixture(scope="module")
def index() -> PackIndex:
    return load_index("javascript")


def identity(role: ApiRole) -> tuple[object, ...]:
    return (role.pattern, role.role, role.label, role.kind, role.args, role.neutralises, role.when)


def find_labels(source: str, *, language: str = "javascript", **others: str) -> list[tuple[str, str]]:
    """(label, anchor text) of every candidate of a file, other files of the project given by name."""
    suffix = BY_NAME[language].suffixes[0]
    texts = {f"src/app{suffix}": source, **{f"src/{name}{suffix}": text for name, text in others.items()}}
    linked = link_files([analyse_file(path, text.encode(), BY_NAME[language]) for path, text in texts.items()])
    return [(c.label, texts[path].encode()[c.start : c.end].decode()) for path in sorted(linked) for c in linked[path]]


@PACK
def test_labels_of_a_pack_are_in_the_catalogue(pack: Pack) -> None:
    named = {api.label for api in pack.apis if api.label} | {prop.label for prop in pack.properties}
    named |= {label for api in pack.apis for label in api.neutralises if not label.endswith("*")}
    named |= {example.label for example in pack.examples}
    assert named <= LABELS


@PACK
def test_roles_carry_what_they_need(pack: Pack) -> None:
    for api in pack.apis:
        assert (api.role is not Role.SOURCE) or api.kind in KINDS, api
        assert (api.role not in (Role.SANITISER, Role.VALIDATOR)) or api.neutralises, api
        assert (api.role is not Role.RESOURCE) or api.release, api
        assert (api.role is not Role.EXPENSIVE) or api.kind in ("", "object"), api
    assert all(entry.kind in KINDS for entry in pack.entries)


@PACK
def test_patterns_are_well_formed(pack: Pack) -> None:
    name = r"[@$\w][\w$@/-]*(\.[\w$/-]+)*"
    form = re.compile(rf"(\*\.[\w$:-]+|~[\w$]*\.([\w$]+|\*)|\?\.\w+|{name}(\.\*)?)")
    wrong = [api.pattern for api in pack.apis if not form.fullmatch(api.pattern)]
    assert not wrong


@PACK
def test_a_pack_shows_every_label_it_speaks_of(pack: Pack) -> None:
    spoken = {api.label for api in pack.apis if api.label} | {prop.label for prop in pack.properties}
    shown = {example.label for example in pack.examples if example.bad and example.good}
    assert spoken - shown == set()


def test_every_label_is_spoken_of_and_shown() -> None:
    spoken = {api.label for pack in PACKS for api in pack.apis} | {p.label for pack in PACKS for p in pack.properties}
    shown = {example.label for pack in PACKS for example in pack.examples}
    wanted = {label for label in LABELS if label.startswith("security/")} - STRUCTURAL
    assert wanted - spoken == set()
    assert wanted - shown == set()
    assert {label for label in LABELS if label.startswith("performance/")} - STRUCTURAL - shown == set()


def test_no_role_is_given_twice() -> None:
    counted = Counter(identity(api) for pack in PACKS for api in pack.apis)
    assert not [key[:3] for key, times in counted.items() if times > 1]


def test_pack_ids_are_unique() -> None:
    assert len({pack.id for pack in PACKS}) == len(PACKS)


def test_a_type_has_one_meaning_in_all_packs() -> None:
    meanings: dict[str, set[str]] = {}
    for pack in PACKS:
        for name, value in pack.types.items():
            meanings.setdefault(name, set()).add(value)
    assert not {name: values for name, values in meanings.items() if len(values) > 1}


def test_aliases_lead_to_names_of_their_own_and_hide_no_role(index: PackIndex) -> None:
    assert not [name for name, target in index.aliases.items() if index.aliases.get(target, target) != target]
    assert not [name for name in index.aliases if name in index.exact]


def test_supertypes_have_no_circle(index: PackIndex) -> None:
    for start in index.supertypes:
        seen: set[str] = set()
        queue = list(index.supertypes[start])
        while queue:
            parent = queue.pop()
            if parent not in seen:
                seen.add(parent)
                queue.extend(index.supertypes.get(parent, ()))
        assert start not in seen


COMMAND = "security/command-injection"
SQL = "security/sql-injection"
XSS = "security/dom-cross-site-scripting"


@pytest.mark.parametrize(
    ("source", "label"),
    [
        ("exports.f = (req, res) => { res.send(req.query.a) }", "security/cross-site-scripting"),
        ("exports.f = ({ body }, res) => { eval(body.code) }", "security/code-injection"),
        ("exports.f = (ctx) => { const { q } = ctx.query; ctx.body = '<p>' + q }", "security/cross-site-scripting"),
        ("exports.f = (req) => db.query('select ' + req.params.id)", SQL),
        ("exports.f = (req) => db.query(`select ${req.body.a.b[0]}`)", SQL),
        ("const run = require('util').promisify(require('child_process').exec); run(process.argv[2])", COMMAND),
        ("const { exec: e } = require('node:child_process'); e(process.env.CMD)", COMMAND),
        ("exports.f = (req) => { const o = {}; o.sql = req.query.a; return db.query(o.sql) }", SQL),
        ("exports.f = (req) => [req.query.a].forEach((x) => db.query('a' + x))", SQL),
        ("document.body.innerHTML = location.hash", XSS),
        ("const el = <a href={location.hash}>x</a>", XSS),
        ("location = 1; window.location = document.referrer", "security/open-redirect"),
        ("ids.forEach(async (id) => { await pool.query('select 1') })", "performance/query-in-loop"),
        ("const f = async (ids) => Promise.all(ids.map((id) => User.findById(id)))", "performance/query-in-loop"),
        ("https.get({ host: 'a', rejectUnauthorized: false })", "security/disabled-certificate-verification"),
    ],
)  # fmt: skip
def test_code_without_types_or_imports_of_the_framework_is_understood(source: str, label: str) -> None:
    assert label in {found for found, _ in find_labels(source)}


@pytest.mark.parametrize(
    ("source", "label"),
    [
        ("exports.f = (req) => db.query('select ?', [req.params.id])", SQL),
        ("exports.f = (req) => db.query({ sql: 'select ?', values: [req.params.id] })", SQL),
        ("import sql from 'sql-template-strings'; exports.f = (req) => db.query(sql`select ${req.params.id}`)", SQL),
        ("exports.f = (req) => { const id = Number(req.params.id); db.query(id) }", SQL),
        ("exports.f = (req) => fetch(`https://a.example.com/${req.query.p}`)", "security/server-side-request-forgery"),
        ("exports.f = (req, res) => res.redirect('/users/' + req.params.id)", "security/open-redirect"),
        ("const el = <a href={`/p/${location.hash}`}>x</a>", XSS),
        ("document.body.textContent = location.hash", XSS),
        ("for (const a of [1, 2]) pool.end()", "performance/query-in-loop"),
        ("const tokens = 1; const index = Math.floor(Math.random() * 6)", "security/weak-random"),
        ("const label = { password: 'Password' }", "security/hardcoded-credentials"),
    ],
)
def test_harmless_code_is_left_alone(source: str, label: str) -> None:
    assert label not in {found for found, _ in find_labels(source)}


def test_flow_through_another_module_is_joined() -> None:
    source = "const { find } = require('./store'); exports.f = (req, res) => find(req.query.name)"
    store = "const db = require('./db'); exports.find = function (name) { return db.query('select ' + name) }"
    assert (SQL, "db.query('select ' + name)") in find_labels(source, store=store)


def test_types_of_nest_controllers_lead_to_the_service() -> None:
    source = """
        import { Controller, Get, Query } from '@nestjs/common';
        import { Search } from './search';
        @Controller() export class C { constructor(private readonly search: Search) {}
          @Get() list(@Query('q') q: string) { return this.search.run(q) } }
    """
    search = """
        import { DataSource } from 'typeorm';
        export class Search { constructor(private readonly db: DataSource) {}
          run(text: string) { return this.db.query(`select '${text}'`) } }
    """
    assert SQL in {label for label, _ in find_labels(source, language="typescript", search=search)}


@pytest.mark.parametrize(
    ("name", "receiver", "role"),
    [
        ("express.Request.query", "", Role.SOURCE),
        ("express-serve-static-core.Request.body", "", Role.SOURCE),
        ("?.query", "req", Role.SOURCE),
        ("child_process.exec", "", Role.SINK),
        ("mysql2/promise.Connection.execute", "", Role.SINK),
        ("?.innerHTML", "", Role.SINK),
        ("dompurify.sanitize", "", Role.SANITISER),
        ("fs-extra.readFileSync", "", Role.BLOCKING),
        ("mongoose.Model.findById", "", Role.QUERY),
        ("pg.PoolClient.query", "", Role.QUERY),
        ("passport.authenticate", "", Role.GUARD),
    ],
)
def test_api_has_its_role(index: PackIndex, name: str, receiver: str, role: Role) -> None:
    assert role in {found.role for found in index.find_roles(index.aliases.get(name, name), receiver)}


@pytest.mark.parametrize(
    ("alias", "name"),
    [("fs.promises", "fs/promises"), ("window.location", "location"), ("globalThis.fetch", "fetch")],
)  # fmt: skip
def test_other_spellings_lead_to_the_same_api(index: PackIndex, alias: str, name: str) -> None:
    assert index.aliases[alias] == name
