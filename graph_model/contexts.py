"""Where a file's code runs - under a test runner, in a browser, as a script - told by what it imports and calls.

Packs name the signs; paths are none. A label that does no harm somewhere says so in the catalogue (`not_in`).
"""

from collections.abc import Iterable, Iterator

from graph_model.catalogue import load_catalogue
from graph_model.entries import required_modules
from graph_model.kinds import FUNCTION_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.packs.model import CONTEXT_FACT, ContextKind, ContextRule
from graph_model.program import Program
from graph_model.syntax import dotted_name


def find_contexts(program: Program, rules: Iterable[ContextRule], called: Iterable[str]) -> tuple[ContextKind, ...]:
    """The contexts of a file, sorted; `called` are the resolved names of its calls. Usually none."""
    imported = {_plain(name) for name in (*program.imports.values(), *program.wildcards, *required_modules(program))}
    names, decorators = frozenset(called), frozenset(_decorators(program))
    found = {
        rule.kind
        for rule in rules
        if (
            _imports_any(imported, rule.imports)
            or names & {*rule.calls}
            or decorators & {*rule.decorators}
            or (rule.assertions and _imports_any(imported, rule.assertions) and _has_titled_block(program))
        )
        and not _imports_any(imported, rule.unless)
    }
    return tuple(sorted(found, key=lambda kind: kind.value))


def is_harmless_in(label_id: str, contexts: Iterable[ContextKind]) -> bool:
    """Whether the catalogue says that a label does no harm in one of the contexts."""
    not_in = load_catalogue().get_label(label_id).not_in
    return any(context.value in not_in for context in contexts)


def context_facts(contexts: Iterable[ContextKind]) -> dict[str, float]:
    """Path features: `context_test` and the like, 1.0 each."""
    return {f"{CONTEXT_FACT}{context.value}": 1.0 for context in contexts}


def _plain(name: str) -> str:
    return name.removeprefix("node:")


def _imports_any(imported: Iterable[str], modules: tuple[str, ...]) -> bool:
    """Whether one of the modules, or something below it, is imported."""
    below = tuple(f"{module}{separator}" for module in modules for separator in "./")
    return any(name in modules or name.startswith(below) for name in imported)


def _has_titled_block(program: Program) -> bool:
    """Whether the top level calls a plain function with a title and a function: `check('adds', () => {...})`."""
    for calls in program.units[0].flow.calls:
        for call in calls:
            callee, args = call.get("callee"), call.get("args")
            given = [argument.kind for argument in args.children[:2]] if args is not None else []
            is_titled = len(given) == 2 and given[0] in (K.STRING, K.TEMPLATE) and given[1] in FUNCTION_KINDS
            if is_titled and callee is not None and callee.kind is K.NAME:
                return True
    return False


def _decorators(program: Program) -> Iterator[str]:
    for unit in program.units:
        for decorator in unit.node.all("decorators"):
            yield dotted_name(decorator.get("callee")).rpartition(".")[2]
