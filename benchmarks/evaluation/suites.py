"""Tests of other analysers as code with alert lines: Ruff's snapshots, test sources of Error Prone, ESLint and Roslyn.

A case speaks about the labels of its rule and no others. What is no plain string in a test's source is left out.
"""

import hashlib
import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePosixPath
from types import MappingProxyType

import tree_sitter_c_sharp
import tree_sitter_java
import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from benchmarks.evaluation.sets import OpenSet, PublicSet
from benchmarks.evaluation.snippets import Snippet
from dataset_curation.sources.disguises import disguise, find_telling_names
from graph_model.catalogue import load_catalogue

RUFF = PublicSet("astral-sh/ruff", "fca5c7c")
ERROR_PRONE = PublicSet("google/error-prone", "984f6ad")
ESLINT = PublicSet("eslint/eslint", "c27bc92")
ROSLYN = PublicSet("dotnet/roslyn-analyzers", "d45048f")
_FIXTURES = "crates/ruff_linter/resources/test/fixtures"
_SNAPSHOTS = "crates/ruff_linter/src/rules"
_ALERT = re.compile(r"^(?P<rule>[A-Z]+\d+) .*\n +--> (?P<file>[^:\n]+):(?P<line>\d+):\d+$", re.M)
_BUG = re.compile(r"//\s*BUG: Diagnostic (?:contains|matches):?.*$")
_MARKUP = re.compile(r"\[\||\|\]|\{\|[\w:#, ]+?:|\|\}|\$\$")
_OPENING = re.compile(r"\[\||\{\|[\w:#, ]+?:")
_JAVASCRIPT = Language(tree_sitter_javascript.language())
_JAVA = Language(tree_sitter_java.language())
_CSHARP = Language(tree_sitter_c_sharp.language())
_WITHHELD_SHARE = 2


@dataclass(frozen=True, slots=True)
class Case:
    """Code of one test of a rule, the labels that it speaks about, and the lines (1-based) where the rule alerts."""

    suite: str
    rule: str
    labels: frozenset[str]
    snippet: Snippet
    alerts: tuple[int, ...]

    @property
    def is_withheld(self) -> bool:
        """Whether a hash of the rule's id keeps it from any later training."""
        return is_withheld(f"{self.suite}/{self.rule}")


def is_withheld(rule: str) -> bool:
    """Every second rule, by a hash of its id."""
    return hashlib.sha256(rule.encode()).digest()[0] % _WITHHELD_SHARE == 0


def load_labels() -> Mapping[str, Mapping[str, frozenset[str]]]:
    """Labels by suite and rule. Raises ValueError for a label that the catalogue lacks."""
    known = {label.id for label in load_catalogue()}
    text = files("benchmarks.evaluation").joinpath("suite_labels.toml").read_text("utf-8")
    table = {
        suite: {rule: frozenset(one) for rule, one in rules.items()} for suite, rules in tomllib.loads(text).items()
    }
    for suite, rules in table.items():
        for rule, labels in rules.items():
            if not labels <= known:
                raise ValueError(
                    f"suite_labels.toml: {suite}: {rule}: expected labels of the catalogue, found {labels}"
                )
    return table


def read_ruff(opened: OpenSet, labels: Mapping[str, frozenset[str]]) -> Iterator[Case]:
    """A case for each fixture file and rule with a snapshot; several snapshots' alerts are joined."""
    alerts: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    snapshots = [
        one for one in opened.list_files(_SNAPSHOTS) if one.path.endswith(".py.snap") and "preview" not in one.path
    ]
    for path, text in opened.read_texts(snapshots).items():
        linter, _, name = PurePosixPath(path).parts[4], "", PurePosixPath(path).name
        rule = name.partition("__tests__")[2].partition("_")[0]
        if rule in labels:
            file = name.partition("__tests__")[2].removeprefix(f"{rule}_").removesuffix(".snap")
            found = {int(one["line"]) for one in _ALERT.finditer(text) if one["rule"] == rule}
            alerts[(rule, linter, file)] |= found
    entries = {one.path: one for one in opened.list_files(_FIXTURES)}
    wanted = {key: f"{_FIXTURES}/{key[1]}/{key[2]}" for key in sorted(alerts)}
    texts = opened.read_texts([entries[one] for one in dict.fromkeys(wanted.values()) if one in entries])
    for key, path in wanted.items():
        if path in texts:
            yield _case("ruff", key[0], labels[key[0]], f"{key[0]}/{key[2]}", texts[path], alerts[key])


def read_error_prone(opened: OpenSet, labels: Mapping[str, frozenset[str]]) -> Iterator[Case]:
    """A case for each source that a test of a known check compiles."""
    for rule, text in _tests(opened, labels, "Test.java"):
        for number, call in enumerate(_calls(text, _JAVA, "method_invocation", "addSourceLines")):
            lines = "\n".join(_java_string(one) for one in _arguments(call)[1:] if one.type == "string_literal")
            rows = lines.split("\n")
            alerts = {idx + 2 for idx, row in enumerate(rows) if _BUG.search(row)}
            code = "\n".join(_BUG.sub("", row) for row in rows)
            yield _case("error-prone", rule, labels[rule], f"{rule}/{number:03}.java", code, alerts)


def read_eslint(opened: OpenSet, labels: Mapping[str, frozenset[str]]) -> Iterator[Case]:
    """A case for each valid and invalid code of a known rule; an error without a line alerts on all lines."""
    for rule, text in _tests(opened, labels, ".js", "tests/lib/rules"):
        for number, (code, alerts) in enumerate(_eslint_codes(text)):
            yield _case("eslint", rule, labels[rule], f"{rule}/{number:03}.js", code, alerts)


