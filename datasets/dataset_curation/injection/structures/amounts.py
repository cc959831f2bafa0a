"""Whether a loop may have many rounds, as its words tell: rows grow with use, options and columns are few."""

import re
from collections.abc import Iterator

from dataset_curation.injection.structures.model import function_of
from dataset_curation.injection.structures.other_names import split_words
from graph_model.edits.scene import Scene
from graph_model.kinds import LOOP_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

_MANY = re.compile(
    r"(?:rows|records|users|accounts|messages|mails|emails|events|documents|docs|transactions|orders|posts|comments"
    r"|products|customers|members|samples|points|datapoints|observations|measurements|packets|frames|logs"
    r"|cursors?|queryset"
    r"|reviews|ratings|tweets|visits|payments|invoices|submissions|subscribers|subscriptions|people|persons|employees"
    r"|students|photos|images|videos|tracks|songs|articles|books|notifications|tickets|alerts|commits|sessions|jobs"
    r"|edges|series|chars|characters|codepoints|words|sentences|polygons|coordinates|coords|df|dataframe|dataset"
    r"|corpus|descendants|contributions|followers|issues|hits|urls|crawled|bookings|deliveries|shipments|patients"
    r"|votes|ballots|trades|bids|quotes|prices|readings|traces|crashes|feeds|torrents|wheels|contacts|recipients"
    r"|addresses|cells|triples|tuples|neighbors|neighbours|revisions|artifacts|activities|assets|uploads|text)$"
)
"""What grows with use."""
_PERHAPS = re.compile(r"(?:entries|files|filenames|results|lines|links)$")
"""What may be much, or a handful."""
_READ = re.compile(
    r"(?:\bread_?line|\bos\.walk|\bwalk(?:_dir|Dir)?|\bscandir|\brglob|\bfetch_?(?:all|many|rows)"
    r"|\bcsv\.(?:reader|DictReader)|\biter_?rows|\bitertuples|\bReadLines?|\bFiles\.lines|\bexecute|\bquery|\bscan)\w*\(",
    re.I,
)
"""Calls that read as much as there is: of a file, a directory tree, a database."""
_FEW = re.compile(
    r"(?:configs?|configuration|plugins?|addons?|fields?|scopes?|columns?|cols|options?|opts|params?|parameters?|headers?"
    r"|extensions?|exts?|segments?|args|arguments?|argv|flags?|settings?|locales?|languages?|modes?|roles?|permissions?"
    r"|attributes?|attrs|propert(?:y|ies)|props|annotations?|types?|states?|currenc(?:y|ies)|handlers?"
    r"|listeners?|filters?"
    r"|providers?|versions?|parts?|steps?|levels?|kinds?|keys?|themes?|tabs?|menus?|retr(?:y|ies)|attempts?"
    r"|keywords?|panels?"
    r"|interceptors?|middlewares?|hooks?|rules?|profiles?|months?|days|weekdays|hosts?|servers?|devices?"
    r"|namespaces?|hidden"
    r"|modules?|interfaces?|methods?|enums?|constants?|aliases|dims?|dimensions?|axes|axis|shape|exports?"
    r"|imports?|schemas?"
    r"|percentiles?|choices|tables?|templates?|groups?|children|replicas?|paragraphs?|stack|buckets?|shards?"
    r"|partitions?"
    r"|workers?|nodes?|tokens?|statements?|expressions?|packages?|dependenc(?:y|ies)|chunks?|directives?|dirs?"
    r"|director(?:y|ies)|categor(?:y|ies)|bits|bytes|allowed|default|supported|known|enabled|valid|required"
    r"|expected|end|related|recent|clusters?|latest|top|selected|selection|weights?|suspects?|patterns?|drivers?|aliases"
    r"|services?|resources?|errors?|reports?|assertions?|pushers?|imports?|cookies?|claims?|slots?|variants?"
    r"|sources?)$"
)
_PASSING = re.compile(
    r"(?:items|values|entries|iter|list|tuple|enumerate|sorted|reversed|size|length|count|to_?list|to_?array|iterator|all"
    r"|get_?\w*|next|has_?(?:next|more)\w*|is_?empty|copy|splitlines|len|strip|trim|filter|where|map|select"
    r"|char_?at|substring|slice|null|none|undefined)$",
    re.I,
)

_CALLED = re.compile(r"(?:[\w.]*\.)?(?P<name>\w+)\((?:[^()]|\([^()]*\))*\)$")


