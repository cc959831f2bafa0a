"""The product code of popular packages that no bundle is trained on, and the candidates in it."""

from dataclasses import dataclass

from benchmarks.evaluation.parts import Context, EvaluationError
from benchmarks.evaluation.snippets import Snippet
from dataset_curation.clones import find_clone
from dataset_curation.errors import CurationError
from dataset_curation.harvesting import file_name, harvest_entry
from dataset_curation.manifests import REPOSITORIES_NAME, Entry, Role, read_entries
from dataset_curation.records import FunctionRecord, load_records
from dataset_curation.selection import Tally, select_files
from graph_model.languages import BY_NAME


@dataclass(frozen=True, slots=True)
class Package:
    """The product code of one repository in its main language: lines, files, and its functions with candidates."""

    repository: str
    family: str
    num_lines: int
    files: tuple[Snippet, ...]
    records: tuple[FunctionRecord, ...]

    @property
    def paths(self) -> frozenset[str]:
        """The paths of the files."""
        return frozenset(one.path for one in self.files)

    @property
    def labels(self) -> list[str]:
        """The label of each candidate."""
        return [candidate.label for record in self.records for candidate in record.candidates]


def load_packages(context: Context) -> list[Package]:
    """Every package whose clone is there. Raises EvaluationError when none is."""
    try:
        entries = [one for one in read_entries(context.manifests / REPOSITORIES_NAME) if one.role is Role.MEASURE]
        packages = [_load(one, context) for one in entries]
    except CurationError as error:
        raise EvaluationError(str(error)) from error
    if not packages:
        raise EvaluationError(f"{context.manifests}: expected repositories of role {Role.MEASURE}, found none")
    return packages


def _load(entry: Entry, context: Context) -> Package:
    folder = context.data / "harvest"
    harvest_entry(entry, context.clones, folder)
    files = list(select_files(find_clone(context.clones, entry.repository), entry.commit, Tally()))
    own = [one.source for one in files if one.language.family.value == entry.family]
    records = load_records(folder / f"{file_name(entry.repository)}.records")
    return Package(
        repository=entry.repository,
        family=entry.family,
        num_lines=sum(one.num_lines for one in own),
        files=tuple(Snippet(one.path, one.content.decode("utf-8", "replace")) for one in own),
        records=tuple(one for one in records if BY_NAME[one.language].family.value == entry.family),
    )
