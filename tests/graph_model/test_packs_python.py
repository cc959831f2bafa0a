"""The Python packs: they load, speak of known labels only, and their patterns mean something to the index."""

import ast
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from graph_model.catalogue import load_catalogue
from graph_model.packs.loading import PackIndex, load_index, load_packs
from graph_model.packs.model import ApiRole, Condition, Pack, Role

LABELS = frozenset(label.id for label in load_catalogue())
KINDS = frozenset(
    {"http-parameter", "http-header", "http-body", "cookie", "file-upload", "url", "command-line", "environment"}
    | {"stdin", "file", "network", "database", "message", "archive-entry", "exception"}
)
# Labels that say something about a project's own code, or of other languages: no Python API has such a role.
STRUCTURAL = frozenset(
    {"security/prototype-pollution", "security/dom-cross-site-scripting", "security/missing-authorization"}
    | {"security/check-after-use", "security/timing-comparison"}
    | {"performance/client-side-filter", "performance/string-concatenation-in-loop", "performance/nested-loop-join"}
    | {"correctness/mutable-default-argument"}
)
PACKS = load_packs("python")


@pytest.fixture(scope="module")
def index() -> PackIndex:
    return load_index("python")


def conditions(pack: Pack) -> Iterator[Condition]:
    for api in pack.apis:
        yield from api.when
    for prop in pack.properties:
        yield from prop.when


def identity(role: ApiRole) -> tuple[object, ...]:
    return (role.pattern, role.role, role.label, role.kind, role.args, role.neutralises, role.when)


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_labels_of_a_pack_are_in_the_catalogue(pack: Pack) -> None:
    named = {api.label for api in pack.apis if api.label} | {prop.label for prop in pack.properties}
    named |= {label for api in pack.apis for label in api.neutralises if not label.endswith("*")}
    named |= {example.label for example in pack.examples}
    assert named <= LABELS


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_roles_carry_what_they_need(pack: Pack) -> None:
    for api in pack.apis:
        assert (api.role is not Role.SOURCE) or api.kind in KINDS, api
        assert (api.role not in (Role.SANITISER, Role.VALIDATOR)) or api.neutralises, api
        assert (api.role is not Role.RESOURCE) or api.release, api
        assert (api.role is not Role.LOCK) or api.release, api
        assert (api.role is not Role.EXPENSIVE) or api.kind in ("", "object"), api
    assert all(entry.kind in KINDS for entry in pack.entries)


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_patterns_are_well_formed(pack: Pack) -> None:
    form = re.compile(r"(\*\.[\w.]+|~\w+\.(\w+|\*)|[A-Za-z_]\w*(\.\w+)*(\.\*)?)(\(\))?")
    wrong = [api.pattern for api in pack.apis if not form.fullmatch(api.pattern)]
    assert not wrong
    assert not [api.pattern for api in pack.apis if api.pattern.startswith("*.") and "." in api.pattern[2:]]


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_hints_are_long_enough_to_mean_something(pack: Pack) -> None:
    hints = {api.pattern[1:].rpartition(".")[0] for api in pack.apis if api.pattern.startswith("~")}
    assert {hint for hint in hints if len(hint) < 3} <= {"db", "df", "qs", "tf", "tx", "re", "bp", "s3", "fp", "fh"}


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_expressions_of_conditions_compile(pack: Pack) -> None:
    for condition in conditions(pack):
        for text in (condition.matches, condition.not_matches):
            re.compile(text or "")


def test_no_role_is_given_twice() -> None:
    counted = Counter(identity(api) for pack in PACKS for api in pack.apis)
    assert not [key[:3] for key, times in counted.items() if times > 1]


def test_pack_ids_are_unique() -> None:
    counted = Counter(pack.id for pack in PACKS)
    assert not [pack for pack, times in counted.items() if times > 1]


def test_a_type_has_one_meaning_in_all_packs() -> None:
    meanings: dict[str, set[str]] = {}
    for pack in PACKS:
        for name, value in (*pack.types.items(), *pack.aliases.items()):
            meanings.setdefault(name, set()).add(value)
    assert not {name: values for name, values in meanings.items() if len(values) > 1}


def test_an_alias_leads_to_a_name_of_its_own(index: PackIndex) -> None:
    assert not [name for name, target in index.aliases.items() if index.aliases.get(target, target) != target]


def test_aliases_hide_no_role(index: PackIndex) -> None:
    assert not [name for name in index.aliases if name in index.exact]


def test_supertypes_have_no_circle(index: PackIndex) -> None:
    for start in index.supertypes:
        seen, queue = set(), list(index.supertypes[start])
        while queue:
            parent = queue.pop()
            if parent not in seen:
                seen.add(parent)
                queue.extend(index.supertypes.get(parent, ()))
        assert start not in seen


def test_examples_are_python() -> None:
    for pack in PACKS:
        for example in pack.examples:
            assert example.bad, pack.id
            assert example.good, pack.id
            for text in (*example.bad, *example.good):
                ast.parse(text)


def test_every_label_a_python_api_can_cause_has_a_role_and_an_example() -> None:
    spoken = {api.label for pack in PACKS for api in pack.apis} | {p.label for pack in PACKS for p in pack.properties}
    shown = {example.label for pack in PACKS for example in pack.examples}
    wanted = {label for label in LABELS if label.startswith("security/")} - STRUCTURAL
    assert wanted <= spoken
    assert wanted <= shown
    assert {label for label in LABELS if label.startswith("performance/")} - STRUCTURAL <= shown


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_a_pack_shows_every_label_it_speaks_of(pack: Pack) -> None:
    spoken = {api.label for api in pack.apis if api.label} | {prop.label for prop in pack.properties}
    assert spoken <= {example.label for example in pack.examples}


@pytest.mark.parametrize(
    ("name", "receiver", "role"),
    [
        ("flask.request.args", "", Role.SOURCE),
        ("flask.Request.form", "", Role.SOURCE),
        ("sqlite3.Cursor.execute", "", Role.SINK),
        ("?.execute", "self.db_cursor", Role.SINK),
        ("rest_framework.request.Request.GET", "", Role.SOURCE),
        ("requests.api.get", "", Role.SINK),
        ("http.client.HTTPSConnection.request", "", Role.BLOCKING),
    ],
)
def test_names_find_their_roles(index: PackIndex, name: str, receiver: str, role: Role) -> None:
    assert role in {found.role for found in index.find_roles(name, receiver)}


@pytest.mark.parametrize(("name", "receiver"), [("?.index", "names"), ("?.execute", "command"), ("?.get", "values")])
def test_ordinary_methods_are_no_queries(index: PackIndex, name: str, receiver: str) -> None:
    assert Role.QUERY not in {found.role for found in index.find_roles(name, receiver)}
