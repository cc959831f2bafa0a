"""From one version of a file to the next, where an edit stays inside a function: what is analysed again."""

from collections.abc import Hashable, Iterable, Iterator, Set

from graph_model.analysis import (
    called_by,
)
from graph_model.candidates.view import UnitView
from graph_model.constants import is_folded
from graph_model.incremental.comparing import (
    UnitFacts,
    describe_flow,
    describe_head,
    describe_unit,
    find_changed,
    find_changed_around,
    list_synthetic,
)
from graph_model.incremental.grafting import Graft
from graph_model.incremental.live_file import ENTRIES, LiveFile
from graph_model.incremental.nodes import move_node
from graph_model.incremental.readings import (
    Answers,
    Defined,
    Fact,
    FieldType,
    LoggedUnit,
)
from graph_model.incremental.renaming import list_mentioning, rename
from graph_model.incremental.shifting import Shift
from graph_model.kinds import NodeKind as K
from graph_model.program import ClassInfo, Program, Unit, build_program, scan_function
from graph_model.syntax import Node


class Step:
    """From one version to the next."""

    def __init__(self, file: LiveFile, graft: Graft, source: bytes) -> None:
        self._file, self._graft, self._source = file, graft, source
        self._program, self._log = file.program, file.log
        self._function = file.program.unit_of[id(graft.function)]
        self._frames = tuple(_list_frames(self._function))
        self._answers: set[int] = set()  # units of whose expressions the resolver may say something else now
        self._names: set[str] = set()  # names of functions that mean something else now
        self._is_folded = True  # whether the conditions of all units are decided as before

    def run(self) -> bool:
        """False where nothing can be kept.

        The tree is that of the next version in any case.
        """
        around = [describe_head(unit) for unit in self._frames]
        renewed = self._renew_all() if self._graft.is_whole else self._renew_own()
        if renewed is None:
            return False
        inside, changed = renewed
        for unit, head in zip(self._frames, around, strict=True):
            changed.update(find_changed_around(unit, head, self._function))
        return self._analyse(inside, changed)

    def _renew_all(self) -> tuple[frozenset[int], set[Fact]] | None:
        """Makes all units of the function again: which, and what of them and around is other now."""
        before = scan_function(self._program, self._function)
        inside = self._program.units[self._function.idx :][: len(before.units)]
        known = [describe_unit(unit) for unit in inside]
        asynchronous = self._program.async_names
        self._replace_nodes(inside)
        if self._graft.is_renamed and not self._rename():
            return None
        after = scan_function(self._program, self._function)
        if not _may_stay(before, after, is_renamed=self._graft.is_renamed):
            return None
        self._renew(inside, after)
        del self._program.async_names
        if not self._program.async_names ^ asynchronous <= self._names:
            return None
        self._answers = {unit.idx for unit in inside}
        changed = self._renew_flow(self._frames[0]) if self._graft.is_seen_around else set()
        if not self._is_folded:
            return None
        for unit, facts in zip(inside, known, strict=True):
            changed.update(find_changed(unit, facts))
        return frozenset(self._answers), changed

    def _rename(self) -> bool:
        """False where more than the function's name is other."""
        program = self._program
        names = rename(program, build_program(program.path, program.language, program.tree), self._file.resolver.index)
        self._names = names or set()
        return names is not None

    def _renew_own(self) -> tuple[frozenset[int], set[Fact]] | None:
        """The same where the units inside the function stay; those in a statement that is other are found again."""
        unit, program = self._function, self._program
        inner = [below for one, _ in self._graft.kept for below in _list_with_below(program, program.unit_of[id(one)])]
        before, known = scan_function(program, unit) if inner else None, [describe_unit(one) for one in inner]
        self._replace_nodes([unit, *inner])
        if before is not None and not _may_stay(before, scan_function(program, unit)):
            return None
        changed = self._renew_flow(unit)
        if not self._is_folded:
            return None
        for one, facts in zip(inner, known, strict=True):
            self._begin(one, one.node, one.cls, one.children)
            changed.update(find_changed(one, facts))
        self._answers.update(one.idx for one in inner)
        described = self._list_described() if self._graft.place is None else ()
        return frozenset({unit.idx, *(one.idx for one in inner), *described}), changed

    def _list_described(self) -> Iterator[int]:
        """The functions of which a comment may speak: those behind it that begin on one line."""
        behind = [one for one in _list_below(self._program, self._function) if one.node.start >= self._graft.end]
        first = min((one.node.start for one in behind), default=0)
        return (one.idx for one in behind if b"\n" not in self._source[first : one.node.start])

    def _renew_flow(self, unit: Unit) -> set[Fact]:
        """Makes the flow of a unit again of which most nodes stay; its facts that are others now."""
        before, flow, reach = describe_unit(unit), describe_flow(unit), unit.flow.reach_in
        self._begin(unit, unit.node, unit.cls, unit.children)
        now = describe_flow(unit)
        other = {key for key in flow.keys() | now.keys() if flow.get(key) != now.get(key)}
        is_same = unit.flow.reach_in == reach and self._differs_in_names(unit, before, "locals")
        if not is_same or not other <= self._names or self._file.resolver.wears_out(unit.idx):
            self._answers.add(unit.idx)
        if not is_same or other:
            self._is_folded = self._are_folded(unit)
        same: set[Hashable] = {Defined(key) for key in (flow.keys() | now.keys()) - other}
        same |= {name for name in ("locals", "stored") if self._differs_in_names(unit, before, name)}
        return {(idx, fact) for idx, fact in find_changed(unit, before) if fact not in same}

    def _differs_in_names(self, unit: Unit, before: UnitFacts, fact: str) -> bool:
        """Whether a set of names, if anybody asked for it, is what it was but for the function's name.

        Who asks for that says it.
        """
        known = before.named.get(fact)
        return not isinstance(known, frozenset) or known ^ getattr(unit, fact) <= self._names

    def _are_folded(self, around: Unit) -> bool:
        """Whether the conditions of the units inside one are decided as before: its variables may be others now."""
        constants = self._file.analyser.constants
        return all(is_folded(unit, constants[unit.idx]) for unit in _list_below(self._program, around))

    # The text --------------------------------------------------------------------------------------------------------

    def _replace_nodes(self, inside: Iterable[Unit]) -> None:
        """Puts the new nodes into the tree and moves everything behind them."""
        graft = self._graft
        nodes = graft.place.walk() if graft.place is not None else ()
        self._file.resolver.forget_nodes(nodes, (self._function.idx, *(unit.idx for unit in self._frames)))
        for unit in inside if graft.is_whole else ():
            del self._program.unit_of[id(unit.node)]
        self._file.live.apply(graft, self._source)
        if graft.delta:
            gone = {unit.idx for unit in inside}
            for node in list_synthetic(unit for unit in self._program.units if unit.idx not in gone):
                move_node(node, graft.end, graft.delta)

    def _renew(self, inside: list[Unit], after: Program) -> None:
        """Makes the units inside those of the new text."""
        first = self._function.idx
        for unit, new in zip(inside, after.units, strict=True):
            self._program.unit_of[id(new.node)] = unit
            self._file.analyser.constants.pop(unit.idx, None)
        for unit, new in zip(inside, after.units, strict=True):
            self._begin(unit, new.node, new.cls, [inside[child.idx - first] for child in new.children])

    def _begin(self, unit: Unit, node: Node, cls: ClassInfo | None, children: list[Unit]) -> None:
        """Lets a unit be found again, as that of a node; the units around it come first."""
        assert isinstance(unit, LoggedUnit), "all units of a file that is followed are"
        unit.renew(node, cls, children)
        self._file.analyser.constants.pop(unit.idx, None)
        self._file.analyser.fold(unit)

    # What it means ---------------------------------------------------------------------------------------------------

    def _analyse(self, inside: frozenset[int], changed: set[Fact]) -> bool:
        if self._changes_entries(inside, changed):
            return False
        touched = self._find_touched(changed)
        dirty = inside | {unit.idx for unit in self._frames} | {one for one in touched if isinstance(one, int)}
        self._log.forget((touched | dirty) - {ENTRIES})
        return self._finish(self._view(dirty))

    def _changes_entries(self, inside: frozenset[int], changed: set[Fact]) -> bool:
        """Whether entry points say something else of units elsewhere; what they say of those inside is known then."""
        file, graft = self._file, self._graft
        asked: Set[int] = inside | ({self._frames[0].idx} if graft.is_seen_around else set())
        if graft.is_renamed:  # functions are handed over by name
            asked = {unit.idx for unit in self._program.units}
        handing = {idx for idx in asked if file.hands_over(self._program.units[idx])}
        has_handed = not file.handing.isdisjoint(asked)
        file.handing = (file.handing - asked) | handing
        is_read = graft.is_renamed or ENTRIES in self._log.list_readers(changed)
        if not handing and not has_handed and not is_read:
            return False
        made_again = inside if graft.is_whole else frozenset()  # of others answers may rest on it
        before = file.describe_entries(made_again)
        file.find_entries()
        return file.describe_entries(made_again) != before

    def _find_touched(self, changed: set[Fact]) -> set[Hashable]:
        """Who read what is other now, answers included, which are forgotten.

        The type of a field is found again first: as a rule it is what it was, and nobody is touched by that.
        """
        log, resolver = self._log, self._file.resolver
        resolver.drop_unasked()
        mentioning = list_mentioning(self._program, self._names)
        direct = {*log.list_readers(changed), *log.list_readers_of(mentioning), *mentioning}
        if self._names:
            direct |= resolver.list_fields()  # a class's methods are asked by their names' order
        fields = {reader for reader in direct if isinstance(reader, FieldType)}
        seeds = {*direct, *map(Answers, self._answers | mentioning)} - fields
        touched: set[Hashable] = set()
        refreshed: set[FieldType] = set()
        while seeds or fields:
            relying, more = log.list_relying(seeds)
            resolver.forget_readers(relying)
            touched |= relying
            fields |= more
            seeds = (fields & refreshed) - touched | resolver.refresh_fields(fields - refreshed)
            refreshed |= fields
            fields = set()
        return touched

    def _view(self, dirty: frozenset[int]) -> dict[int, UnitView]:
        """Views of these units, and of those of whose variables others now read."""
        file = self._file
        views: dict[int, UnitView] = {}
        captured = file.analyser.captured_names
        while dirty:
            views.update((idx, file.view(self._program.units[idx])) for idx in sorted(dirty))
            file.note_captures()
            now = file.analyser.captured_names
            dirty = frozenset(
                unit.idx
                for unit in self._program.units
                if unit.idx not in views and now.get(unit.idx, set()) != captured.get(unit.idx, set())
            )
        return views

    def _finish(self, views: dict[int, UnitView]) -> bool:
        file, contexts = self._file, self._file.analyser.contexts
        called = [called_by(view) for view in views.values()]
        called += [one.called for idx, one in enumerate(file.results) if idx not in views]
        file.analyser.find_contexts(name for names in called for name in names)
        if file.analyser.contexts != contexts:
            return False
        shift = Shift(self._graft.end, self._graft.delta)
        file.num_analysed = len(views)
        file.keep([file.judge(views[idx]) if idx in views else shift.move(one) for idx, one in enumerate(file.results)])
        return True


