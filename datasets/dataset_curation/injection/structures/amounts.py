"""Whether a loop may have many rounds, as its words tell: rows and lines are many, options and columns are few."""

import re
from collections.abc import Iterator

from dataset_curation.injection.structures.model import function_of
from dataset_curation.injection.structures.other_names import split_words
from graph_model.edits.scene import Scene
from graph_model.kinds import LOOP_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

_MANY = re.compile(
    r"(?:rows?|lines?|readline|records?|entries|entry|files?|filenames|items?|nodes?|paths?|users?|accounts?|messages?|mails?"
    r"|events?|documents?|docs|results?|chars?|characters?|codepoints?|tokens?|issues?|transactions?|requests?|responses?"
    r"|packages?|orders?|tasks?|jobs?|children|descendants|edges?|vertices|points?|samples?|values|data|stream|reader|scanner"
    r"|cursor|queryset|objects|posts?|pages?|comments?|products?|customers?|members?|logs?|walk|chunks?|words?|sentences?"
    r"|tuples?|matches|commits?|revisions?|artifacts?|changes?|candidates?|urls?|links?|images?|symbols?|references?|queue"
    r"|stack|pending|bytes|text|content|buffer|input|str|string|source|html|articles?|notes|books?|tracks?|songs?|assets?"
    r"|transactions|series|metrics?|spans?|blocks?|cells?|labels?|graph|tree|elements?|dependencies|ids|identifiers|next)$"
)
_FEW = re.compile(
    r"(?:configs?|configuration|plugins?|addons?|fields?|scopes?|columns?|cols|options?|opts|params?|parameters?|headers?"
    r"|extensions?|exts?|segments?|args|arguments?|argv|flags?|settings?|locales?|languages?|modes?|roles?|permissions?"
    r"|attributes?|attrs|propert(?:y|ies)|props|annotations?|types?|states?|currenc(?:y|ies)|handlers?|listeners?|filters?"
    r"|providers?|versions?|parts?|steps?|levels?|kinds?|keys?|languages?|themes?|tabs?|menus?|retr(?:y|ies)|attempts?"
    r"|interceptors?|middlewares?|hooks?|rules?|profiles?|months?|days|weekdays|hosts?|servers?|devices?|namespaces?"
    r"|modules?|interfaces?|methods?|enums?|constants?|aliases|dims?|dimensions?|axes|axis|shape|series)$"
)


def may_be_many(text: str) -> bool:
    """Whether an expression that is looped over may hold many, by its words; one word for few decides."""
    words = [word.lower() for word in split_words(text)]
    return any(_MANY.match(word) for word in words) and not any(_FEW.match(word) for word in words)


def loop_heads(scene: Scene, node: Node) -> Iterator[str]:
    """What the loops around a node go over, inner ones first; the receiver of a call that is given the lambda."""
    above, child = node.parent, node
    while above is not None and above.kind not in (K.FUNCTION, K.CLASS):
        if above.kind in LOOP_KINDS and child is not above.get("iter"):
            head = above.get("iter") or above.get("cond")
            yield scene.text(head) if head is not None else ""
        elif above.kind is K.LAMBDA and above.parent is not None and above.parent.kind is K.ARGS:
            callee = above.parent.parent.get("callee") if above.parent.parent is not None else None
            obj = callee.get("obj") if callee is not None and callee.kind is K.MEMBER else None
            yield scene.text(obj) if obj is not None else ""
        elif above.kind is K.COMPREHENSION:
            yield from (scene.text(one) for part in above.walk() if (one := part.get("iter")) is not None)
        child, above = above, above.parent


def is_over_many(scene: Scene, node: Node) -> bool:
    """Whether a node stands in a loop that may have many rounds, and in a function."""
    return function_of(node) is not None and any(may_be_many(head) for head in loop_heads(scene, node))
