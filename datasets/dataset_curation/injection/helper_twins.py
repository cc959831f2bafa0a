"""Flows that a project's own helper protects, by its name: the helper taken away, and the helper wrapped once more."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dataset_curation.injection.removals import IDENTITY, unwrap_call
from graph_model.analysis import FileAnalysis
from graph_model.candidates.model import Candidate
from graph_model.edits.model import Edit
from graph_model.languages import BY_NAME
from graph_model.origins import CallRecord

_PROTECTING = re.compile(
    r"(?:^|[._])(?:\w*_)?(?:escape|sanitiz|sanitis|encode|quote|purify|strip_?tags|slugify|secure|clean|validate|normali[sz]e"
    r"|check_?path|safe)\w*$|(?:Escape|Sanitiz|Sanitis|Encode|Quote|Purify|Clean|Validate|Normali[sz]e)\w*$",
    re.I,
)
_TO_TEXT = re.compile(rb"\.(?:toString|ToString|decode)\(")


@dataclass(frozen=True, slots=True)
class HelperTwins:
    """A candidate whose flow passes a helper with a protecting name, and two edits of about one size."""

    candidate: Candidate
    removed: Edit
    wrapped: Edit


def propose_helper_twins(
    analysis: FileAnalysis, candidates: tuple[Candidate, ...], content: bytes
) -> Iterator[HelperTwins]:
    """One for each security candidate that is the only one of its label, symbol and API, and passes such a helper."""
    keys = [(one.label, one.symbol, one.api) for one in candidates]
    identity = IDENTITY[BY_NAME[analysis.language].family]
    for candidate, key in zip(candidates, keys, strict=True):
        facts = dict(candidate.facts)
        if not candidate.label.startswith("security/") or not facts.get("passed_unknown_call") or keys.count(key) != 1:
            continue
        call = _find_helper(analysis, candidate)
        value = unwrap_call(content, call.start, call.end) if call is not None else None
        if call is not None and value is not None and not _is_text(content, call, identity[0]):
            text = content[call.start : call.end]
            removed = Edit(call.start, call.end, identity[0] + value + identity[1])
            yield HelperTwins(candidate, removed, Edit(call.start, call.end, identity[0] + text + identity[1]))


def _is_text(content: bytes, call: CallRecord, opening: bytes) -> bool:
    """Whether the result is turned into text as it stands: nobody does so twice."""
    return content[: call.start].endswith(opening) or _TO_TEXT.match(content, call.end) is not None


def _find_helper(analysis: FileAnalysis, candidate: Candidate) -> CallRecord | None:
    """The call with a protecting name on the statements of a candidate's evidence, in its own unit."""
    spans = [(step.start, step.end) for step in candidate.steps if step.path == candidate.path]
    spans.append((candidate.statement_start, candidate.statement_end))
    for call in analysis.units[candidate.unit].calls:
        inside = any(start <= call.start and call.end <= end for start, end in spans)
        if inside and (call.start, call.end) != (candidate.start, candidate.end) and _PROTECTING.search(call.callee):
            return call
    return None
