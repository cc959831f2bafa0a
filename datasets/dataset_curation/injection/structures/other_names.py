"""Names that say the same as a name does: an abbreviation written out, a synonym, what made the value. Pure."""

import re
from collections.abc import Iterator, Sequence

from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SHORTEST, _LONGEST = 3, 28  # characters of a name that is worth another one, and of the other one
_MOST_WORDS = 3
_PAIRED = re.compile(
    "(?:old|new|prev|previous|next|is|has|can|should|was|will|did|are|current|latest|first|last|start|begin|end"
    "|stop|as|to|from|by|for|with|at|on|of|min|max|left|right|top|bottom|lo|low|hi|high|in|out|no|not|tmp|temp|i|j|k|x|y|z|a|b|idx|index"
    "|counter|offset|cursor)$"
)
"""A name that begins so has a brother, asks a question, or counts rounds: it stays."""
_SHORT = {
    words.partition(" ")[0]: tuple(words.split()[1:])
    for words in (
        "msg message", "req request", "resp response", "res result", "ret result", "err error", "exc error",
        "ctx context", "cfg config", "conf config", "params parameters", "param parameter", "args arguments",
        "arg argument", "attrs attributes", "attr attribute", "props properties", "cnt count", "buf buffer",
        "str text", "src source", "dst target", "dest target destination", "tgt target", "cmd command",
        "env environment", "dir folder directory", "dirs folders directories", "doc document", "docs documents",
        "elem element", "elems elements", "evt event", "lang language", "lib library", "loc location",
        "mgr manager", "op operation", "ops operations", "opts options", "pos position", "pwd password",
        "ref reference", "refs references", "repo repository", "seq sequence", "sess session", "spec specification",
        "stmt statement", "tok token", "txn transaction", "val value", "vals values", "conn connection",
        "addr address", "cert certificate", "certs certificates", "col column", "cols columns", "cat category",
        "desc description", "ext extension", "exts extensions", "grp group", "hdr header", "hdrs headers",
        "img image", "imgs images", "mod module", "orig original", "perm permission", "perms permissions",
        "proc process", "proj project", "rec record", "recs records", "sig signature", "svc service", "usr user",
        "char character", "chars characters", "sb builder", "repos repositories",
    )
}  # fmt: skip
"""What abbreviations stand for; so may any word of a name be written."""
_SYNONYMS = {
    words.partition(" ")[0]: tuple(words.split()[1:])
    for words in (
        "re pattern regex", "regexp regex pattern", "seen visited", "visited seen", "used taken", "taken used",
        "unique distinct", "matched found", "existing present", "duplicates repeated", "interval period",
        "period interval", "attempts tries", "tries attempts", "fraction share", "max maximum", "min minimum",
        "maximum max", "minimum min", "multiplier factor", "factor multiplier", "whitespace blank",
        "whitespaces blanks", "result outcome", "results outcomes found", "output result text",
        "item entry element", "items entries elements", "entry item", "entries items", "element item",
        "elements items", "response reply", "responses replies", "reply response",
        "error failure problem", "errors problems failures", "failure error", "failures errors",
        "data content payload", "payload content", "content text", "body content",
        "folder directory", "folders directories", "directory folder", "directories folders", "options settings",
        "settings options", "configuration settings", "match hit", "matches hits", "url address link",
        "urls addresses links", "id identifier", "ids identifiers", "text string",
        "tasks jobs", "task job", "job task", "jobs tasks", "tag label", "tags labels",
        "title heading caption", "state status", "status state", "elapsed duration", "duration elapsed",
        "delay pause", "average mean", "avg average", "mean average", "diff difference",
        "difference delta", "delta difference", "target destination", "destination target", "source origin",
        "origin source", "copy duplicate", "clone copy", "record entry", "records entries",
        "attribute property", "attributes properties", "properties attributes", "image picture",
        "images pictures", "picture image", "info details", "details info", "parameter argument",
        "parameters arguments", "argument parameter", "map mapping lookup", "dict mapping lookup", "mapping lookup",
        "suffix ending", "segment part", "segments parts", "part piece", "parts pieces", "piece part",
        "pieces parts", "chunk block piece", "chunks blocks pieces", "word term", "words terms", "term word",
        "terms words", "comment remark", "comments remarks", "reason cause", "cause reason", "pending waiting",
        "combined joined merged", "merged combined", "joined combined",
        "indices positions", "limit maximum bound", "amount quantity", "quantity amount", "keyword term",
        "keywords terms", "category group", "categories groups", "step stage", "steps stages", "stage step",
        "stages steps", "filepath path", "pathname path", "customer client", "customers clients", "pattern regex",
        "patterns regexes", "expr expression", "exprs expressions", "command instruction", "commands instructions",
        "directive instruction", "callback handler", "cb callback",
        "listeners observers", "listener observer", "candidate choice", "candidates choices", "choice option",
        "choices options", "label caption", "labels captions", "threshold limit", "component part",
        "components parts", "path location", "paths locations", "location place", "locations places",
        "config settings configuration", "builder output text", "buffer output",
    )
}  # fmt: skip
"""Words that say the same; only the last word of a name is exchanged, which is what the thing is, since those before it
may be a term of the trade. A word whose brother may stand beside it in the same code is none."""
_MADE_BY = {
    "parse": "parsed", "load": "loaded", "loads": "loaded", "find": "found", "search": "found",
    "fetch": "fetched", "resolve": "resolved", "compute": "computed", "calculate": "computed", "filter": "filtered",
    "sort": "sorted", "merge": "merged", "format": "formatted", "decode": "decoded", "encode": "encoded",
    "map": "mapped", "join": "joined", "convert": "converted", "validate": "validated", "select": "selected",
    "compile": "compiled", "normalize": "normalized", "normalise": "normalised", "build": "built",
    "query": "queried", "extract": "extracted", "serialize": "serialized",
    "deserialize": "deserialized", "generate": "generated", "render": "rendered", "collect": "collected",
    "replace": "replaced", "trim": "trimmed", "strip": "stripped", "escape": "escaped", "expand": "expanded",
    "translate": "translated", "transform": "transformed", "update": "updated", "request": "requested",
}  # fmt: skip
"""What a value is called after the call that made it."""
_PLAIN = frozenset({"string", "text", "object", "int", "integer", "long", "double", "float", "bool", "boolean"})
"""Classes that say nothing of what a value is: nobody names it after them."""
_RESERVED = re.compile(
    "(?:string|number|object|list|map|set|dict|type|id|file|input|property|class|package|function|default|event"
    "|char|int|float|double|long|byte|short|bool|boolean|void|var|let|const|new|delete|in|is|not|import|export"
    "|from|as|return|arguments|record|value|params|field|await|async|lambda|yield|print|sum|min|max|filter"
    "|format|hash|dir|vars|iter|next|all|any|sorted|reversed|range|len|open|eval|exec|super|self|this|null"
    "|none|true|false|static|final|public|private|protected|internal|namespace|using|base|ref|out|switch|case"
    "|break|continue|enum|interface|struct|union|symbol|module|process|global|require|window|document|location"
    "|name|status|history|parent|top|frames)$"
)
"""Whole names that a language or its surroundings know already."""


