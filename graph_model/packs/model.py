"""The vocabulary of knowledge packs: what an API name, an entry point or a property means to the graph builder.

Values only; reading the TOML files is `graph_model.packs.loading`, finding candidates `graph_model.candidates`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Role(Enum):
    """What a call of an API, or a read of an attribute, is to the analysis."""

    SOURCE = "source"  # its result is foreign data; `kind` says which
    SINK = "sink"  # foreign data in `args` causes `label`
    SANITISER = "sanitiser"  # its result no longer causes `neutralises`
    VALIDATOR = "validator"  # where it answered true, its `args` no longer cause `neutralises`
    PROPAGATOR = "propagator"  # its result depends on `args` only
    NEUTRAL = "neutral"  # its result carries no foreign text (length, number, boolean)
    SETTING = "setting"  # the call itself, under `when`, is a candidate of `label`
    QUERY = "query"  # one round trip to a database or service
    CONNECT = "connect"  # opens a connection or builds a client; costly per call
    BLOCKING = "blocking"  # waits: file, network, sleep, subprocess
    EXPENSIVE = "expensive"  # costly and worth hoisting when its arguments do not change
    COMPILE = "compile"  # compiles a pattern, template or schema
    SEARCH = "search"  # linear in its receiver or argument
    SORT = "sort"
    COPY = "copy"  # copies its argument or receiver
    FRONT = "front"  # shifts a sequence: pop(0), insert(0, x), unshift
    READ_ALL = "read-all"  # reads a whole stream into memory
    MATERIALISE = "materialise"  # builds a collection from an iterable
    COUNT = "count"  # counts rows or elements
    ROW_WISE = "row-wise"  # iterates rows of a table one by one in the interpreter
    APPEND = "append"  # grows text or a sequence by copying it
    RESOURCE = "resource"  # must be released: by one of `release` on the result, or a with statement
    LOCK = "lock"  # enters a critical section until one of `release`
    ASYNC = "async"  # its result must be awaited
    SPAWN = "spawn"  # starts a thread, task or process
    CACHE = "cache"  # memoises without bound under `when`
    GUARD = "guard"  # an authentication or authorisation check (decorator or call)


@dataclass(frozen=True, slots=True)
class Condition:
    """One test on a call or property; every field that is set must hold.

    `arg`: positional index, keyword name, or a tuple of alternatives; "receiver", "result-name" (the variable, key or
    function the result is stored in or returned from) "function" (the enclosing function's name) and "around" (the
    names it mentions) are also tested with `matches`. None means the property's own value.
    `key`: look at this property of an object literal given as the argument instead of the argument.
    """

    arg: int | str | tuple[int | str, ...] | None = None
    key: str | None = None
    missing: bool | None = None
    is_: tuple[object, ...] | None = None  # literal value is one of these (None for null)
    is_not: tuple[object, ...] | None = None  # present, and not one of these literals
    matches: str | None = None  # regex, searched in a literal's text or a dotted name
    not_matches: str | None = None
    below: int | None = None  # an integer literal below this
    literal: bool | None = None  # a hard-coded constant (also through a constant variable), or not
    built: bool | None = None  # text assembled from parts that are not all constant
    not_called: tuple[str, ...] = ()  # none of these methods is called on the call's result, as far as this class shows


@dataclass(frozen=True, slots=True)
class ApiRole:
    """One role of one API name pattern."""

    pattern: str
    role: Role
    pack: str
    label: str = ""
    kind: str = ""
    args: tuple[int | str, ...] = ()
    neutralises: tuple[str, ...] = ()
    when: tuple[Condition, ...] = ()
    release: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class PropertyRole:
    """A dangerous setting written as `x.name = value`, `{name: value}` or `name=value` in any call."""

    names: tuple[str, ...]
    label: str
    pack: str
    when: tuple[Condition, ...] = ()
    on: tuple[str, ...] = ()  # receiver types or callee patterns it is limited to; empty: any
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReturnRole:
    """What foreign data in an entry point's result causes, where `decorators` are on it or its class (none: anywhere).

    `types` are the declared result types it holds for (none: any).
    """

    sink: ApiRole
    types: tuple[str, ...] = ()
    decorators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """How a framework calls into the code, and which parameters it fills with foreign data.

    A function is an entry when one of `decorators` is on it (or, with `class_decorators` or `bases`, on or above its
    class and its name is in `methods`), or it is passed to one of `callback_of`.
    `sources`: "all", "annotated" (a parameter decorator in `param_decorators`), "undecorated", "none" or positions.
    `param_types`: position or name -> type name, for parameters the framework types without saying so; with nothing
    else, a function is an entry when it has the parameters named, in a file that imports the library (or `anywhere`).
    """

    pack: str
    kind: str
    decorators: tuple[str, ...] = ()
    class_decorators: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    callback_of: tuple[str, ...] = ()
    param_decorators: tuple[str, ...] = ()
    skip_types: tuple[str, ...] = ()
    sources: str | tuple[int, ...] = "none"
    param_types: Mapping[str, str] = field(default_factory=dict)
    returns: tuple[ReturnRole, ...] = ()
    anywhere: bool = False


CONTEXT_FACT = "context_"  # what the path feature of a context begins with


class ContextKind(Enum):
    """Where a file's code runs."""

    TEST = "test"  # under a test runner
    BROWSER = "browser"  # on the machine of the user who looks at the page
    SCRIPT = "script"  # started by hand or by a build, with its options from the command line


@dataclass(frozen=True, slots=True)
class ContextRule:
    """What tells that a whole file is test, browser or script code.

    One of `imports` (a module and everything below it), `calls` (a resolved name) or `decorators` (a simple name) is
    enough, or an import of one of `assertions` where the top level calls a function with a title and a function: a
    runner of the file's own. An import of one of `unless` outweighs them.
    """

    kind: ContextKind
    pack: str
    imports: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    decorators: tuple[str, ...] = ()
    assertions: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A case that runs as a test: `bad` yields a candidate of `label`, `good` yields none of it."""

    label: str
    bad: tuple[str, ...]
    good: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything one file says."""

    id: str
    family: str
    library: str
    apis: tuple[ApiRole, ...] = ()
    properties: tuple[PropertyRole, ...] = ()
    entries: tuple[EntryPoint, ...] = ()
    contexts: tuple[ContextRule, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    supertypes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()
