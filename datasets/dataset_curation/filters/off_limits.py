"""What must never reach training: the outside exam, and sets that are kept for evaluation. Every step asks here."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from dataset_curation.errors import OffLimitsError

_EVALUATION = "\nevaluation:\n"
_CVE = re.compile(r"CVE-\d{4}-\d{4,}", re.I)
_APACHE = re.compile(r"/(?:repos/asf|asf)/([^/]+)$")


@dataclass(frozen=True, slots=True)
class OffLimits:
    """The lists, in lower case. `names` are bare repository names: a fork keeps its name."""

    repositories: frozenset[str]
    owners: frozenset[str]
    names: frozenset[str]
    cves: frozenset[str]
    evaluation: frozenset[str]

    def covers(self, repository: str) -> bool:
        """Whether a repository, a mirror or a fork of one (same bare name) belongs to the outside exam."""
        name = normalise_repository(repository)
        owner, _, bare = name.rpartition("/")
        return name in self.repositories or owner in self.owners or bare in self.names

    def keeps_for_evaluation(self, repository: str) -> bool:
        """Whether a repository may be measured on and never trained on."""
        return normalise_repository(repository) in self.evaluation

    def find_cve(self, text: str) -> str:
        """The first CVE of the outside exam that a text names, "" when it names none."""
        return next((name for name in find_cves(text) if name.lower() in self.cves), "")


@cache
def load_off_limits() -> OffLimits:
    """The lists that ship with this package."""
    return parse_off_limits(files("dataset_curation.filters").joinpath("off_limits.txt").read_text("utf-8"))


def parse_off_limits(text: str) -> OffLimits:
    """The lists of a text: a repository, `owner/*` or CVE a line, `#` comments, evaluation sets after a heading."""
    head, _, tail = text.lower().partition(_EVALUATION)
    lines = _lines(head)
    repositories = frozenset(line for line in lines if "/" in line and not line.endswith("/*"))
    return OffLimits(
        repositories=repositories,
        owners=frozenset(line.removesuffix("/*") for line in lines if line.endswith("/*")),
        names=frozenset(line.rpartition("/")[2] for line in repositories),
        cves=frozenset(line for line in lines if _CVE.fullmatch(line)),
        evaluation=frozenset(_lines(tail)),
    )


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def normalise_repository(repository: str) -> str:
    """`owner/name` in lower case, of a name or an address; Apache's own hosts count as its mirror on GitHub."""
    name = repository.strip().lower().rstrip("/").removesuffix(".git").replace("+", "/")
    apache = _APACHE.search(name)
    if apache:
        return f"apache/{apache[1]}"
    return "/".join(name.replace(":", "/").split("/")[-2:])


def find_cves(text: str) -> tuple[str, ...]:
    """Every CVE that a text names, in upper case, in order, without repeats."""
    return tuple(dict.fromkeys(match.upper() for match in _CVE.findall(text)))


def check_repository(repository: str, *, is_training: bool = True) -> None:
    """Raises OffLimitsError for a repository of the outside exam, and for training also for an evaluation set."""
    limits = load_off_limits()
    if limits.covers(repository) or (is_training and limits.keeps_for_evaluation(repository)):
        raise OffLimitsError(repository)


def check_text(text: str) -> None:
    """Raises OffLimitsError for a text (advisory, commit message, path) that names a CVE of the outside exam."""
    found = load_off_limits().find_cve(text)
    if found:
        raise OffLimitsError(found)
