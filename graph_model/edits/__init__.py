"""Edits of source text with their inverses, and the fixes made of them. Knows labels, no findings and no scores."""

from graph_model.edits.kinds import FIX_KINDS
from graph_model.edits.model import Edit, FixKind, Safety, apply_edits, invert_edits
from graph_model.edits.proposal import ProposedFix, find_fix, find_kinds, propose_fix

__all__ = [
    "FIX_KINDS",
    "Edit",
    "FixKind",
    "ProposedFix",
    "Safety",
    "apply_edits",
    "find_fix",
    "find_kinds",
    "invert_edits",
    "propose_fix",
]
