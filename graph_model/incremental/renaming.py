"""A function of a file that is being edited gets another name: what says so, and who may have asked for either name."""

from collections.abc import Iterable, Iterator

from graph_model.packs.loading import PackIndex
from graph_model.program import Program
from graph_model.type_names import LITERAL_TYPES

_LOOKED_FOR = frozenset({"constructor"})
_UNREADABLE = "\ufffd"  # stands for bytes that are no text: such a name is not found again in them


def rename(program: Program, other: Program, index: PackIndex) -> set[str] | None:
    """Gives a program the names of another one of its file: those that mean something else now.

    None, with nothing changed, where more than names of functions is other, or where one may be asked for by somebody
    who does not say it: the engine itself, or what knows something by an import, a type or a base class of that name.
    """
    if _outline(program) != _outline(other):
        return None
    functions = {name: program.units[unit.idx] for name, unit in other.functions.items()}
    tables: list[tuple[object, object]] = [(program.functions, functions), (program.exports, other.exports)]
    pairs = [*zip(program.units, other.units, strict=True)]
    tables += [(one.cls.methods, two.cls.methods) for one, two in pairs if one.cls is not None and two.cls is not None]
    names = {name for one, two in pairs if one.name != two.name for name in (one.name, two.name)}
    names.update(name for before, now in tables for name in _list_other(before, now))  # type: ignore[arg-type]
    if any(name.startswith("__") or _UNREADABLE in name for name in names) or not names.isdisjoint(
        _list_unsaid(program, index)
    ):
        return None
    for one, two in pairs:
        one.name, one.qualname = two.name, two.qualname
        if one.cls is not None and two.cls is not None:
            one.cls.methods = two.cls.methods
    program.functions, program.exports = functions, other.exports
    return names


def _list_unsaid(program: Program, index: PackIndex) -> set[str]:
    """Names that what is called may have though its caller says another one."""
    bases = (base for unit in program.units if unit.cls is not None for base in unit.cls.bases)
    aliases = (name for said, name in index.aliases.items() if _find_last(said) != _find_last(name))
    known = (
        *program.imports.values(),
        *bases,
        *index.types.values(),
        *aliases,
        *LITERAL_TYPES[program.family].values(),
    )
    return {*_LOOKED_FOR, *program.classes, *map(_find_last, known)}


def _find_last(name: str) -> str:
    """`c` of `a.b.c` and of `a/b/c`."""
    return name.rpartition(".")[2].rpartition("/")[2]


def _outline(program: Program) -> tuple[object, ...]:
    """What a program says but for the names of its functions."""
    units = [
        (
            unit.kind,
            unit.parent.idx if unit.parent is not None else -1,
            (unit.cls.qualname, unit.cls.bases) if unit.cls is not None else (),
        )
        for unit in program.units
    ]
    return units, [*program.imports.items()], program.wildcards, program.module_name, [*program.classes]


def _list_other(before: dict[str, object], now: dict[str, object]) -> Iterator[str]:
    return (name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def list_mentioning(program: Program, names: Iterable[str]) -> set[int]:
    """The units in whose own text a name stands, decorators included."""
    places = [at for name in names if name for at in _find_all(program.tree.source, name.encode())]
    found: set[int] = set()
    for at in places:
        holding = [unit for unit in program.units if unit.node.start <= at < unit.node.end]
        found.update(unit.idx for unit in holding[-1:])  # units come outer first
        decorated = [unit for unit in program.units if any(one.start <= at < one.end for one in unit.decorators)]
        found.update(unit.idx for unit in decorated)
        found.update(unit.parent.idx for unit in decorated if unit.parent is not None)  # evaluates them
    return found


def _find_all(text: bytes, wanted: bytes) -> Iterator[int]:
    at = text.find(wanted)
    while at >= 0:
        yield at
        at = text.find(wanted, at + 1)
