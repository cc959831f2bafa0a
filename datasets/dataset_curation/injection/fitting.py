"""Whether a place that a text tells of is one where the defect would matter, as the tree around it shows."""

import re
from collections.abc import Callable, Iterator

from dataset_curation.injection.asides import is_aside
from dataset_curation.injection.defect_kinds import Category, find_kind
from dataset_curation.injection.defects import Proposal
from dataset_curation.injection.structures.amounts import is_over_many, is_surely_few
from dataset_curation.injection.structures.model import function_of, names_in, nodes, parameters
from graph_model.edits.scene import Scene
from graph_model.kinds import FUNCTION_KINDS, LOOP_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_NAME = re.compile(r"\w+(?= *(?::[^=]*)?= )")
_A_SET = re.compile(r"(?i)set(?:$|_)")
_LOGS = re.compile(r"(?i)log|index|dump|access|history|export|corpus|trace|journal|\.(?:csv|jsonl|tsv|txt)")
_SMALL = re.compile(
    r"(?i)conf|requirement|propert|\.ini|hosts|passwd|keys|ignore|change|manifest|licen[sc]e|version|repo|readme|setup|etc/|pid|authori[sz]ed|credential|require|req_|passw|realm|digest"
    r"|template|proc/|/sys/|mime|plugin|profile|token|word|secret|schema|metadata|status|readme|todo"
)
"""Files that nobody keeps much in."""
_SECRETS = re.compile(r"(?i)credential|passw|unauthori[sz]ed")
_OF_FEW = re.compile(r"(?i)auth|passw|login|conf|setting|licen|require")  # programs that read those
_FREE = re.compile(
    r"(?i)text|value|ur[li]|path|query|string|line|host|ip|user|email|address|date|word|message|source|sql|expr|pattern"
    r"|content|html|hash|req|token|name|key|(?:^|_)id$|^s$"
)
"""Parameters that take ever new values."""


def fits(scene: Scene, proposal: Proposal) -> bool:
    """Whether a defect at this place would matter. What costs time or memory is looked for in the program proper."""
    if find_kind(proposal.kind).category is Category.PERFORMANCE and is_aside(scene.candidate.path):
        return False
    asked = _ASKED.get(proposal.kind)
    return asked is None or asked(scene, proposal)


def _asked_in_many(scene: Scene, proposal: Proposal) -> bool:
    """A set by another name than one, asked for members in a loop that may have many rounds."""
    match = _NAME.search(scene.between(proposal.start, proposal.end))
    function = _innermost(scene, proposal.start, K.FUNCTION)
    if match is None or function is None or _A_SET.search(match[0]) or is_surely_few(match[0]):
        return False
    return any(is_over_many(scene, one) for one in _askings(function, match[0]))


def _askings(function: Node, name: str) -> Iterator[Node]:
    """Where a collection is asked whether it holds something."""
    for node in function.walk():
        parent = node.parent
        if node.kind is not K.NAME or node.text != name or parent is None:
            continue
        asks = parent.kind is K.MEMBER and parent.text in ("has", "contains", "Contains", "includes")
        if asks or (parent.kind is K.COMPARE and parent.get("right") is node):
            yield node


def _innermost(scene: Scene, at: int, *kinds: K) -> Node | None:
    """The innermost node of some kinds around an offset."""
    around = (one for one in nodes(scene, *kinds) if one.start <= at < one.end)
    return min(around, key=lambda one: one.end - one.start, default=None)


def _awaits_more(scene: Scene, proposal: Proposal) -> bool:
    """An asynchronous function that still awaits something."""
    function = _innermost(scene, proposal.start, *FUNCTION_KINDS)
    if function is None:
        return False
    own = [one for one in function.walk() if one.kind is K.AWAIT and _innermost_above(one) is function]
    return len(own) > 1 or scene.family is not Family.CSHARP


def _innermost_above(node: Node) -> Node | None:
    above = node.parent
    while above is not None and above.kind not in FUNCTION_KINDS:
        above = above.parent
    return above


def _holds_many(scene: Scene, proposal: Proposal) -> bool:
    """A cache of Python whose function is given texts, numbers of things or addresses, so that its keys are many."""
    if scene.family is not Family.PYTHON:
        return True
    decorated = [
        one for one in nodes(scene, K.FUNCTION)
        if any(each.start <= proposal.start < each.end for each in one.all("decorators"))
    ]  # fmt: skip
    names = [name for one in decorated for name in parameters(one)]
    return any(_FREE.search(one) for one in names)


def _leaves(loop: Node) -> bool:
    """Whether a loop's own statements may end it, or hand on what it read so far."""
    body = loop.get("body")
    for node in body.walk() if body is not None else ():
        if node.kind in (K.RETURN, K.YIELD) and function_of(node) is function_of(loop):
            return True
        if node.kind is K.BREAK and _loop_of(node) is loop:
            return True
    return False


def _loop_of(node: Node) -> Node | None:
    above = node.parent
    while above is not None and above.kind not in LOOP_KINDS:
        above = above.parent
    return above


def _reads_much(scene: Scene, proposal: Proposal) -> bool:
    """A file that may be large, or of which the first lines may be enough."""
    if _innermost(scene, proposal.start, K.FUNCTION) is None:
        return False
    loop = _innermost(scene, proposal.start, K.LOOP_EACH)
    if scene.family is not Family.PYTHON:
        items = loop.get("iter") if loop is not None else None
        in_head = items is not None and items.start <= proposal.start < items.end
        named = _LOGS.search(scene.between(proposal.start, scene.line_end(proposal.start))) is not None
        return named or (loop is not None and in_head and _leaves(loop))
    if loop is None or loop.start != proposal.start:
        return False
    opened = [one for one in nodes(scene, K.WITH_ITEM, K.ASSIGN) if _opens(one, loop)]
    if any(_SMALL.search(scene.text(one)) for one in opened) or _OF_FEW.search(scene.candidate.path):
        return False
    function = function_of(loop)
    if function is not None and _SECRETS.search(scene.text(function)):
        return False
    return bool(opened) and (_leaves(loop) or any(_LOGS.search(scene.text(one)) for one in opened))


def _opens(item: Node, loop: Node) -> bool:
    target, items = item.get("target"), loop.get("iter")
    if target is None or items is None or function_of(item) is not function_of(loop):
        return False
    return target.text in names_in(items) and item.end <= loop.start


_ASKED: dict[str, Callable[[Scene, Proposal], bool]] = {
    "list-for-set": _asked_in_many,
    "sync-over-async": _awaits_more,
    "blocking-call": _awaits_more,
    "cache-unbounded": _holds_many,
    "whole-file": _reads_much,
}
