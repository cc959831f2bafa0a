"""The table of detectors: each looks at one unit and proposes candidates. Flows are joined by `graph_model.linking`."""

from collections.abc import Callable, Iterable

from graph_model.candidates import (
    authorisation,
    comparisons,
    concurrency,
    documentation,
    loops,
    resources,
    settings,
    smells,
    trust,
)
from graph_model.candidates.view import Draft, UnitView

DETECTORS: tuple[Callable[[UnitView], Iterable[Draft]], ...] = (
    settings.find_settings,
    settings.find_annotations,
    settings.find_properties,
    authorisation.find_missing_guards,
    trust.find_late_checks,
    trust.find_secrets,
    comparisons.find_unequal_time,
    loops.find_calls_in_loops,
    loops.find_searches_in_loops,
    loops.find_text_growth,
    loops.find_nested_joins,
    loops.find_row_wise,
    loops.find_spread_accumulation,
    resources.find_unclosed,
    resources.find_whole_reads,
    resources.find_materialisations,
    resources.find_counts,
    resources.find_unbounded_caches,
    resources.find_expensive_objects,
    concurrency.find_blocking_in_async,
    concurrency.find_sync_over_async,
    concurrency.find_sequential_awaits,
    concurrency.find_forgotten_awaits,
    concurrency.find_waiting_under_lock,
    smells.find_mutable_defaults,
)
SMELL_DETECTORS: tuple[Callable[[UnitView], Iterable[Draft]], ...] = (
    smells.find_large_shapes,
    smells.find_swallowed,
    smells.find_unreachable,
    smells.find_unused_assignments,
    smells.find_branches,
    smells.find_flags,
    documentation.find_stale_parameters,
)