def split_words(name: str) -> list[str]:
    """The words of a name in snake_case, camelCase or UPPER_CASE."""
    return _WORDS.findall(name)


def other_names(name: str, family: Family, place: Node | None = None, *, is_constant: bool = False) -> Iterator[str]:
    """Other names for a variable, those that come first being nearer to what a person would write; none for names
    that have a brother, ask a question, or are too short. `place` is where the variable is set.
    """
    bare = name.lstrip("_$")
    words = split_words(bare)
    plain = bare.replace("_", "") == "".join(words)
    if (
        not plain
        or not words
        or (len(bare) < _SHORTEST and bare not in _SHORT)
        or (_PAIRED.match(words[0].lower()) and not is_constant)
        or len(words) > _MOST_WORDS + 3 * is_constant
    ):
        return
    lead = name[: len(name) - len(bare)]
    lowered = [word.lower() for word in words]
    for said in (*_by_synonym(lowered), *_by_origin(lowered, place)):
        found = lead + _written(said, bare, family)
        if found != name and len(found) <= _LONGEST * (1 + is_constant) and not _RESERVED.match(found.lower()):
            yield found


def _by_synonym(words: list[str]) -> Iterator[list[str]]:
    """An abbreviation written out, or else the last word exchanged."""
    number = sum("".join(words).encode())
    choices = [(position, _SHORT.get(words[position], ())) for position in reversed(range(len(words)))]
    for position, listed in (*choices, (len(words) - 1, _SYNONYMS.get(words[-1], ()))):
        for idx in range(len(listed)):
            other = listed[(number + idx) % len(listed)]
            if other not in words:
                yield [*words[:position], other, *words[position + 1 :]]


