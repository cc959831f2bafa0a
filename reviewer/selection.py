"""Which findings are shown, and why the others are not. Pure: values in, values out; nothing is dropped silently."""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import Enum
from types import MappingProxyType

from reviewer.changes import FileChange
from reviewer.configuration import Configuration, DirectoryPolicy
from reviewer.errors import ConfigurationError
from reviewer.findings import Anchor, Finding, order_of, rank_of
from reviewer.suppression import Suppression

FALLBACK_THRESHOLD = 0.5  # for a label that the model gives none
EVERYTHING = "all"


class WithheldReason(Enum):
    """Why a candidate is not shown; the value is what reports say."""

    NOT_SELECTED = "label not selected"
    UNLIKELY = "below the threshold"
    IN_TEST = "in test code"
    DUPLICATE = "same place and weakness, less likely"
    SUPPRESSED = "suppressed in the code"
    SUPPRESSED_HERE = "suppressed by this change"
    BASELINE = "in the baseline"
    EXISTING = "already in the base"
    UNTOUCHED = "evidence untouched by the change"
    OVER_BUDGET = "over the budget of comments"


@dataclass(frozen=True, slots=True)
class Withheld:
    """A candidate that is not shown. `finding` is None where it was set aside before words were found for it.

    `probability` is None where nobody asked for it: the label is selected nowhere.
    """

    label: str
    path: str
    start: int
    probability: float | None
    reason: WithheldReason
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """From which probability each selected label is shown; a label that is absent is not selected.

    `shows_tests`: whether test code is judged like the rest.
    """

    thresholds: Mapping[str, float]
    shows_tests: bool = True

    def screen(self, label: str, probability: float, *, in_test: bool = False) -> WithheldReason | None:
        """Why a candidate is set aside, None when it may be shown."""
        threshold = self.thresholds.get(label)
        if threshold is None:
            return WithheldReason.NOT_SELECTED
        if probability < threshold:
            return WithheldReason.UNLIKELY
        return WithheldReason.IN_TEST if in_test and not self.shows_tests else None


@dataclass(frozen=True, slots=True)
class SelectionRules:
    """What decides beside the policy.

    `introductions` (None outside `diff`) says by fingerprint where a finding that the change introduced is anchored, or
    why it is withheld. `max_comments` None is no budget. A suppression is the change's own where `changes` touch it or
    the statement that it speaks for; those silence nothing unless `heeds_own`.
    """

    suppressions: tuple[Suppression, ...] = ()
    baseline: frozenset[str] = frozenset()
    introductions: Mapping[str, Anchor | WithheldReason] | None = None
    max_comments: int | None = None
    changes: Mapping[str, FileChange] = field(default_factory=dict)
    heeds_own: bool = True

    def is_own(self, suppression: Suppression, finding: Finding) -> bool:
        """Whether a suppression of a finding is the change's own: added, or made to speak for something else."""
        change = self.changes.get(suppression.path)
        first = min(suppression.line, finding.statement.start)
        return change is not None and change.touches(range(first, max(suppression.line + 1, finding.statement.stop)))


