"""Languages: which files they own, and their tables from grammar to normalised syntax. One module a family."""

from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import import_module

from graph_model.syntax import LanguageTable


class Family(Enum):
    """Languages that share packs and API names."""

    PYTHON = "python"
    JAVASCRIPT = "javascript"
    JAVA = "java"
    CSHARP = "csharp"


@dataclass(frozen=True, slots=True)
class Language:
    """One grammar: its name, family, file suffixes, and the module attribute that holds its table."""

    name: str
    family: Family
    suffixes: tuple[str, ...]
    module: str
    attribute: str = "TABLE"


LANGUAGES = (
    Language("python", Family.PYTHON, (".py", ".pyi", ".pyw"), "graph_model.languages.python"),
    Language("javascript", Family.JAVASCRIPT, (".js", ".jsx", ".mjs", ".cjs"), "graph_model.languages.javascript"),
    Language(
        "typescript", Family.JAVASCRIPT, (".ts", ".mts", ".cts"), "graph_model.languages.javascript", "TYPESCRIPT"
    ),
    Language("tsx", Family.JAVASCRIPT, (".tsx",), "graph_model.languages.javascript", "TSX"),
    Language("java", Family.JAVA, (".java",), "graph_model.languages.java"),
    Language("csharp", Family.CSHARP, (".cs",), "graph_model.languages.csharp"),
)
_BY_SUFFIX = {suffix: language for language in LANGUAGES for suffix in language.suffixes}
BY_NAME = {language.name: language for language in LANGUAGES}


def find_language(path: str) -> Language | None:
    """The language that owns this file name, by its suffix; None when no table reads it."""
    dot = path.rfind(".")
    return _BY_SUFFIX.get(path[dot:].lower()) if dot >= 0 else None


@cache
def load_table(language: Language) -> LanguageTable:
    """The language's table; its grammar is loaded on first use."""
    table = getattr(import_module(language.module), language.attribute)
    assert isinstance(table, LanguageTable)
    return table
