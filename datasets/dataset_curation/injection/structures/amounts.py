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
    r"(?:rows|lines?|readline|records|entries|files|filenames|nodes|paths|users|accounts|messages|mails|events|documents"
    r"|docs|results|chars|characters|codepoints|transactions|requests|packages|orders|tasks|jobs|descendants|edges|vertices"
    r"|points|samples|stream|reader|scanner|cursor|queryset|objects|posts|pages|comments|products|customers|members|logs"
    r"|walk|chunks|words|sentences|matches|commits|revisions|artifacts|changes|candidates|links|symbols|references"
    r"|queue|stack|pending|text|html|articles|books|tracks|songs|assets|metrics|spans|graph|dependencies|issues|items"
    r"|registrations|payments|invoices|assignments|submissions|visits|tests|strings|string|content|input|directory|dir"
    r"|neighbors|neighbours|contributions|sessions|series|images|photos|videos|tenants|tokens|instances|hits|tickets|alerts"
    r"|subscribers|subscriptions|projects|repositories|people|persons|employees|students|cards|cells|tuples|feeds|torrents"
    r"|measurements|datapoints|observations|notifications|attachments|uploads|wheels|tweets|threads|reviews|ratings|features"
    r"|polygons|coordinates|coords|markers|store|df|dataframe|dataset|corpus|collection|pairs|urls)$"
)
_FEW = re.compile(
    r"(?:configs?|configuration|plugins?|addons?|fields?|scopes?|columns?|cols|options?|opts|params?|parameters?|headers?"
    r"|extensions?|exts?|segments?|args|arguments?|argv|flags?|settings?|locales?|languages?|modes?|roles?|permissions?"
    r"|attributes?|attrs|propert(?:y|ies)|props|annotations?|types?|states?|currenc(?:y|ies)|handlers?|listeners?|filters?"
    r"|providers?|versions?|parts?|steps?|levels?|kinds?|keys?|themes?|tabs?|menus?|retr(?:y|ies)|attempts?|keywords?|panels?"
    r"|interceptors?|middlewares?|hooks?|rules?|profiles?|months?|days|weekdays|hosts?|servers?|devices?|namespaces?|hidden"
    r"|modules?|interfaces?|methods?|enums?|constants?|aliases|dims?|dimensions?|axes|axis|shape|exports?|imports?|schemas?"
    r"|percentiles?|choices|tables?|weights?|suspects?|patterns?|drivers?|aliases|services?|resources?|errors?|reports?|assertions?|pushers?|imports?|cookies?|claims?|slots?|variants?|sources?)$"
)
_PASSING = re.compile(
    r"(?:items|values|entries|iter|list|tuple|enumerate|sorted|reversed|size|length|count|to_?list|to_?array|iterator|all"
    r"|get_?\w*|next|has_?(?:next|more)\w*|is_?empty|copy|splitlines|len|strip|trim|filter|where|map|select|char_?at|substring|slice|null|none|undefined)$",
    re.I,
)

_CALLED = re.compile(r"(?:[\w.]*\.)?(?P<name>\w+)\((?:[^()]|\([^()]*\))*\)$")


def may_be_many(text: str) -> bool:
    """Whether an expression that is looped over may hold many: by its last word that names a thing."""
    if text.startswith(("Object.", "range(", "[")) or (text.startswith("(") and "=" not in text):
        return False
    called = _CALLED.match(text)
    if called is not None and not _PASSING.match(called["name"]):
        text = called["name"]  # what a call gives, not what it is given
    told = [one for one in re.findall(r"[A-Za-z_]\w*", text) if not _PASSING.match(one)] or re.findall(r"\w+", text)
    words = [word.lower() for one in told for word in split_words(one)]
    last = split_words(told[-1])[-1].lower() if told and split_words(told[-1]) else ""
    return _MANY.match(last) is not None and not any(_FEW.match(word) for word in words)


def is_surely_few(text: str) -> bool:
    """Whether a word of an expression says that it holds few, or the code says how many."""
    if re.match(r"range\([^()]*(?:[A-Z]{2,}|\d{1,2}\))", text):
        return True
    return any(_FEW.match(word.lower()) for word in split_words(text))


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


def is_looped(node: Node) -> bool:
    """Whether a node stands in a loop of its own function."""
    above = node.parent
    while above is not None and above.kind not in (K.FUNCTION, K.LAMBDA, K.CLASS):
        if above.kind in LOOP_KINDS:
            return True
        above = above.parent
    return False
