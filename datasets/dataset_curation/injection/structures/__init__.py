"""Kinds of defects that are edits of the tree: what text patterns do badly. A table, and one function a kind."""

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace

from dataset_curation.injection.defect_kinds import find_kind
from dataset_curation.injection.defects import Proposal
from dataset_curation.injection.structures.calls import (
    arguments_swapped,
    await_dropped,
    mutable_default,
    return_dropped,
    wrong_variable,
)
from dataset_curation.injection.structures.conditions import (
    boundary_shifted,
    condition_negated,
    identity_compared,
    null_check_dropped,
    off_by_one,
    operator_swapped,
)
from dataset_curation.injection.structures.constants import (
    COSTLY,
    compiled_per_call,
    condition_inlined,
    magic_number,
)
from dataset_curation.injection.structures.copying import copy_in_loop
from dataset_curation.injection.structures.documentation import documentation_removed
from dataset_curation.injection.structures.loops import text_in_loop, together_apart, work_in_loop
from dataset_curation.injection.structures.model import ALL, CSHARP, JAVA, JAVASCRIPT, PYTHON, Structure, open_scene
from dataset_curation.injection.structures.nesting import (
    block_duplicated,
    branch_copied,
    unreachable_code,
)
from dataset_curation.injection.structures.redeclaring import redeclared
from dataset_curation.injection.structures.renaming import rename_nearby
from dataset_curation.injection.structures.resources import resource_left_open
from dataset_curation.injection.structures.wording import (
    dead_store,
    exception_swallowed,
    poor_name,
)
from graph_model.edits.model import Declined
from graph_model.edits.scene import Scene

__all__ = ["STRUCTURES", "find_twin", "open_scene", "propose_structures", "with_twins"]

_LOOP_COSTS = (
    "performance/invariant-call-in-loop", "performance/repeated-compilation", "performance/expensive-object-per-call",
    "performance/query-in-loop", "performance/connection-per-iteration", "performance/sort-in-loop",
    "performance/copy-in-loop",
)  # fmt: skip
_BUT_PYTHON = (JAVASCRIPT, JAVA, CSHARP)  # whose module keeps the patterns that it compiled
_COMPILED = ("performance/repeated-compilation", "performance/expensive-object-per-call")

STRUCTURES: tuple[Structure, ...] = (
    Structure("work-in-loop", "work-in-loop", ALL, _LOOP_COSTS, work_in_loop),
    Structure(
        "copy-in-loop", "copy-in-loop", (JAVASCRIPT,), ("performance/copy-in-loop",), copy_in_loop,
        re.compile(r"= (?:\[\]|\{\});|, (?:\[\]|\{\})(?: as [^\n]+)?\)"),
    ),
    Structure(
        "text-in-loop", "text-in-loop", (JAVA, CSHARP), ("performance/string-concatenation-in-loop",),
        text_in_loop, re.compile(r"new String(?:Builder|Buffer)"),
    ),
    Structure(
        "resource-left-open", "resource-left-open", (PYTHON, JAVA, CSHARP), ("performance/unclosed-resource",),
        resource_left_open,
    ),
    Structure("compiled-per-call", "compiled-per-call", _BUT_PYTHON, _COMPILED, compiled_per_call, COSTLY),
    Structure(
        "together-apart", "one-after-another", (CSHARP,), ("performance/sequential-await-in-loop",), together_apart,
        re.compile(r"Task\.WhenAll\("),
    ),
    Structure("off-by-one", "off-by-one", ALL, (), off_by_one),
    Structure("boundary-shifted", "boundary-shifted", ALL, (), boundary_shifted),
    Structure("condition-negated", "condition-negated", ALL, (), condition_negated),
    Structure("operator-swapped", "operator-swapped", ALL, (), operator_swapped),
    Structure("wrong-variable", "wrong-variable", ALL, (), wrong_variable),
    Structure("arguments-swapped", "arguments-swapped", ALL, (), arguments_swapped),
    Structure(
        "await-dropped", "await-dropped", (PYTHON, JAVASCRIPT, CSHARP), ("correctness/missing-await",), await_dropped
    ),
    Structure("return-dropped", "return-dropped", ALL, (), return_dropped),
    Structure("identity-compared", "identity-compared", (PYTHON, JAVA), (), identity_compared),
    Structure("null-check-dropped", "null-check-dropped", ALL, (), null_check_dropped),
    Structure(
        "mutable-default", "mutable-default", (PYTHON,), ("correctness/mutable-default-argument",), mutable_default,
        re.compile(r"=\s*None\b"),
    ),
    Structure("branch-copied", "branch-copied", ALL, ("maintainability/duplicate-branches",), branch_copied),
    Structure(
        "exception-swallowed", "exception-swallowed", ALL, ("maintainability/swallowed-exception",),
        exception_swallowed,
    ),
    Structure("block-duplicated", "block-duplicated", ALL, (), block_duplicated),
    Structure("poor-name", "poor-name", ALL, (), poor_name),
    Structure("magic-number", "magic-number", ALL, (), magic_number),
    Structure("dead-store", "dead-store", ALL, ("maintainability/unused-assignment",), dead_store),
    Structure(
        "unreachable-code", "unreachable-code", (PYTHON, JAVASCRIPT, CSHARP), ("maintainability/unreachable-code",),
        unreachable_code,
    ),
    Structure("documentation-removed", "documentation-removed", ALL, (), documentation_removed),
    Structure("condition-inlined", "condition-inlined", ALL, (), condition_inlined),
)  # fmt: skip
"""Every structural kind, in the order of its category."""


def propose_structures(scene: Scene, names: Container[str] | None = None) -> Iterator[Proposal]:
    """Every place of a file where a structural defect (of these names, any for None) can be made, by kind."""
    for structure in STRUCTURES:
        if scene.family not in structure.families or (names is not None and structure.name not in names):
            continue
        kind = find_kind(structure.kind)
        try:
            for draft in structure.propose(scene):
                yield Proposal(
                    name=structure.name,
                    kind=kind.name,
                    labels=frozenset(structure.labels or (kind.span,)),
                    start=draft.start,
                    end=draft.end,
                    edits=draft.edits,
                    twin=draft.twin,
                    renames=draft.renames,
                )
        except Declined:
            continue


def with_twins(scene: Scene, proposals: Iterable[Proposal]) -> Iterator[Proposal]:
    """The proposals with their twins. Those without one are left out: a defect alone would teach how edits look."""
    return (one for one in (find_twin(scene, each) for each in proposals) if one.twin)


def find_twin(scene: Scene, proposal: Proposal) -> Proposal:
    """The proposal with its twin, where that is a variable renamed or declared otherwise; as it is if it has one."""
    if proposal.twin or not proposal.renames:
        return proposal
    twin = rename_nearby(scene, proposal.start, proposal.end) or redeclared(scene, proposal.start)
    return replace(proposal, twin=twin)
