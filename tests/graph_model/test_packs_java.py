"""The Java packs: they load, speak of known labels only, and their patterns mean something to the index."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from graph_model.catalogue import load_catalogue
from graph_model.languages.java import TABLE
from graph_model.packs.loading import PackIndex, load_index, load_packs
from graph_model.packs.model import ApiRole, Condition, Pack, Role
from graph_model.syntax import parse_tree

LABELS = frozenset(label.id for label in load_catalogue())
KINDS = frozenset(
    {"http-parameter", "http-header", "http-body", "cookie", "file-upload", "url", "command-line", "environment"}
    | {"stdin", "file", "network", "database", "message", "archive-entry", "exception"}
)
# Labels that say something about a project's own code, or of other languages: no Java API has such a role.
STRUCTURAL = frozenset(
    {"security/prototype-pollution", "security/dom-cross-site-scripting", "security/missing-authorization"}
    | {"security/check-after-use", "performance/nested-loop-join", "performance/row-wise-iteration"}
    | {"performance/blocking-call-in-async", "performance/sequential-await-in-loop", "performance/sync-over-async"}
)
PACKS = load_packs("java")


@pytest.fixture(scope="module")
def index() -> PackIndex:
    return load_index("java")


def conditions(pack: Pack) -> Iterator[Condition]:
    for api in pack.apis:
        yield from api.when
    for entry in pack.entries:
        for role in entry.returns:
            yield from role.sink.when


def identity(role: ApiRole) -> tuple[object, ...]:
    return (role.pattern, role.role, role.label, role.kind, role.args, role.neutralises, role.when)


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_labels_of_a_pack_are_in_the_catalogue(pack: Pack) -> None:
    named = {api.label for api in pack.apis if api.label} | {prop.label for prop in pack.properties}
    named |= {label for api in pack.apis for label in api.neutralises if not label.endswith("*")}
    named |= {role.sink.label for entry in pack.entries for role in entry.returns}
    named |= {example.label for example in pack.examples}
    assert named <= LABELS


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_roles_carry_what_they_need(pack: Pack) -> None:
    for api in pack.apis:
        assert (api.role is not Role.SOURCE) or api.kind in KINDS, api
        assert (api.role is not Role.SINK) or api.kind in ("", "request", *KINDS), api
        assert (api.role not in (Role.SANITISER, Role.VALIDATOR)) or api.neutralises, api
        assert (api.role not in (Role.RESOURCE, Role.LOCK)) or api.release, api
        assert (api.role is not Role.EXPENSIVE) or api.kind in ("", "object"), api
    assert all(entry.kind in KINDS for entry in pack.entries)


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_patterns_are_well_formed(pack: Pack) -> None:
    form = re.compile(r"\*\.\w+|~\w+\.(\w+|\*)|[a-z]\w*(\.\w+)*(\.\*)?")
    assert not [api.pattern for api in pack.apis if not form.fullmatch(api.pattern)]


def test_a_whole_namespace_is_only_passed_on_or_quiet(index: PackIndex) -> None:
    allowed = (Role.PROPAGATOR, Role.NEUTRAL, Role.SETTING)
    assert not [name for name, roles in index.below.items() if any(role.role not in allowed for role in roles)]


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


def test_supertypes_are_said_once_and_have_no_circle(index: PackIndex) -> None:
    counted = Counter(name for pack in PACKS for name in pack.supertypes)
    assert not [name for name, times in counted.items() if times > 1]
    for start in index.supertypes:
        seen: set[str] = set()
        queue = list(index.supertypes[start])
        while queue:
            parent = queue.pop()
            if parent not in seen:
                seen.add(parent)
                queue.extend(index.supertypes.get(parent, ()))
        assert start not in seen


def test_an_alias_leads_to_a_name_of_its_own_and_hides_no_role(index: PackIndex) -> None:
    assert not [name for name, target in index.aliases.items() if index.aliases.get(target, target) != target]
    assert not [name for name in index.aliases if name in index.exact]


def test_examples_are_whole_java_files() -> None:
    for pack in PACKS:
        for example in pack.examples:
            assert example.bad, pack.id
            assert example.good, pack.id
            for text in (*example.bad, *example.good):
                tree = parse_tree(text.encode(), TABLE)
                assert (tree.error_ranges, tree.num_other) == ([], 0), text
                assert text.lstrip().startswith("package "), text


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_every_label_a_pack_speaks_of_has_an_example_beside_it(pack: Pack) -> None:
    spoken = {api.label for api in pack.apis if api.label}
    spoken |= {role.sink.label for entry in pack.entries for role in entry.returns}
    assert spoken <= {example.label for example in pack.examples}


def test_every_label_a_java_api_can_cause_has_an_example() -> None:
    shown = {example.label for pack in PACKS for example in pack.examples}
    wanted = {label for label in LABELS if label.startswith(("security/", "performance/"))} - STRUCTURAL
    assert wanted <= shown


@pytest.mark.parametrize(
    ("name", "receiver", "role"),
    [
        ("javax.servlet.http.HttpServletRequest.getParameter", "", Role.SOURCE),
        ("javax.servlet.http.HttpServletRequest.getInputStream", "", Role.SOURCE),
        ("java.sql.PreparedStatement.executeQuery", "", Role.SINK),
        ("?.executeQuery", "orderStatement", Role.SINK),
        ("java.util.ArrayList.contains", "", Role.SEARCH),
        ("java.util.concurrent.locks.ReentrantLock.lock", "", Role.LOCK),
        ("org.springframework.jdbc.core.JdbcTemplate.update", "", Role.QUERY),
        ("?.findById", "customerRepository", Role.QUERY),
        ("java.lang.Integer.parseInt", "", Role.NEUTRAL),
        ("org.owasp.encoder.Encode.forHtml", "", Role.SANITISER),
    ],
)
def test_names_find_their_roles(index: PackIndex, name: str, receiver: str, role: Role) -> None:
    assert role in {found.role for found in index.find_roles(name, receiver)}


@pytest.mark.parametrize(("name", "receiver"), [("?.get", "map"), ("?.execute", "task"), ("?.find", "matcher")])
def test_ordinary_methods_are_no_queries(index: PackIndex, name: str, receiver: str) -> None:
    assert Role.QUERY not in {found.role for found in index.find_roles(name, receiver)}


def test_jakarta_names_are_the_javax_ones(index: PackIndex) -> None:
    assert index.aliases["jakarta.servlet.http.HttpServletRequest"] == "javax.servlet.http.HttpServletRequest"
