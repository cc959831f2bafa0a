"""A file that is being edited: its tree and its units as they are now, what was found in each, and who read what."""

from graph_model.analysis import (
    FileAnalysis,
    Limits,
    UnitAnalyser,
    UnitResult,
    called_by,
    count_lines,
)
from graph_model.candidates.view import UnitView
from graph_model.entries import hands_over
from graph_model.incremental.grafting import LiveTree
from graph_model.incremental.readings import (
    Answers,
    LoggedResolver,
    ReadLog,
    log_units,
)
from graph_model.languages import Language, load_table
from graph_model.packs.loading import load_index
from graph_model.program import Program, Unit, build_program

ENTRIES = "entries"
"""The reader that says what frameworks call."""


class LiveFile:
    """The last version of a file: its tree and its units, what was found in each, and who read what."""

    program: Program
    analyser: UnitAnalyser
    analysis: FileAnalysis

    def __init__(self, path: str, source: bytes, language: Language, limits: Limits) -> None:
        self._path, self._language = path, language
        self.terms = (language.name, limits.max_nodes)
        self.live = LiveTree(source, load_table(language), limits.max_nodes)
        self.num_analysed = 0
        self.begin()

    def close(self) -> None:
        """Gives its memory back."""
        self._let_go()
        self.live.tree.root.release()

    def begin(self) -> None:
        """Analyses everything in the tree."""
        self._let_go()
        self.log = ReadLog()
        self.program = build_program(self._path, self._language, self.live.tree, log_units(self.log))
        self.resolver = LoggedResolver(self.program, load_index(self.program.family.value), self.log)
        self.analyser = UnitAnalyser(self.program, self.resolver, count_lines(self.live.source))
        units = self.program.units
        for unit in units:
            self.analyser.fold(unit)
        self.handing = {unit.idx for unit in units if self.hands_over(unit)}
        self.find_entries()
        views = [self.view(unit) for unit in units]
        self.note_captures()
        self.analyser.find_contexts(name for view in views for name in called_by(view))
        self.keep([self.judge(view) for view in views])
        self.num_analysed = len(units)

    def _let_go(self) -> None:
        """Breaks the cycles of what was known before, so that its memory goes back at once."""
        known = vars(self).get("program")
        for one in (*known.units, known, self.resolver, self.analyser) if known is not None else ():
            vars(one).clear()

    def hands_over(self, unit: Unit) -> bool:
        """Whether what a unit calls may make entry points."""
        return hands_over(self.program, unit, self.resolver.index)

    def find_entries(self) -> None:
        """What entry points say."""
        self.log.forget([ENTRIES])
        with self.log.reading(ENTRIES):
            self.analyser.find_entries(self.program.units[idx] for idx in sorted(self.handing))

    def describe_entries(self, without: frozenset[int]) -> tuple[object, ...]:
        """What entry points say of all units but these."""
        analyser, resolver = self.analyser, self.resolver
        by_param = (analyser.sources, resolver.entry_types)
        return (
            analyser.entries - without,
            {idx: roles for idx, roles in resolver.entry_returns.items() if idx not in without},
            *({key: value for key, value in table.items() if key[0] not in without} for table in by_param),
            *(
                {key for key in keys if key[0] not in without}
                for keys in (resolver.made_by_framework, resolver.one_segment)
            ),
        )

    def view(self, unit: Unit) -> UnitView:
        """A unit with its value flow."""
        unit.captures.clear()
        with self.log.reading(unit.idx, unit.idx):
            self.log.rely(Answers(unit.idx))
            view = self.analyser.view(unit)
            called_by(view)
            return view

    def judge(self, view: UnitView) -> UnitResult:
        """What is found in a unit."""
        with self.log.reading(view.unit.idx, view.unit.idx):
            return self.analyser.judge(view)

    def note_captures(self) -> None:
        """Which variables of outer units are read, by all units as they are."""
        self.analyser.captured_names = {}
        for unit in self.program.units:
            self.analyser.note_captures(unit)

    def keep(self, results: list[UnitResult]) -> None:
        """Makes an analysis of the units' results."""
        self.results = results
        self.analyser.num_lines = count_lines(self.live.source)
        self.analysis = self.analyser.gather(results)
