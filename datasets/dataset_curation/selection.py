"""Which files of a repository are its own, hand-written product code. All others are dropped for a named reason."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from dataset_curation.clones import REGULAR_MODES, Clone, TreeEntry
from dataset_curation.filters.freshness import find_dead_api
from graph_model.languages import Language, find_language
from reviewer.attributes import parse_attributes
from reviewer.inspection import InspectionRules, inspect_content, inspect_name, inspect_size
from reviewer.ledger import Skip
from reviewer.source import SourceFile

_TEST = re.compile(
    r"(?:^|/)(?:tests?|testing|testsuite|testdata|test[-_]?(?:utils?|support|helpers?|fixtures?|resources)|__tests__|__mocks__"
    r"|specs?|fixtures?|mocks?|e2e|cypress|it|integration[-_]?tests?|unit[-_]?tests?|functional[-_]?tests?|jmh|testfixtures)/"
    r"|(?:^|/)src/(?:test\w*|[a-z]\w*Test|it|jmh)/|(?:^|/)(?:test_[^/]*|conftest|[^/]*_tests?)\.py$|[._-](?:test|tests|spec|stories|e2e|mock)\.[cm]?[jt]sx?$"
    r"|(?:^|/)[^/]*(?:Tests?|TestCase|IT|Specs?)\.(?:java|cs)$|(?:^|/)(?:[\w.]*[.-])?(?:Tests?|UnitTests|IntegrationTests|Specs|TestUtilities|Testing)(?:[.-][\w.]*)?/",
)
_EXAMPLE = re.compile(
    r"(?:^|/)(?:examples?|samples?|demos?|docs?|documentation|tutorials?|benchmarks?|playground|website|snippets?)/",
    re.I,
)
_VENDORED = re.compile(
    r"(?:^|/)(?:vendor(?:ed|s)?|_?third[-_]?party|externals?|extern|thirdparty|node_modules|bower_components|\.yarn)/"
    r"|^(?:[\w.-]+/){0,2}(?:dist|build|out|target)/"
    r"|(?:^|/)(?:wwwroot|static|public|assets?|resources|webapp|scripts|content)/(?:[\w.-]+/)*(?:libs?|plugins?|ajax|js/lib)/.*\.[cm]?js$"
    r"|(?:^|/)(?:jquery|bootstrap|angular|moment|lodash|underscore|codemirror|ace|tinymce|ckeditor)[\w.-]*\.js$"
    r"|[._-](?:bundle|min|pack)\.[cm]?js$",
    re.I,
)
_GENERATED = re.compile(
    r"(?:^|/)(?:migrations?|alembic/versions|generated|gen-java|target/generated[\w-]*|__generated__|Migrations|locales?|i18n|lang)/"
    r"|\.(?:generated|d)\.[cm]?[jt]s$|\.generated\.cs$|ModelSnapshot\.cs$",
    re.I,
)
_CONFIGURATION = re.compile(
    r"(?:^|/)(?:[\w.-]+\.config\.[cm]?[jt]s|setup\.py|Gruntfile\.js|gulpfile\.js|\.eslintrc\.js)$"
)
_ASIDE = re.compile(
    r"(?:^|/)(?:tools?|(?:dev|build|release|maintenance)[-_]?(?:tools?|scripts?)|_?scripts?|script|bin|hack|contrib|misc|release|eng|ci"
    r"|devops|fit|sandbox|eslint[\w-]*|[\w.]*(?:TestSuite|Testing|LoadTests?|Benchmarks?|TestKit|Samples?|Examples?|Sandbox|Tools)"
    r"|[\w.-]+[-_.](?:tools?|ci|samples?|examples?|sandbox|tests?|testing)|[\w-]*[-_]tests?[-_][\w-]*|\.[\w-]+)/"
    r"|(?:^|/)(?:tests?|[\w-]*example|example[\w-]*|(?:update|sync|bump|deploy|publish|generate)[-_][\w-]*)\.\w+$",
)
_TEST_LIBRARY = re.compile(
    rb"(?m)^\s*(?:(?:import|from) (?:pytest|unittest|nose|mock)\b"
    rb"|using (?:Xunit|NUnit|Moq|Microsoft\.VisualStudio\.TestTools)\b"
    rb"|import (?:static )?org\.(?:junit|testng|mockito|assertj)\b"
    rb"|[^\n]*(?:from |require\()[\"'](?:vitest|@jest/\w+|jest|mocha|chai|ava|node:test|@playwright/test|sinon)[\"'/])"
)
_BANNER = re.compile(rb"\A\s*(?:/\*!|/\*\*?[\s*]*[\w.\- ]{2,40} (?:JavaScript Library )?v?\d+\.\d+(?:\.\d+)?\b)")
_BY_NAME = (
    ("test", _TEST),
    ("example", _EXAMPLE),
    ("vendored", _VENDORED),
    ("generated", _GENERATED),
    ("configuration", _CONFIGURATION),
)


@dataclass(slots=True)
class Tally:
    """How many were kept and dropped, by step and reason: what a data card says."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def keep(self, step: str, number: int = 1) -> None:
        """Counts kept ones."""
        self.counts[(step, "kept")] += number

    def drop(self, step: str, reason: str, number: int = 1) -> None:
        """Counts dropped ones under a reason."""
        if number:
            self.counts[(step, reason)] += number

    def merge(self, other: "Tally") -> None:
        """Adds another tally's counts."""
        self.counts.update(other.counts)

    def to_json(self) -> list[list[str | int]]:
        """Rows of step, reason, count, sorted."""
        return [[step, reason, count] for (step, reason), count in sorted(self.counts.items())]

    @classmethod
    def from_json(cls, rows: Iterable[Iterable[str | int]]) -> "Tally":
        """What `to_json` gave."""
        return cls(Counter({(str(step), str(reason)): int(count) for step, reason, count in rows}))