@dataclass(frozen=True, slots=True)
class Selection:
    """Findings to show and the others, each in report order, and the suppressions that had an effect.

    `unheeded` are those that cover a finding which is shown all the same.
    """

    shown: tuple[Finding, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    used: frozenset[Suppression] = field(default=frozenset())
    unheeded: frozenset[Suppression] = field(default=frozenset())


def build_policy(
    configuration: Configuration,
    folder: DirectoryPolicy | None,
    label_ids: Collection[str],
    defaults: Mapping[str, float],
) -> Policy:
    """The policy for the files below one folder; `defaults` are the model's thresholds.

    Raises ConfigurationError for a name that is neither a label nor a category.
    """
    select, ignore = configuration.select, configuration.ignore
    thresholds = dict(configuration.thresholds)
    minimum = configuration.min_probability
    if folder is not None:
        select = folder.select if folder.select is not None else select
        ignore = folder.ignore if folder.ignore is not None else ignore
        thresholds |= dict(folder.thresholds or ())
        minimum = folder.min_probability if folder.min_probability is not None else minimum
    selected = {_resolve(name, label_ids, "select", configuration) for name in select}
    ignored = {_resolve(name, label_ids, "ignore", configuration) for name in ignore}
    chosen = {_resolve(name, label_ids, "thresholds", configuration): value for name, value in thresholds.items()}
    return Policy(
        MappingProxyType(
            {
                label: minimum if minimum is not None else _threshold(label, chosen, defaults)
                for label in label_ids
                if _specificity(label, selected) > _specificity(label, ignored)
            }
        ),
        shows_tests=configuration.include_tests or minimum == 0,
    )


def find_selected(
    configuration: Configuration, label_ids: Collection[str], defaults: Mapping[str, float]
) -> frozenset[str]:
    """The labels that are selected anywhere in the project. Raises ConfigurationError as `build_policy` does."""
    folders = (None, *configuration.directories)
    return frozenset().union(*(build_policy(configuration, one, label_ids, defaults).thresholds for one in folders))


def _specificity(label: str, names: Collection[str]) -> int:
    """How closely names speak about a label: 3 itself, 2 its category, 1 everything, 0 not at all."""
    if label in names:
        return 3
    if label.partition("/")[0] in names:
        return 2
    return int(EVERYTHING in names)


def _threshold(label: str, chosen: Mapping[str, float], defaults: Mapping[str, float]) -> float:
    for name in (label, label.partition("/")[0], EVERYTHING):
        if name in chosen:
            return chosen[name]
    return defaults.get(label, FALLBACK_THRESHOLD)


def _resolve(name: str, label_ids: Collection[str], key: str, configuration: Configuration) -> str:
    """A label id, a category or "all"; the part of an id after the slash stands for it where only one label has it."""
    categories = {label.partition("/")[0] for label in label_ids}
    if name in label_ids or name in categories or name == EVERYTHING:
        return name
    meant = [label for label in label_ids if label.partition("/")[2] == name]
    if len(meant) == 1:
        return meant[0]
    names = [*categories, *label_ids, *(label.partition("/")[2] for label in label_ids)]
    close = get_close_matches(name, sorted(names), n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    problem = (
        f"expected a label (see `reviewer labels`) or one of {', '.join(sorted(categories))}, found {name!r}{hint}"
    )
    raise ConfigurationError(configuration.origin_of(key), key, problem)


def select_findings(findings: Iterable[Finding], rules: SelectionRules) -> Selection:
    """Splits those that passed their policy into the shown and the withheld for the first reason that holds."""
    shown: list[Finding] = []
    withheld: list[Withheld] = []
    used: set[Suppression] = set()
    unheeded: set[Suppression] = set()
    for finding in _likeliest_first(findings, withheld):
        silencers = find_silencers(finding, rules.suppressions)
        used.update(silencers)
        decision = _decide(finding, rules, silencers)
        if isinstance(decision, WithheldReason):
            withheld.append(withhold(finding, decision))
        else:
            unheeded.update(silencers)
            shown.append(replace(finding, anchor=decision) if decision is not None else finding)
    if rules.max_comments is not None:
        shown.sort(key=rank_of)
        withheld += [withhold(finding, WithheldReason.OVER_BUDGET) for finding in shown[rules.max_comments :]]
        del shown[rules.max_comments :]
    shown.sort(key=order_of)
    return Selection(tuple(shown), sort_withheld(withheld), frozenset(used), frozenset(unheeded))


def find_silencers(finding: Finding, suppressions: Iterable[Suppression]) -> list[Suppression]:
    """The suppressions that cover a finding."""
    return [one for one in suppressions if one.path == finding.path and one.covers(finding.label, finding.statement)]


def sort_withheld(withheld: Iterable[Withheld]) -> tuple[Withheld, ...]:
    """Withheld candidates in report order."""
    return tuple(
        sorted(withheld, key=lambda one: (one.path, one.start, one.label, one.reason.name, -(one.probability or 0)))
    )


def withhold(finding: Finding, reason: WithheldReason) -> Withheld:
    """A finding with the reason why it is not shown."""
    return Withheld(finding.label, finding.path, finding.region.span.start, finding.probability, reason, finding)


def _likeliest_first(findings: Iterable[Finding], withheld: list[Withheld]) -> list[Finding]:
    """One finding an identity, and one a place and weakness: the likeliest; the others are withheld."""
    distinct = _keep_likeliest(findings, lambda one: one.fingerprint, withheld)
    return _keep_likeliest(distinct, lambda one: (one.region, one.cwe or one.label), withheld)


def _keep_likeliest(
    findings: Iterable[Finding], key_of: Callable[[Finding], Hashable], withheld: list[Withheld]
) -> list[Finding]:
    """The likeliest finding of each key, in the order of the keys; of equals the first."""
    best: dict[Hashable, Finding] = {}
    for finding in findings:
        other = best.setdefault(key_of(finding), finding)
        if other is not finding:
            keep, drop = (finding, other) if finding.probability > other.probability else (other, finding)
            best[key_of(finding)] = keep
            withheld.append(withhold(drop, WithheldReason.DUPLICATE))
    return list(best.values())


def _decide(
    finding: Finding, rules: SelectionRules, silencers: Collection[Suppression]
) -> Anchor | WithheldReason | None:
    """Why a finding is withheld, or where it is shown; None: where it is."""
    if any(not rules.is_own(one, finding) for one in silencers):
        return WithheldReason.SUPPRESSED
    decision = _judge(finding, rules)
    if not silencers or (not rules.heeds_own and not isinstance(decision, WithheldReason)):
        return decision
    return WithheldReason.SUPPRESSED if isinstance(decision, WithheldReason) else WithheldReason.SUPPRESSED_HERE


def _judge(finding: Finding, rules: SelectionRules) -> Anchor | WithheldReason | None:
    """The same without suppressions."""
    if finding.fingerprint in rules.baseline:
        return WithheldReason.BASELINE
    if rules.introductions is None:
        return None
    return rules.introductions.get(finding.fingerprint, WithheldReason.UNTOUCHED)
