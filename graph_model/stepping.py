"""From one version of a file to the next, where an edit stays inside a function: what is analysed again."""

from collections.abc import Hashable, Iterable, Iterator

from graph_model.analysis import (
    called_by,
)
from graph_model.candidates.view import UnitView
from graph_model.comparing import (
    UnitFacts,
    describe_flow,
    describe_head,
    describe_unit,
    find_changed,
    find_changed_around,
    list_synthetic,
)
from graph_model.control_flow import Role
from graph_model.grafting import Graft
from graph_model.kinds import NodeKind as K
from graph_model.live_file import ENTRIES, LiveFile
from graph_model.nodes import move_node
from graph_model.program import Program, Unit, build_program, scan_function
from graph_model.readings import (
    Answers,
    Defined,
    Fact,
    FieldType,
    LoggedUnit,
)
from graph_model.renaming import list_mentioning, rename
from graph_model.shifting import Shift


class Step:
    """From one version to the next."""

    def __init__(self, file: LiveFile, graft: Graft, source: bytes) -> None:
        self._file, self._graft, self._source = file, graft, source
        self._program, self._log = file.program, file.log
        self._function = file.program.unit_of[id(graft.function)]
        self._frames = tuple(_list_frames(self._function))
        self._answers: set[int] = set()  # units of whose expressions the resolver may say something else now
        self._names: set[str] = set()  # names of functions that mean something else now

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
        file = self._file
        before = scan_function(self._program, self._function)
        inside = self._program.units[self._function.idx :][: len(before.units)]
        known = [describe_unit(unit) for unit in inside]
        asynchronous = self._program.async_names
        self._replace_nodes(inside)
        if self._graft.is_renamed and not self._rename():
            return None
        after = scan_function(self._program, self._function)
        is_same = self._graft.is_renamed or _describe_contents(before) == _describe_contents(after)
        if not is_same or _holds_classes(before) or _holds_classes(after):
            return None
        self._renew(inside, after)
        for unit in inside:
            file.analyser.fold(unit)
        del self._program.async_names
        if not self._program.async_names ^ asynchronous <= self._names:
            return None
        self._answers = {unit.idx for unit in inside}
        changed = self._renew_flow(self._frames[0]) if self._graft.is_seen_around else set()
        if self._decides(changed, self._program.units):
            return None
        for unit, facts in zip(inside, known, strict=True):
            changed.update(find_changed(unit, facts))
        return frozenset(self._answers), changed

    def _rename(self) -> bool:
        """False where more than the function's name is other."""
        names = rename(self._program, build_program(self._program.path, self._program.language, self._program.tree))
        self._names = names or set()
        return names is not None

    def _renew_own(self) -> tuple[frozenset[int], set[Fact]] | None:
        """The same where the units inside the function stay."""
        unit = self._function
        self._replace_nodes([unit])
        changed = self._renew_flow(unit)
        below = [one for one in self._program.units[unit.idx + 1 :] if unit in _list_frames(one)]
        if self._decides(changed, below):
            return None
        beside = [one.idx for one in below if one.node.start >= self._graft.end][:1]  # a comment may speak of it
        return frozenset({unit.idx, *(beside if self._graft.place is None else ())}), changed

    def _renew_flow(self, unit: Unit) -> set[Fact]:
        """Makes the flow of a unit again of which most nodes stay; its facts that are others now."""
        before, flow, reach = describe_unit(unit), describe_flow(unit), unit.flow.reach_in
        assert isinstance(unit, LoggedUnit), "all units of a file that is followed are"
        unit.renew(unit.node, unit.cls, unit.children)
        self._file.analyser.constants.pop(unit.idx, None)
        self._file.analyser.fold(unit)
        now = describe_flow(unit)
        other = {key for key in flow.keys() | now.keys() if flow.get(key) != now.get(key)}
        if not other <= self._names or unit.flow.reach_in != reach:
            self._answers.add(unit.idx)
        same: set[Hashable] = {Defined(key) for key in (flow.keys() | now.keys()) - other}
        same |= {name for name in ("locals", "stored") if self._differs_in_names(unit, before, name)}
        return {(idx, fact) for idx, fact in find_changed(unit, before) if fact not in same}

    def _differs_in_names(self, unit: Unit, before: UnitFacts, fact: str) -> bool:
        """Whether a set of names is what it was but for the function's name: who asks for that says it."""
        known = before.named.get(fact)
        return isinstance(known, frozenset) and known ^ getattr(unit, fact) <= self._names

    def _decides(self, changed: set[Fact], units: Iterable[Unit]) -> bool:
        """Whether conditions of some units may rest on a variable of a unit around that is another now."""
        names = {fact.key for _, fact in changed if isinstance(fact, Defined)}
        stmts = (stmt for unit in units for stmt in unit.control.stmts) if names else ()
        exprs = (expr for stmt in stmts if stmt.role in (Role.COND, Role.CASE) for expr in stmt.exprs)
        return any(node.kind is K.NAME and node.text in names for expr in exprs for node in expr.walk())

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
            assert isinstance(unit, LoggedUnit), "all units of a file that is followed are"
            unit.renew(new.node, new.cls, [inside[child.idx - first] for child in new.children])
            self._program.unit_of[id(new.node)] = unit
            self._file.analyser.constants.pop(unit.idx, None)

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
        file = self._file
        handing = {idx for idx in inside if file.hands_over(self._program.units[idx])}
        has_handed = not file.handing.isdisjoint(inside)
        file.handing = (file.handing - inside) | handing
        is_read = self._graft.is_renamed or ENTRIES in self._log.list_readers(changed)
        if not handing and not has_handed and not is_read:
            return False
        before = file.describe_entries(inside)
        file.find_entries()
        return file.describe_entries(inside) != before

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


def _list_frames(unit: Unit) -> Iterator[Unit]:
    """The units around one, innermost first."""
    around = unit.parent
    while around is not None:
        yield around
        around = around.parent