def may_be_many(text: str, *, perhaps: bool = False) -> bool:
    """Whether an expression that is looped over may hold many: by its last word that names a thing.

    With `perhaps` words will do that say nothing of use: entries, files, results.
    """
    if text.startswith(("Object.", "range(", "[")) or (text.startswith("(") and "=" not in text):
        return False
    if re.fullmatch(r"[\w.]+ [<>]=? [\w.]*(?<!length)(?<!size)(?<!Length)(?<!Count)", text):
        return False  # a number by some name
    if _READ.search(text):
        return not says_seldom(text)
    called = _CALLED.match(text)
    if called is not None and not _PASSING.match(called["name"]):
        text = called["name"]  # what a call gives, not what it is given
    told = [one for one in re.findall(r"[A-Za-z_]\w*", text) if not _PASSING.match(one)] or re.findall(r"\w+", text)
    words = [word.lower() for one in told for word in split_words(one)]
    last = split_words(told[-1])[-1].lower() if told and split_words(told[-1]) else ""
    is_many = _MANY.match(last) is not None or (perhaps and _PERHAPS.match(last) is not None)
    return is_many and not any(_FEW.match(word) for word in words)


def is_surely_few(text: str) -> bool:
    """Whether a word of an expression says that it holds few, or the code says how many."""
    if re.match(r"range\([^()]*(?:[A-Z]{2,}|\d{1,2}\))", text):
        return True
    return any(_FEW.match(word.lower()) for word in split_words(text))


_SELDOM = frozenset({
    "actuator", "addon", "addons", "admin", "algorithm", "annotation", "annotations", "args", "arguments", "argv",
    "ast", "autocomplete", "boot", "bootstrap", "changelog", "chart", "clipboard", "close", "cmd", "codegen",
    "command", "commands", "compiler", "completion", "config", "configs", "configuration", "configurations",
    "configure", "contributor", "contributors", "cookie", "cookies", "credential", "credentials", "criteria",
    "dashboard", "dashboards", "debug", "debugger", "demo", "dependencies", "dependency", "describe", "description",
    "devtools", "dictionaries", "dictionary", "dispose", "dump", "duration", "editor", "endpoint", "env",
    "environment", "expression", "expressions", "extension", "extensions", "feature", "filters", "fixture",
    "flag", "flags", "font", "fonts", "gradle", "grammar", "header", "headers", "help", "history", "hosts", "icon",
    "icons", "init", "initialise", "initialize", "injector", "inspector", "install", "installed", "installer", "lang",
    "language", "languages", "lexer", "license", "licenses", "lint", "linter", "locale", "locales", "manifest",
    "maven", "menu", "menus", "metadata", "migrate", "migration", "migrations", "migrator", "mock", "mode", "mount",
    "mounted", "option", "options", "package", "packages", "param", "parameter", "parameters", "params", "period",
    "pid", "pids", "plugin", "plugins", "predicate", "preference", "preferences", "pretty", "printer", "profile",
    "profiles", "prompt", "properties", "quality", "release", "repr", "resolver", "sample", "schema", "schemas",
    "selection", "selections", "setting", "settings", "setup", "shutdown", "startup", "stemmer", "step", "stop",
    "style", "summary", "suppression", "suppressions", "syntax", "teardown", "template", "templates", "terminate",
    "test", "tests", "theme", "themes", "tokenizer", "toolbar", "topology", "uninstall", "upgrade", "usage",
    "validator", "version", "versions", "warmup", "widget", "wiring", "wizard", "workflow", "workflows",
})  # fmt: skip
"""Words of what runs once, or over a handful that somebody wrote."""


def is_seldom(scene: Scene, node: Node) -> bool:
    """Whether the words around a place say that its code runs once, or over a handful: of its function and classes, of
    its file, and of the innermost loop."""
    told = ["/".join(scene.candidate.path.split("/")[-2:]), next(loop_heads(scene, node), "")]
    above: Node | None = node
    while above is not None:
        name = above.get("name") if above.kind in (K.FUNCTION, K.CLASS) else None
        told.append(name.text if name is not None else "")
        above = above.parent
    return says_seldom(" ".join(told))


def says_seldom(text: str) -> bool:
    """Whether a word of a text is of what runs once, or over a handful."""
    words = (word.lower() for one in re.findall(r"(?!ConfigureAwait)[A-Za-z]+", text) for word in split_words(one))
    return any(word in _SELDOM for word in words)


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


def is_over_many(scene: Scene, node: Node, *, perhaps: bool = False) -> bool:
    """Whether a node stands in a loop that may have many rounds, and in a function."""
    return function_of(node) is not None and any(may_be_many(head, perhaps=perhaps) for head in loop_heads(scene, node))


def is_looped(node: Node) -> bool:
    """Whether a node stands in a loop of its own function."""
    above = node.parent
    while above is not None and above.kind not in (K.FUNCTION, K.LAMBDA, K.CLASS):
        if above.kind in LOOP_KINDS:
            return True
        above = above.parent
    return False
