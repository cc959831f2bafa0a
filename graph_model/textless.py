"""Types that a language enforces and that hold no text: whatever was parsed into them harms no query, path or page."""

import re

from graph_model.languages import Family
from graph_model.program import Program
from graph_model.syntax import Node

TYPED = (Family.JAVA, Family.CSHARP)
_SCALARS = frozenset(
    {
        "int", "long", "short", "byte", "boolean", "double", "float", "Integer", "Long", "Short", "Byte",
        "Boolean", "Double", "Float", "Number", "BigDecimal", "BigInteger", "AtomicInteger", "AtomicLong",
        "AtomicBoolean", "OptionalInt", "OptionalLong", "OptionalDouble", "UUID", "Date", "Timestamp",
        "Calendar", "Instant", "LocalDate", "LocalTime", "LocalDateTime", "ZonedDateTime", "OffsetDateTime",
        "OffsetTime", "Year", "YearMonth", "MonthDay", "Month", "DayOfWeek", "Duration", "Period", "TimeUnit",
        "ChronoUnit", "HttpStatus", "bool", "decimal", "uint", "ulong", "ushort", "sbyte", "Guid", "DateTime",
        "DateTimeOffset", "DateOnly", "TimeOnly", "TimeSpan", "Int16", "Int32", "Int64", "UInt32", "UInt64",
        "Decimal", "Single", "CancellationToken", "BindingFlags", "HttpStatusCode", "LogLevel", "CultureInfo",
        "IFormatProvider", "StringComparison", "HttpMethod"
    }
)  # fmt: skip
_PYTHON_SCALARS = frozenset(
    {
        "int", "float", "bool", "complex", "Decimal", "UUID", "UUID1", "UUID3", "UUID4", "UUID5", "date", "time",
        "datetime", "timedelta", "PositiveInt", "NonNegativeInt", "NegativeInt", "PositiveFloat", "StrictInt"
    }
)  # fmt: skip
_CONTAINERS = frozenset(
    {
        "Optional", "List", "Set", "Collection", "Iterable", "Iterator", "Stream", "ArrayList", "LinkedList",
        "HashSet", "TreeSet", "LinkedHashSet", "Map", "HashMap", "Nullable", "IEnumerable", "ICollection",
        "IList", "IReadOnlyList", "IReadOnlyCollection", "Dictionary", "Task", "ValueTask"
    }
)  # fmt: skip
_BYTES = frozenset({"byte", "Byte", "sbyte"})
_DATA = re.compile(
    r"(^|\.)(String\w*|CharSequence|Object|Class|char|byte|File|Path|URI|URL|Source|InputSource|[A-Z]\d?"
    r"|\w*(Stream|Reader|Buffer|Buf|Json|JSONObject|JSONArray|Node|Element|Document|Map|List|Set|Collection|Iterable"
    r"|Iterator|Optional|Request|Message|Exchange|Part|File|Cookie|Properties|var))$"
)
_ROWS = re.compile(r"^(?:\w*ResultSet|SqlRowSet|CallableStatement|I?\w*DataReader|I?DataRecord)$")
_SERVICE = re.compile(
    r"^\w+(?:Services?|Provider|Factory|Repository|Configuration|Manager|Accessor|Logger|DbContext|HttpClient|Mediator"
    r"|Environment|HostBuilder|ServiceCollection|ApplicationBuilder|Serializer|Encoder|Scheduler)$|^HttpClient$|^ILogger$"
)
_INTERFACE = re.compile(r"^I[A-Z][a-z]\w*$")
_BOUND_INTERFACE = re.compile(r"^I(?:Enumerable|List|Collection|Set|ReadOnly\w+|Dictionary|Form\w+|AsyncEnumerable)$")
_FAILURE = re.compile(r"(^|\.)(\w*Exception|\w*Throwable|\w*Error)$")


def is_textless_name(name: str) -> bool:
    """Whether a simple or dotted type name is one that holds no text. Enumerations go by the name's ending."""
    simple = name.rstrip("?").rpartition(".")[2]
    return simple in _SCALARS or (len(simple) > 4 and simple.endswith("Enum"))


def holds_no_text(declared: Node | None, family: Family, enums: frozenset[str] = frozenset()) -> bool:
    """Whether a declared type holds no text: a scalar, one of `enums`, or a container or array of such.

    Arrays of bytes hold text; so does whatever nobody enforces (JavaScript), and no type at all. Python's annotations
    are taken at their word: frameworks that fill parameters convert by them, and callers are checked against them.
    """
    if declared is not None and family is Family.PYTHON:
        simple = declared.text.rpartition(".")[2]
        return simple in _PYTHON_SCALARS or simple in enums
    if declared is None or family not in TYPED:
        return False
    name = declared.text.rstrip("?")
    if name.endswith("[]"):
        element = name.rstrip("[]").rpartition(".")[2]
        return element not in _BYTES and (is_textless_name(element) or element in enums)
    parts = [child for child in declared.children if child.kind is declared.kind]
    if parts and name.rpartition(".")[2] in _CONTAINERS:
        return all(holds_no_text(part, family, enums) for part in parts)
    return is_textless_name(name) or name in enums


def is_object(declared: Node) -> bool:
    """Whether a declared type of Java or C# is a class of things: neither text nor something that may hold any text."""
    simple = simple_type(declared)
    return simple[:1].isupper() and _DATA.search(simple.rstrip("[]")) is None


def is_failure(declared: Node | None, family: Family) -> bool:
    """Whether a declared type is that of exceptions."""
    return declared is not None and family in TYPED and _FAILURE.search(declared.text) is not None


def is_service(declared: Node | None, family: Family) -> bool:
    """Whether a declared type is an object of the program itself, neither text nor a file, stream or collection of it.

    Whoever calls decides what text a method gets, not which objects: a parameter of such a type is no way in.
    """
    if declared is None or family not in TYPED:
        return False
    if _ROWS.match(simple_type(declared)):
        return True  # what the program has stored
    if family is Family.CSHARP:  # classes of data and of services are told apart by their names
        return bool(_SERVICE.match(simple_type(declared)))
    return _DATA.search(declared.text.rstrip("[]?. ")) is None


def silent_accessors(program: Program) -> tuple[str, ...]:
    """The dotted names of getters that Lombok and the like would write for a file's fields without text."""
    if program.family is not Family.JAVA:
        return ()
    module = f"{program.module_name}." if program.module_name else ""
    return tuple(
        f"{module}{cls.qualname}.{getter}"
        for cls in program.classes.values()
        for name, declared in cls.field_types.items()
        if (getter := f"get{name[:1].upper()}{name[1:]}") not in cls.methods
        and holds_no_text(declared, program.family, program.enums)
    )


def is_injected(declared: Node | None, family: Family) -> bool:
    """Whether a C# framework can only take it from its container: a service, an interface that is no collection."""
    if declared is None or family is not Family.CSHARP:
        return False
    name = simple_type(declared)
    return bool(_SERVICE.match(name) or (_INTERFACE.match(name) and not _BOUND_INTERFACE.match(name)))


def simple_type(declared: Node) -> str:
    """The last name of a written type; `a.B?` is `B`, and so is `Nullable<B>`."""
    if declared.text in ("Nullable", "Optional") and len(declared.children) == 1:
        return simple_type(declared.children[0])
    return declared.text.rstrip("?").rpartition(".")[2]
