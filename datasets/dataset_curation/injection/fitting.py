"""Whether a place that a text tells of is one where the defect would matter, as the tree around it shows."""

import re
from collections.abc import Callable, Iterator

from dataset_curation.injection.asides import is_aside
from dataset_curation.injection.defect_kinds import Category, find_kind
from dataset_curation.injection.defects import Proposal
from dataset_curation.injection.structures.amounts import (
    is_over_many,
    is_seldom,
    is_surely_few,
    may_be_many,
    says_seldom,
)
from dataset_curation.injection.structures.model import function_of, names_in, nodes, parameters
from graph_model.edits.scene import Scene
from graph_model.kinds import FUNCTION_KINDS, LOOP_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_NAME = re.compile(r"\w+(?= *(?::[^=]*)?= )")
_A_SET = re.compile(r"(?i)set(?:$|_)")
_LOGS = re.compile(r"(?i)log|index|dump|access|history|export|corpus|trace|journal|\.(?:csv|jsonl|tsv|txt)")
_LOGGED = re.compile(r"(?i)logs?\b|dump|export|trace|journal")
_SMALL = re.compile(
    r"(?i)conf|requirement|propert|\.ini|hosts|passwd|keys|ignore|change|manifest|licen[sc]e|version|repo|readme|setup|etc/|pid|authori[sz]ed|credential|require|req_|passw|realm|digest"
    r"|template|proc/|/sys/|mime|plugin|profile|token|word|secret|schema|metadata|status|readme|todo|suppress"
)
"""Files that nobody keeps much in."""
_DATA = re.compile(
    r"(?i)records?\b|rows?\b|json\.loads|\.split\(|tweets?|samples?|sentences?|corpus|dataset|events?\b|embedding|vectors?"
)
"""What is said where a file of data is read."""
_SECRETS = re.compile(r"(?i)credential|passw|unauthori[sz]ed|\bprops\b|properties|comment_?char")
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
    if says_seldom(match[0]):
        return False
    return any(
        is_over_many(scene, one, perhaps=True) and not is_seldom(scene, one) for one in _askings(function, match[0])
    )


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


_REQUEST = re.compile(
    r"(?i)fetch|http|client|request|send|quer(?:y|ies)|\bdb\b|database|repo(?:sitor|\b)|\bapi|\baxios|upload|download|publish|mutat"
    r"|deliver|notif|remote|service|\.(?:save|insert|delete|find|get|post|put|load|create)\w*\(|prisma|redis|s3\b|storage"
)
_SENT = re.compile(r"mutateAsync\(|axios|https?Client|Heartbeat|\bfetch\(")
"""What is surely sent over a network."""
_LOCAL = re.compile(
    r"(?i)close|dispose|stop|discard|unlink|fs\.|createIfNot|shutdown|start|flush|init|listener|dialog|import\(|handler|hook|plugin"
    r"|waitfor|setTimeout|delay|lazy|crypt|\bcopy\("
)
"""What is awaited without a request, or for a handful."""


def _requests_each(scene: Scene, proposal: Proposal) -> bool:
    """A request over a network, or a query, for each of what grows with use."""
    text = scene.between(proposal.start, proposal.end)
    call = text.partition("=>")[2]
    listed = re.search(r"(?:[aA]ll\(\s*)([\w.$()?!\[\]]+?)\.(?:map|Select)\(", text)
    node = _innermost(scene, proposal.start, *FUNCTION_KINDS)
    if listed is None or node is None or is_surely_few(listed[1]) or re.search(r"&&|\|\||\?(?!\.)", call):
        return False
    if not _REQUEST.search(call) or _LOCAL.search(text) or is_seldom(scene, node) or says_seldom(text):
        return False
    items = re.sub(r"To[A-Z]\w*$", "", listed[1])  # users to revoke are users
    return may_be_many(items) or re.search(r"(?:[iI]ds|IDs)$", items) is not None or _SENT.search(call) is not None


_QUEUED = re.compile(
    r"(?i)queue|pending|todo|commands|worklist|to_?visit|frontier|messages|events|jobs|packets|frames|requests|waiting|neighbo|vertex|vertices"
    r"|edges|graph|crawl|urls|descend|walk|rows|records|bfs|breadth"
)
_OF_TEXT = re.compile(
    r"(?i)cache|expression|print|pretty|syntax|\bast\b|parse|token|lexer|compil|undo|redo|passes|opcode|instruction"
)


def _is_fed(scene: Scene, proposal: Proposal) -> bool:
    """A queue that is fed in a loop by what grows."""
    match = re.search(r"(?P<name>[\w.]+) = ", scene.between(proposal.start, proposal.end))
    function = _innermost(scene, proposal.start, K.FUNCTION)
    if match is None or function is None or _OF_TEXT.search(scene.candidate.path):
        return False
    name, text = match["name"], scene.text(function)
    holder = function
    if name.startswith("self."):
        holder = _innermost(scene, proposal.start, K.CLASS) or function
        text = _called(holder)
    if is_surely_few(name) or _OF_TEXT.search(text) or is_seldom(scene, holder):
        return False
    fed = [
        one for one in holder.walk()
        if one.kind is K.MEMBER and one.text in ("append", "extend") and (obj := one.get("obj")) is not None
        and scene.text(obj) == name
    ]  # fmt: skip
    looped = any(_loop_of(one) is not None for one in fed) if holder is function else bool(fed)
    return looped and _QUEUED.search(f"{name} {'' if holder is not function else text}") is not None


def _called(function: Node) -> str:
    name = function.get("name")
    return name.text if name is not None else ""


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


def _keeps_all(loop: Node) -> bool:
    """Whether each round puts something into a mapping: what was read is in memory afterwards in any case."""
    body = loop.get("body")
    return body is not None and any(
        one.kind is K.ASSIGN and (target := one.get("target")) is not None and target.kind is K.INDEX
        for one in body.children
    )


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
        function = _innermost(scene, proposal.start, K.FUNCTION)
        if function is None or is_seldom(scene, loop or function):
            return False
        return named or (loop is not None and in_head and _leaves(loop))
    if loop is None or loop.start != proposal.start or _keeps_all(loop):
        return False
    opened = [one for one in nodes(scene, K.WITH_ITEM, K.ASSIGN) if _opens(one, loop)]
    if any(_SMALL.search(scene.text(one)) for one in opened) or _OF_FEW.search(scene.candidate.path):
        return False
    function = function_of(loop)
    if function is None or _SECRETS.search(scene.text(function)) or is_seldom(scene, loop):
        return False
    if any(says_seldom(scene.text(one).replace("settings.", "")) for one in opened):
        return False
    return bool(opened) and all(_is_of_data(scene, function, one) for one in opened)


_PLAIN = re.compile(r"(?<![\w.])(?:(?:io|codecs|gzip|bz2|lzma)\.)?open\((?P<path>[^()\n,]+)")
_WRITTEN = re.compile(r"[\"']")


def _is_of_data(scene: Scene, function: Node, item: Node) -> bool:
    """Whether a file is opened by a plain call, and is a log, or data that the caller names."""
    call = _PLAIN.search(scene.text(item))
    if call is None or _WRITTEN.search(call["path"]):
        return call is not None and _LOGGED.search(call["path"]) is not None
    if _LOGS.search(call["path"]):
        return True
    given = set(parameters(function))
    return (
        bool(re.match(r"\w+", call["path"]))
        and call["path"].strip() in given
        and bool(_DATA.search(scene.text(function)))
    )


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
    "one-after-another": _requests_each,
    "list-for-queue": _is_fed,
}
