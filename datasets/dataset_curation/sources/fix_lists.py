"""The list of fix commits that an earlier mining found evidence in: repository and commit, facts only."""

import json
from collections.abc import Iterable
from pathlib import Path

from dataset_curation.errors import ManifestError
from dataset_curation.filters.off_limits import check_repository
from dataset_curation.records import load_records

FIX_LIST_NAME = "fix_commits.jsonl"


def write_fix_list(path: Path, record_files: Iterable[Path]) -> int:
    """Adds the commits of records to the list; returns how many it holds. project-kb's copies are left out."""
    listed = read_fix_list(path) if path.is_file() else {}
    known = {(name, commit) for name, commits in listed.items() for commit in commits}
    for file in record_files:
        owner, _, bare = file.name.removesuffix(".records").partition("+")
        for record in load_records(file):
            repository, _, rest = record.origin.partition("@")
            if repository == f"{owner}/{bare}":
                known.add((repository, rest.partition(":")[0].rstrip("^")))
    rows = [json.dumps({"repository": name, "commit": commit}, sort_keys=True) for name, commit in sorted(known)]
    path.write_text("".join(f"{row}\n" for row in rows), "utf-8")
    return len(rows)


def read_fix_list(path: Path) -> dict[str, tuple[str, ...]]:
    """Commits by repository. Raises ManifestError for a damaged or missing list, OffLimitsError for the exam."""
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        pairs = [(str(row["repository"]), str(row["commit"])) for row in rows]
    except OSError as error:
        raise ManifestError(f"{path.name}: expected a list of fix commits, found {error.strerror}") from error
    except (TypeError, KeyError, ValueError) as error:
        raise ManifestError(f"{path.name}: expected repository and commit, found {error}") from error
    listed: dict[str, tuple[str, ...]] = {}
    for repository, commit in pairs:
        check_repository(repository)
        listed[repository] = (*listed.get(repository, ()), commit)
    return listed
