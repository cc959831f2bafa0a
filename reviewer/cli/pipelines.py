"""What a CI job knows about the change that it runs for: the commit or branch to compare with.

https://docs.github.com/en/actions/reference/workflows-and-actions/variables
https://docs.gitlab.com/ci/variables/predefined_variables/
https://learn.microsoft.com/en-us/azure/devops/pipelines/build/variables
https://www.jenkins.io/doc/book/pipeline/multibranch/#additional-environment-variables
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # the event of a host, JSON

from reviewer.comparison import DEEPEN, describe_fetch
from reviewer.errors import RequestError
from reviewer.repositories import Repository

# Each is set for pull and merge requests only: GitHub, GitLab, Azure Pipelines, Jenkins.
_BRANCHES = (
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "SYSTEM_PULLREQUEST_TARGETBRANCH",
    "CHANGE_TARGET",
)


@dataclass(frozen=True, slots=True)
class BaseHint:
    """Revisions that a pipeline gives for the base, the surest first, and who gives them."""

    revisions: tuple[str, ...]
    said_by: str


def find_base(environment: Mapping[str, str]) -> BaseHint | None:
    """What the variables of a job say, None where it runs for no change. Reads GitHub's event file."""
    commits = [environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", ""), _find_event_base(environment)]
    branches = [(name, environment.get(name, "").removeprefix("refs/heads/")) for name in _BRANCHES]
    named = [(name, branch) for name, branch in branches if branch]
    revisions = [commit for commit in commits if commit]
    revisions += [revision for _, branch in named for revision in (f"origin/{branch}", branch)]
    said_by = ", ".join(name for name, _ in named) or "the event of the job"
    return BaseHint(tuple(revisions), said_by) if revisions else None


def resolve_base(repository: Repository, hint: BaseHint) -> str:
    """The first revision of a hint that exists; raises RequestError, which says how to get one."""
    for revision in hint.revisions:
        if repository.find_revision(revision) is not None:
            return revision
    branch = next((one.removeprefix("origin/") for one in hint.revisions if one.startswith("origin/")), "")
    fetch = f" Get the branch by `{describe_fetch(branch)}` if it still exists." if branch else ""
    deepen = f" This clone is shallow: {DEEPEN}." if repository.is_shallow else ""
    raise RequestError(
        f"base: {hint.said_by}: expected one of {', '.join(hint.revisions)} in this clone, found none: the branch was "
        f"deleted, or not fetched.{fetch}{deepen} Or name the commit to compare with by --base."
    )


def read_event(environment: Mapping[str, str]) -> dict[str, Any]:
    """What happened for GitHub to start the job; empty where it tells nothing."""
    file = environment.get("GITHUB_EVENT_PATH", "")
    try:
        event = json.loads(Path(file).read_bytes()) if file else {}
    except (OSError, ValueError):
        return {}
    return event if isinstance(event, dict) else {}


def _find_event_base(environment: Mapping[str, str]) -> str:
    """The base commit in GitHub's event: of a pull request, of a merge queue, or before a push; else empty."""
    event = read_event(environment)
    places = (("pull_request", "base", "sha"), ("merge_group", "base_sha"), ("before",))
    found = (_look_up(event, place) for place in places)
    return next((commit for commit in found if commit.strip("0")), "")


def _look_up(document: object, place: tuple[str, ...]) -> str:
    for name in place:
        document = document.get(name) if isinstance(document, dict) else None
    return document if isinstance(document, str) else ""
