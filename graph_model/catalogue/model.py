"""The vocabulary of the label catalogue: what a label is called, how bad it is, and which words explain it.

Values only; reading the TOML files is `graph_model.catalogue.loading`, rendering pages `graph_model.catalogue.pages`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from types import MappingProxyType

PLACEHOLDERS: Mapping[str, str] = MappingProxyType(
    {
        "source": "foreign data",  # the expression where foreign data enters
        "sink": "this call",  # the API or construct where the harm happens
        "api": "this call",  # the API that is called, where there is no flow
        "name": "",  # the function, class, parameter or variable concerned; stands after a noun
        "loop": "the loop",  # what the loop goes through, or its header
        "count": "many",  # a measured number
    }
)
"""The words a message may use, each with the text that stands for it when a candidate does not give it."""


class Category(Enum):
    """A task of the model."""

    SECURITY = "security"
    PERFORMANCE = "performance"
    MAINTAINABILITY = "maintainability"
    CORRECTNESS = "correctness"
    DOCUMENTATION = "documentation"


class Severity(Enum):
    """How much harm a label does where it holds; ordered by `security_severity`."""

    CRITICAL = "critical"  # a stranger takes over the server or reads all of its data
    HIGH = "high"  # a stranger reaches data or rights of others; the service fails under ordinary load
    MEDIUM = "medium"  # needs a second fault or a privileged place; the service gets slow as data grow
    LOW = "low"  # helps an attacker or costs the next developer time

    @property
    def security_severity(self) -> float:
        """The number from 0.1 to 10.0 that code-scanning hosts order findings by."""
        return _SECURITY_SEVERITY[self]


_SECURITY_SEVERITY = {Severity.CRITICAL: 9.5, Severity.HIGH: 8.0, Severity.MEDIUM: 5.5, Severity.LOW: 3.0}


@dataclass(frozen=True, slots=True)
class LabelExample:
    """One little module with the fault, and the same module mended. `language` is a name of `graph_model.languages`."""

    language: str
    bad: str
    good: str


@dataclass(frozen=True, slots=True)
class Label:
    """One thing the model can find, and the words that explain it.

    `summary`, `remedy` are Markdown sentences. `message` is a template over PLACEHOLDERS: one line, no full stop.
    `cwe` is None outside security. `languages` are families; empty: all of them. `not_in` are contexts
    (`graph_model.packs.model.ContextKind`) in which it does no harm.
    """

    id: str
    title: str
    category: Category
    severity: Severity
    summary: str
    remedy: str
    message: str
    cwe: int | None
    languages: tuple[str, ...]
    not_in: tuple[str, ...]
    examples: tuple[LabelExample, ...]

    def format_message(self, words: Mapping[str, str]) -> str:
        """The message as one line of text with these words filled in; missing or empty ones get a fallback."""
        given = {word: " ".join(text.split()) for word, text in words.items() if text.strip()}
        return " ".join(self.message.format_map({**PLACEHOLDERS, **given}).split())


@dataclass(frozen=True)  # no slots: a cached property needs __dict__
class Catalogue:
    """Every label, ordered by id: the position of a label is its index in the model's outputs.

    `hash` covers the ids in their order and nothing else: rewording a label keeps a trained model valid.
    """

    labels: tuple[Label, ...]
    hash: str

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[Label]:
        return iter(self.labels)

    def __contains__(self, label_id: str) -> bool:
        return label_id in self._label_idx

    def get_label(self, label_id: str) -> Label:
        """The label with this id. Raises KeyError when there is none."""
        return self.labels[self._label_idx[label_id]]

    def get_index(self, label_id: str) -> int:
        """The label's index in the model's outputs. Raises KeyError when there is no such label."""
        return self._label_idx[label_id]

    @cached_property
    def _label_idx(self) -> dict[str, int]:
        return {label.id: label_idx for label_idx, label in enumerate(self.labels)}