def _by_origin(words: list[str], place: Node | None) -> Iterator[list[str]]:
    """After the call, the class or the collection that the value comes from."""
    holder = place.parent if place is not None and place.field == "target" else None
    if holder is None:
        return
    value = holder.get("iter") if holder.kind is K.LOOP_EACH else holder.get("value")
    if value is not None and value.kind is K.AWAIT:
        value = value.get("value")
    if value is None:
        return
    callee = value.get("callee") or value.get("type")
    if holder.kind is K.LOOP_EACH:
        yield from _singular(split_words(value.text) if value.kind in (K.NAME, K.MEMBER) else [], words)
    elif callee is not None and len(words) < _MOST_WORDS:
        made = [word.lower() for word in split_words(callee.text.rpartition(".")[2])]
        yield from _by_call(words, made) if value.kind is K.CALL else _by_class(words, made)
    elif value.kind is K.LIST and len(words) < _MOST_WORDS:
        yield from ([*one, "list"] for one in _singular(words, []))


def _by_call(words: list[str], called: list[str]) -> Iterator[list[str]]:
    """`user_profile` for the profile that `get_user_profile` gives, `parsed_header` for what `parse` does."""
    if 2 < len(called) <= _MOST_WORDS + 1 and called[-1] == words[-1] and len(called) - 1 > len(words):
        yield called[1:]
    made = _MADE_BY.get(called[0] if called else "")
    if made is not None and made not in words:
        yield [made, *words]


def _by_class(words: list[str], named: list[str]) -> Iterator[list[str]]:
    """`object_mapper` for a mapper of that class, `known_set` for what is known and a set."""
    if named and named[-1] in _PLAIN:
        return
    if len(words) < len(named) <= _MOST_WORDS and named[-1] == words[-1]:
        yield named
    elif named and named[-1] not in words and not words[-1].endswith(("s", "buffer", "builder")):
        yield [*words, named[-1]]


def singular_names(plural: str) -> list[str]:
    """`user` for `users`, in the case of that name."""
    words = split_words(plural)
    return [words[0][:1].lower() + "".join(one)[1:] for one in _singular(words, [], as_written=True)] if words else []


def _singular(plural: Sequence[str], words: list[str], *, as_written: bool = False) -> Iterator[list[str]]:
    """`user` for what is taken from `users`."""
    lowered = list(plural) if as_written else [word.lower() for word in plural]
    last = lowered[-1] if lowered else ""
    if last.endswith("s") and not last.endswith(("ss", "us", "is", "ies", "xes", "ches", "sses")) and len(last) > 3:
        one = [*lowered[:-1], last[:-1]]
        if one != words and len(one) <= _MOST_WORDS:
            yield one


def _written(words: list[str], like: str, family: Family) -> str:
    """The words in the case of another name."""
    if like.isupper() and len(like) > 1:
        return "_".join(words).upper()
    if "_" in like or (like.islower() and family is Family.PYTHON):
        return "_".join(words)
    first = words[0] if like[:1].islower() else words[0].capitalize()
    return first + "".join(word.capitalize() for word in words[1:])