def _describe_contents(contents: Program) -> tuple[object, ...]:
    """What a function holds, as the rest of its file sees it."""
    units = [
        (
            unit.name,
            unit.qualname,
            unit.kind,
            unit.parent.idx if unit.parent is not None else -1,
            (unit.cls.qualname, unit.cls.bases, unit.cls.methods) if unit.cls is not None else (),
        )
        for unit in contents.units
    ]
    return units, [*contents.imports.items()], contents.wildcards, contents.exports, contents.module_name


def _holds_classes(contents: Program) -> bool:
    """Whether a function has classes in it, of which others may know more than is noted."""
    return bool(contents.classes) or any(unit.kind is K.NEW for unit in contents.units)


def _may_stay(before: Program, after: Program, *, is_renamed: bool = False) -> bool:
    """Whether a function holds the same units as before, and nothing of which others may know more than is noted."""
    is_same = is_renamed or _describe_contents(before) == _describe_contents(after)
    return is_same and not _holds_classes(before) and not _holds_classes(after)


def _list_with_below(program: Program, unit: Unit) -> list[Unit]:
    return [unit, *_list_below(program, unit)]


def _list_below(program: Program, unit: Unit) -> list[Unit]:
    """The units inside one."""
    return [one for one in program.units[unit.idx + 1 :] if unit in _list_frames(one)]


def _list_frames(unit: Unit) -> Iterator[Unit]:
    """The units around one, innermost first."""
    around = unit.parent
    while around is not None:
        yield around
        around = around.parent