def read_roslyn(opened: OpenSet, labels: Mapping[str, frozenset[str]]) -> Iterator[Case]:
    """A case for each C# text that a test verifies, with the lines it expects results at or marks."""
    for rule, text in _tests(opened, labels, "Tests.cs"):
        found = (_roslyn_case(call) for call in _calls(text, _CSHARP, "invocation_expression", "Verify"))
        for number, case in enumerate(one for one in found if one is not None):
            yield _case("roslyn", rule, labels[rule], f"{rule}/{number:03}.cs", *case)


Suite = tuple[PublicSet, Callable[[OpenSet, Mapping[str, frozenset[str]]], Iterator[Case]]]
SUITES: Mapping[str, Suite] = MappingProxyType(
    {
        "ruff": (RUFF, read_ruff),
        "error-prone": (ERROR_PRONE, read_error_prone),
        "eslint": (ESLINT, read_eslint),
        "roslyn": (ROSLYN, read_roslyn),
    }
)


def _case(suite: str, rule: str, labels: frozenset[str], path: str, code: str, alerts: set[int]) -> Case:
    """The case with the names that tell neutral, as in training."""
    plain = disguise(code.encode("utf-8", "replace"), find_telling_names([code])).decode("utf-8", "replace")
    return Case(suite, rule, labels, Snippet(path, plain), tuple(sorted(alerts)))


def _tests(
    opened: OpenSet, labels: Mapping[str, frozenset[str]], ending: str, *folders: str
) -> Iterator[tuple[str, str]]:
    """Rule and text of the test files of known rules, by path."""
    entries = [
        one
        for one in opened.list_files(*folders)
        if one.path.endswith(ending) and PurePosixPath(one.path).name.removesuffix(ending) in labels
    ]
    for path, text in opened.read_texts(entries).items():
        yield PurePosixPath(path).name.removesuffix(ending), text


def _calls(text: str, language: Language, kind: str, name: str) -> Iterator[Node]:
    """Calls whose callee's text has a name in it, outermost first."""
    stack = [Parser(language).parse(text.encode()).root_node]
    while stack:
        node = stack.pop()
        if node.type == kind and name in _callee(node):
            yield node
        stack.extend(reversed(node.named_children))


def _callee(call: Node) -> str:
    node = call.child_by_field_name("name") or call.child_by_field_name("function")
    return _text(node) if node is not None else ""


def _arguments(call: Node) -> list[Node]:
    node = call.child_by_field_name("arguments")
    children = node.named_children if node is not None else []
    return [one.named_children[0] if one.type == "argument" and one.named_children else one for one in children]


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _java_string(node: Node) -> str:
    text = _text(node)
    if text.startswith('"""'):
        rows = text[3:-3].partition("\n")[2].split("\n")
        indent = min((len(row) - len(row.lstrip()) for row in rows if row.strip()), default=0)
        return _unescape("\n".join(row[indent:] for row in rows))
    return _unescape(text[1:-1])


def _unescape(text: str) -> str:
    table = {"n": "\n", "t": "\t", "r": "\r"}
    return re.sub(r"\\(.)", lambda match: table.get(match[1], match[1]), text)


def _eslint_codes(text: str) -> Iterator[tuple[str, set[int]]]:
    stack = [Parser(_JAVASCRIPT).parse(text.encode()).root_node]
    while stack:
        node = stack.pop()
        if node.type == "pair" and _text(node.children[0]) in ("valid", "invalid"):
            value = node.child_by_field_name("value")
            for item in value.named_children if value is not None and value.type == "array" else ():
                yield from _eslint_case(item, is_valid=_text(node.children[0]) == "valid")
        else:
            stack.extend(reversed(node.named_children))


def _eslint_case(item: Node, *, is_valid: bool) -> Iterator[tuple[str, set[int]]]:
    pairs = {
        _text(one.children[0]): one.child_by_field_name("value") for one in item.named_children if one.type == "pair"
    }
    code = item if item.type in ("string", "template_string") else pairs.get("code")
    if code is None or code.type not in ("string", "template_string") or "${" in _text(code):
        return
    plain = _unescape(_text(code)[1:-1])
    errors = pairs.get("errors")
    lines = {int(one) for one in re.findall(r"\bline: (\d+)", _text(errors) if errors is not None else "")}
    yield plain, set() if is_valid else lines or set(range(1, plain.count("\n") + 2))


def _roslyn_case(call: Node) -> tuple[str, set[int]] | None:
    """The first C# text among a call's arguments with its lines; None for Visual Basic and what is no plain text."""
    if "Basic" in _callee(call) or "VB" in _callee(call):
        return None
    arguments = _arguments(call)
    code = next((one for one in arguments if one.type in ("verbatim_string_literal", "raw_string_literal")), None)
    if code is None:
        return None
    text = _csharp_string(_text(code))
    alerts = {text.count("\n", 0, match.start()) + 1 for match in _OPENING.finditer(text)}
    for one in arguments:
        if one.type == "invocation_expression" and "At" in _callee(one):
            numbers = [_text(each) for each in _arguments(one) if each.type == "integer_literal"]
            alerts |= {int(numbers[0])} if numbers else set()
    return _MARKUP.sub("", text), alerts


def _csharp_string(text: str) -> str:
    if text.startswith("@"):
        return text[2:-1].replace('""', '"')
    quotes = len(text) - len(text.lstrip('"'))
    return text[quotes:-quotes].partition("\n")[2]