@dataclass(frozen=True, slots=True)
class SelectedFile:
    """A file of the corpus with its decoded text."""

    source: SourceFile
    language: Language
    blob: str


def find_drop_reason(path: str) -> str:
    """Why a path is not product code by its name alone, "" when nothing speaks against it."""
    return next((reason for reason, pattern in _BY_NAME if pattern.search(path)), "")


def stands_aside(file: SelectedFile) -> bool:
    """Whether a file is a tool, a script, an example, or what tests lean on: little rests on it, nobody attacks it."""
    return _ASIDE.search(file.source.path) is not None or _TEST_LIBRARY.search(file.source.content) is not None


def select_entries(
    entries: Iterable[TreeEntry], attributes: Mapping[str, Mapping[str, str]], tally: Tally
) -> Iterator[TreeEntry]:
    """Files that names, attributes, modes and sizes leave; languages that no table reads are not counted."""
    rules = InspectionRules()
    seen: set[str] = set()
    for entry in entries:
        if find_language(entry.path) is None:
            continue
        reason = _entry_reason(entry, attributes.get(entry.path, {}), rules)
        if not reason and entry.blob in seen:
            reason = "duplicate-file"
        if reason:
            tally.drop("files", reason)
            continue
        seen.add(entry.blob)
        yield entry


def _entry_reason(entry: TreeEntry, attributes: Mapping[str, str], rules: InspectionRules) -> str:
    if entry.mode not in REGULAR_MODES:
        return "not-a-file"
    if entry.size < 0:
        return "missing-object"
    by_name = find_drop_reason(entry.path)
    if by_name:
        return by_name
    skip = inspect_name(entry.path, attributes, rules) or inspect_size(entry.path, entry.size, rules)
    return _reason_name(skip) if skip is not None else ""


def _reason_name(skip: Skip) -> str:
    return skip.reason.name.lower().replace("_", "-")


def select_content(path: str, raw: bytes | None, tally: Tally) -> SourceFile | None:
    """The decoded file, or None with the reason counted."""
    if raw is None:
        tally.drop("files", "missing-object")
        return None
    inspected = inspect_content(path, raw, InspectionRules())
    if isinstance(inspected, Skip):
        tally.drop("files", _reason_name(inspected))
        return None
    if path.endswith((".js", ".mjs", ".cjs")) and _BANNER.match(inspected.content[:400]):
        tally.drop("files", "vendored")
        return None
    if find_dead_api(path, inspected.content):
        tally.drop("files", "dead-api")
        return None
    tally.keep("files")
    return inspected


Sample = Callable[[list[TreeEntry]], list[TreeEntry]]
"""Which of the selected files are read."""


def select_files(
    clone: Clone, commit: str, tally: Tally, *folders: str, sample: Sample = list
) -> Iterator[SelectedFile]:
    """The product code of a commit, by path; drops are counted under the step `files`."""
    listing = list(clone.list_files(commit, *folders))
    attributes = read_clone_attributes(clone, listing)
    found = list(select_entries(listing, attributes, tally))
    entries = sample(found)
    tally.drop("files", "over-the-limit", len(found) - len(entries))
    contents = clone.read_blobs(entry.blob for entry in entries)
    for entry, (_, raw) in zip(entries, contents, strict=True):
        source = select_content(entry.path, raw, tally)
        language = find_language(entry.path)
        if source is not None and language is not None:
            yield SelectedFile(source, language, entry.blob)


def read_clone_attributes(clone: Clone, listing: Iterable[TreeEntry]) -> dict[str, dict[str, str]]:
    """The linguist attributes of source files, as the repository's own .gitattributes files say."""
    entries = list(listing)
    files = [entry for entry in entries if entry.path.rpartition("/")[2] == ".gitattributes" and entry.size > 0]
    texts = {
        entry.path: (raw or b"").decode("utf-8", "replace")
        for entry, (_, raw) in zip(files, clone.read_blobs(entry.blob for entry in files), strict=True)
    }
    wanted = [entry.path for entry in entries if find_language(entry.path) is not None]
    return parse_attributes(texts.get, wanted) if texts else {}
