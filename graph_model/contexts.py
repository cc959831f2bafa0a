"""Where a file's code runs - under a test runner, in a browser, as a script - told by what it imports and calls.

Packs name the signs; paths are none. A label that does no harm somewhere says so in the catalogue (`not_in`).
"""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from graph_model.catalogue import load_catalogue
from graph_model.entries import required_modules
from graph_model.kinds import FUNCTION_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.packs.model import CONTEXT_FACT, ContextKind, ContextRule
from graph_model.program import Program, Unit
from graph_model.syntax import dotted_name


def find_contexts(program: Program, rules: Iterable[ContextRule], called: Iterable[str]) -> tuple[ContextKind, ...]:
    """The contexts of a file, sorted; `called` are the resolved names of its calls. Usually none."""
    imported = {_plain(name) for name in (*program.imports.values(), *program.wildcards, *required_modules(program))}
    names, decorators, blocks = frozenset(called), frozenset(_decorators(program)), frozenset(_blocks(program))
    found = {
        rule.kind
        for rule in rules
        if (
            _imports_any(imported, rule.imports)
            or names & {*rule.calls}
            or decorators & {*rule.decorators}
            or blocks & {*rule.blocks}
            or _has_tests(program, rule)
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
        for decorator in unit.decorators:
            yield dotted_name(decorator.get("callee")).rpartition(".")[2]


def _blocks(program: Program) -> Iterator[str]:
    """Bare names that the file does not define and its top level calls with a function."""
    module = program.units[0]
    for call in (call for calls in module.flow.calls for call in calls):
        callee, args = call.get("callee"), call.get("args")
        is_given = args is not None and any(argument.kind in FUNCTION_KINDS for argument in args.children)
        if is_given and callee is not None and callee.kind is K.NAME and callee.text not in module.locals:
            yield callee.text


def _has_tests(program: Program, rule: ContextRule) -> bool:
    """Whether a runner finds tests by their names: they assert something, or are all there is and get fixtures."""
    if not rule.functions:
        return False
    functions = [unit for unit in program.units if unit.is_function and _is_collected(unit, rule)]
    tests = [unit for unit in functions if _matches(unit.name, rule.functions) and not _gives_something(unit)]
    if any(_asserts(unit) for unit in tests):
        return True
    called = {
        callee.text
        for unit in program.units
        for calls in unit.flow.calls
        for call in calls
        if (callee := call.get("callee")) is not None
    }
    takes_fixtures = any(name not in ("self", "cls") for unit in tests for name, _ in unit.params)
    return takes_fixtures and len(tests) == len(functions) and not any(unit.name in called for unit in tests)


def _is_collected(unit: Unit, rule: ContextRule) -> bool:
    """Whether a function stands where a runner looks: at the top level, or in a class of the right name."""
    owner = unit.parent
    if owner is None or unit.kind is not K.FUNCTION:
        return False
    cls = unit.cls if owner.kind is K.CLASS and owner.parent is not None else None
    names = (cls.name, *(base.rpartition(".")[2] for base in cls.bases)) if cls is not None else ()
    return owner.kind is K.MODULE or any(_matches(name, rule.classes) for name in names)


def _asserts(unit: Unit) -> bool:
    """Whether a function asserts something, by the statement or by a method of its test case."""
    if any(stmt.node.kind is K.ASSERT for stmt in unit.control.stmts):
        return True
    callees = (call.get("callee") for calls in unit.flow.calls for call in calls)
    return any(
        callee is not None
        and callee.kind is K.MEMBER
        and callee.text.startswith("assert")
        and (obj := callee.get("obj")) is not None
        and obj.text == unit.receiver
        for callee in callees
    )


def _gives_something(unit: Unit) -> bool:
    """Whether a function is more than a test: it is registered somewhere, or its result is wanted."""
    returned = any(
        stmt.node.kind is K.RETURN and (value := stmt.node.get("value")) is not None and value.kind is not K.NULL
        for stmt in unit.control.stmts
    )
    return returned or bool(unit.decorators)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
