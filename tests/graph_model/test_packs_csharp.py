"""The C# packs: they load, speak of known labels only, show every label they speak of, and name what they mean."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from graph_model.catalogue import load_catalogue
from graph_model.kinds import NodeKind as K
from graph_model.languages.csharp import TABLE
from graph_model.packs.loading import PackIndex, load_index, load_packs
from graph_model.packs.model import ApiRole, Condition, Pack, Role
from graph_model.syntax import parse_tree

LABELS = frozenset(label.id for label in load_catalogue())
KINDS = frozenset(
    {"http-parameter", "http-header", "http-body", "cookie", "file-upload", "url", "command-line", "environment"}
    | {"stdin", "file", "network", "database", "message", "archive-entry", "exception"}
)
# Labels that C# code cannot deserve, or that are about tables of rows walked by an interpreter.
ELSEWHERE = frozenset(
    {"security/prototype-pollution", "security/dom-cross-site-scripting", "performance/row-wise-iteration"}
    | {"correctness/mutable-default-argument"}
)
PACKS = load_packs("csharp")


@pytest.fixture(scope="module")
def index() -> PackIndex:
    return load_index("csharp")


def conditions(pack: Pack) -> Iterator[Condition]:
    for api in pack.apis:
        yield from api.when
    for prop in pack.properties:
        yield from prop.when


def identity(role: ApiRole) -> tuple[object, ...]:
    return (role.pattern, role.role, role.label, role.kind, role.args, role.neutralises, role.when)


def spoken_by(pack: Pack) -> set[str]:
    return {api.label for api in pack.apis if api.label} | {prop.label for prop in pack.properties}


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_labels_of_a_pack_are_in_the_catalogue(pack: Pack) -> None:
    sanitised = {label for api in pack.apis for label in api.neutralises if not label.endswith("*")}
    assert spoken_by(pack) | sanitised | {example.label for example in pack.examples} <= LABELS


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_every_label_of_a_pack_has_a_bad_and_a_good_example(pack: Pack) -> None:
    shown = {example.label for example in pack.examples if example.bad and example.good}
    assert spoken_by(pack) <= shown
    assert len(shown) == len({example.label for example in pack.examples})


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_roles_carry_what_they_need(pack: Pack) -> None:
    for api in pack.apis:
        assert (api.role is not Role.SOURCE) or api.kind in KINDS, api
        assert (api.role not in (Role.SANITISER, Role.VALIDATOR)) or api.neutralises, api
        assert (api.role not in (Role.RESOURCE, Role.LOCK)) or api.release, api
        assert (api.role is not Role.EXPENSIVE) or api.kind in ("", "object"), api
    assert all(entry.kind in KINDS for entry in pack.entries)


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_patterns_are_well_formed(pack: Pack) -> None:
    form = re.compile(r"(\*\.\w+|\?\.\w+|~\w+\.(\w+|\*)|[A-Za-z_]\w*(\.\w+)*(\.\*)?)")
    assert not [api.pattern for api in pack.apis if not form.fullmatch(api.pattern)]


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_hints_are_long_enough_to_mean_something(pack: Pack) -> None:
    hints = {api.pattern[1:].rpartition(".")[0] for api in pack.apis if api.pattern.startswith("~")}
    assert {hint for hint in hints if len(hint) < 3} <= {"db", "ex"}


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_expressions_of_conditions_compile(pack: Pack) -> None:
    for condition in conditions(pack):
        for text in (condition.matches, condition.not_matches):
            re.compile(text or "")


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_examples_are_complete_units_of_csharp(pack: Pack) -> None:
    for example in pack.examples:
        for text in (*example.bad, *example.good):
            tree = parse_tree(text.encode(), TABLE)
            assert tree.error_ranges == [], (pack.id, example.label)
            assert tree.num_other == 0, (pack.id, example.label)
            kinds = {node.kind for node in tree.root.walk()}
            assert kinds & {K.NAMESPACE, K.IMPORT}, (pack.id, example.label)


def test_no_role_is_given_twice() -> None:
    counted = Counter(identity(api) for pack in PACKS for api in pack.apis)
    assert not [key[:3] for key, times in counted.items() if times > 1]


def test_pack_ids_are_unique_and_name_their_file() -> None:
    assert len({pack.id for pack in PACKS}) == len(PACKS)
    assert all(pack.id.startswith("csharp/") and pack.family == "csharp" for pack in PACKS)


def test_a_type_has_one_meaning_in_all_packs() -> None:
    meanings: dict[str, set[str]] = {}
    for pack in PACKS:
        for name, value in (*pack.types.items(), *pack.aliases.items()):
            meanings.setdefault(name, set()).add(value)
    assert not {name: values for name, values in meanings.items() if len(values) > 1}


def test_aliases_hide_no_role(index: PackIndex) -> None:
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


def test_every_label_of_security_and_performance_is_shown() -> None:
    shown = {example.label for pack in PACKS for example in pack.examples}
    wanted = {label for label in LABELS if label.startswith(("security/", "performance/", "correctness/"))}
    assert wanted - ELSEWHERE <= shown


@pytest.mark.parametrize(
    ("name", "receiver", "role"),
    [
        ("Microsoft.AspNetCore.Http.HttpRequest.Query", "", Role.SOURCE),
        ("System.Web.HttpRequestBase.Form", "", Role.SOURCE),
        ("Microsoft.Data.SqlClient.SqlCommand", "", Role.SINK),
        ("Npgsql.NpgsqlCommand.ExecuteReader", "", Role.QUERY),
        ("Npgsql.NpgsqlCommand.CommandText", "", Role.SINK),
        ("?.ExecuteReader", "_command", Role.QUERY),
        ("System.IO.FileStream.CopyTo", "", Role.BLOCKING),
        ("System.IO.StreamReader.ReadToEnd", "", Role.READ_ALL),
        ("System.Net.Http.HttpClient", "", Role.EXPENSIVE),
        ("System.Security.Cryptography.RijndaelManaged.CreateEncryptor", "", Role.SETTING),
        ("Shop.OrderRepository.FromSqlRaw", "", Role.SINK),
        ("Microsoft.AspNetCore.Mvc.Controller.LocalRedirect", "", Role.NEUTRAL),
    ],
)
def test_names_find_their_roles(index: PackIndex, name: str, receiver: str, role: Role) -> None:
    assert role in {found.role for found in index.find_roles(name, receiver)}


@pytest.mark.parametrize(
    ("simple", "qualified"),
    [
        ("HttpClient", "System.Net.Http.HttpClient"),
        ("X509Certificate2", "System.Security.Cryptography.X509Certificates.X509Certificate2"),
        ("SymmetricSecurityKey", "Microsoft.IdentityModel.Tokens.SymmetricSecurityKey"),
        ("XmlSerializer", "System.Xml.Serialization.XmlSerializer"),
        ("DbContext", "Microsoft.EntityFrameworkCore.DbContext"),
        ("SqlCommand", "Microsoft.Data.SqlClient.SqlCommand"),
    ],
)
def test_types_are_found_by_their_simple_name(index: PackIndex, simple: str, qualified: str) -> None:
    assert qualified in index.simple_types[simple]


@pytest.mark.parametrize(
    "simple", ["Create", "Delete", "Start", "Redirect", "ReadAllText", "ExecuteReader", "HashData"]
)
def test_members_are_no_types(index: PackIndex, simple: str) -> None:
    assert simple not in index.simple_types
