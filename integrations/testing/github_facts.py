"""How the fake GitHub writes its records as JSON.

GitHub's objects have dozens of fields. The published examples give the shape, and the facts of a record replace what
they say: the fake never answers less than GitHub does, and nothing of the examples is kept in this repository.
"""

import re
from collections.abc import Mapping
from typing import Any  # Any: JSON
from urllib.parse import quote

from integrations.testing.api_host import timestamp
from integrations.testing.git_hosting import BareRepository
from integrations.testing.github_state import (
    CheckRun,
    Comment,
    GitHubState,
    Pull,
    Reaction,
    Repository,
    Review,
    Status,
    Thread,
)
from integrations.testing.github_threads import changes_of

_EXAMPLE_API = re.compile(r"https://api\.github\.com(/repos/[^/]+/[^/{?]+)?")
_EXAMPLE_WEB = re.compile(r"(?:https|git)://github\.com/[^/]+/[^/.]+(?=[/.]|$)")
_CHECK_FIELDS = ("name", "conclusion", "completed_at")
_REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")


def overlay(example: Any, facts: Any) -> Any:
    """An example with facts in place of what it says: objects are merged, everything else is replaced."""
    if not isinstance(example, Mapping) or not isinstance(facts, Mapping):
        return facts
    merged = {key: overlay(value, facts[key]) if key in facts else value for key, value in example.items()}
    return merged | {key: value for key, value in facts.items() if key not in example}


class Facts:
    """Writes records; addresses are those of the fake, with the API below `/api/v3` as on GitHub Enterprise Server."""

    def __init__(self, state: GitHubState) -> None:
        self._state = state

    @property
    def api_url(self) -> str:
        """Address of the REST API."""
        return f"{self._state.url}/api/v3"

    def repository_url(self, repository: Repository) -> str:
        """Address of a repository in the REST API."""
        return f"{self.api_url}/repos/{repository.full_name}"

    def localise(self, value: Any, full_name: str) -> Any:
        """A JSON value in which every address of an example is one of the fake, in a repository of the fake."""
        if isinstance(value, Mapping):
            return {key: self.localise(element, full_name) for key, element in value.items()}
        if isinstance(value, list):
            return [self.localise(element, full_name) for element in value]
        if not isinstance(value, str):
            return value
        api = f"/repos/{full_name}"
        value = _EXAMPLE_API.sub(lambda match: self.api_url + (api if match.group(1) else ""), value)
        return _EXAMPLE_WEB.sub(f"{self._state.url}/{full_name}", value)

    def user(self, login: str) -> dict[str, Any]:
        """Facts of a user."""
        user = self._state.user(login)
        return {
            "login": login,
            "id": user.user_id,
            "node_id": f"U_{user.user_id}",
            "type": user.kind,
            "site_admin": False,
            "url": f"{self.api_url}/users/{login}",
            "html_url": f"{self._state.url}/{login}",
        }

    def repository(self, repository: Repository) -> dict[str, Any]:
        """Facts of a repository."""
        owner, name = repository.full_name.split("/")
        return {
            "id": repository.repository_id,
            "node_id": f"R_{repository.repository_id}",
            "name": name,
            "full_name": repository.full_name,
            "private": repository.is_private,
            "owner": self.user(owner),
            "url": self.repository_url(repository),
            "html_url": f"{self._state.url}/{repository.full_name}",
            "clone_url": f"{self._state.url}/{repository.full_name}.git",
            "default_branch": repository.default_branch,
            "fork": False,
            "language": None,
            "archived": False,
            "disabled": False,
        }

    def pull(self, repository: Repository, pull: Pull, *, example: Mapping[str, Any]) -> Any:
        """A pull request in the shape of an example: of the REST API, or of a webhook."""
        facts = self._pull_facts(repository, pull)
        sides = {"base": pull.base_sha, "head": pull.head_sha}
        for side, sha in sides.items():
            ref = pull.base_ref if side == "base" else pull.head_ref
            full_name = repository.full_name if side == "base" else pull.head_repository
            owner = full_name.split("/")[0]
            there = self.repository(self._state.repositories.get(full_name, repository))
            facts[side] = {
                "label": f"{owner}:{ref}",
                "ref": ref,
                "sha": sha,
                "user": self.user(owner),
                "repo": overlay(self.localise(example[side]["repo"] or {}, full_name), there),
            }
        return overlay(self.localise(example, repository.full_name), facts)

    def _pull_facts(self, repository: Repository, pull: Pull) -> dict[str, Any]:
        changes = changes_of(repository.git, pull, pull.head_sha)
        url = f"{self.repository_url(repository)}/pulls/{pull.number}"
        issue_url = f"{self.repository_url(repository)}/issues/{pull.number}"
        html_url = f"{self._state.url}/{repository.full_name}/pull/{pull.number}"
        closed_at = None if pull.state == "open" else timestamp(self._state.clock())
        return {
            "id": pull.pull_id,
            "node_id": f"PR_{pull.pull_id}",
            "number": pull.number,
            "url": url,
            "html_url": html_url,
            "issue_url": issue_url,
            "comments_url": f"{issue_url}/comments",
            "commits_url": f"{url}/commits",
            "review_comments_url": f"{url}/comments",
            "diff_url": f"{html_url}.diff",
            "patch_url": f"{html_url}.patch",
            "statuses_url": f"{self.repository_url(repository)}/statuses/{pull.head_sha}",
            "_links": {"self": {"href": url}, "html": {"href": html_url}, "issue": {"href": issue_url}},
            "title": pull.title,
            "body": pull.body,
            "user": self.user(pull.login),
            "author_association": self.association(repository, pull.login),
            "draft": pull.draft,
            "state": pull.state,
            "locked": False,
            "merged": pull.is_merged,
            "merged_at": closed_at if pull.is_merged else None,
            "closed_at": closed_at,
            "created_at": timestamp(pull.created_s),
            "labels": [],
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
            "milestone": None,
            "auto_merge": None,
            "comments": len(pull.comments),
            "review_comments": sum(len(thread.comments) for thread in pull.threads),
            "commits": len(repository.git.commits(pull.base_sha, pull.head_sha)),
            "changed_files": len(changes),
            "additions": sum(change.num_added for change in changes),
            "deletions": sum(change.num_removed for change in changes),
        }

    def association(self, repository: Repository, login: str) -> str:
        """What a user is to a repository, as comments say it."""
        if repository.full_name.split("/")[0] == login:
            return "OWNER"
        return "COLLABORATOR" if repository.permissions.get(login) in {"admin", "write"} else "NONE"

    def _comment(self, repository: Repository, comment: Comment, url: str, html_url: str) -> dict[str, Any]:
        return {
            "id": comment.comment_id,
            "node_id": f"C_{comment.comment_id}",
            "body": comment.body,
            "user": self.user(comment.login),
            "author_association": self.association(repository, comment.login),
            "created_at": timestamp(comment.created_s),
            "updated_at": timestamp(comment.updated_s),
            "url": url,
            "html_url": html_url,
        }

    def issue_comment(self, repository: Repository, pull: Pull, comment: Comment) -> dict[str, Any]:
        """Facts of a comment in the conversation of a pull request."""
        url = self.repository_url(repository)
        html_url = f"{self._state.url}/{repository.full_name}/pull/{pull.number}#issuecomment-{comment.comment_id}"
        facts = self._comment(repository, comment, f"{url}/issues/comments/{comment.comment_id}", html_url)
        return facts | {"issue_url": f"{url}/issues/{pull.number}"}

    def review_comment(self, repository: Repository, pull: Pull, thread: Thread, comment: Comment) -> dict[str, Any]:
        """Facts of a comment of a review thread; line and position are None where it is outdated."""
        url = self.repository_url(repository)
        html_url = f"{self._state.url}/{repository.full_name}/pull/{pull.number}#discussion_r{comment.comment_id}"
        place = thread.place
        facts = self._comment(repository, comment, f"{url}/pulls/comments/{comment.comment_id}", html_url) | {
            "pull_request_url": f"{url}/pulls/{pull.number}",
            "pull_request_review_id": comment.review_id,
            "path": place.path,
            "commit_id": thread.commit,
            "original_commit_id": thread.original_commit,
            "diff_hunk": thread.diff_hunk,
            "line": None if thread.is_outdated else place.line,
            "side": place.side,
            "start_line": None if thread.is_outdated else place.start_line,
            "start_side": place.start_side,
            "original_line": thread.original.line,
            "original_start_line": thread.original.start_line,
            "position": None if thread.is_outdated else thread.position,
            "original_position": thread.position,
            "subject_type": "file" if thread.original.line is None else "line",
            "reactions": self._reaction_counts(comment),
        }
        return facts if comment is thread.comments[0] else facts | {"in_reply_to_id": thread.comments[0].comment_id}

    def _reaction_counts(self, comment: Comment) -> dict[str, Any]:
        contents = [reaction.content for reaction in comment.reactions]
        counts: dict[str, Any] = {content: contents.count(content) for content in _REACTIONS}
        return counts | {"total_count": len(contents), "url": f"{self.api_url}/reactions"}

    def reaction(self, reaction: Reaction) -> dict[str, Any]:
        """Facts of a reaction."""
        return {
            "id": reaction.reaction_id,
            "node_id": f"RE_{reaction.reaction_id}",
            "user": self.user(reaction.login),
            "content": reaction.content,
            "created_at": timestamp(reaction.created_s),
        }

    def review(self, repository: Repository, pull: Pull, review: Review) -> dict[str, Any]:
        """Facts of a review."""
        url = f"{self.repository_url(repository)}/pulls/{pull.number}"
        html_url = f"{self._state.url}/{repository.full_name}/pull/{pull.number}#pullrequestreview-{review.review_id}"
        return {
            "id": review.review_id,
            "node_id": f"PRR_{review.review_id}",
            "user": self.user(review.login),
            "body": review.body,
            "state": review.state,
            "commit_id": review.commit,
            "submitted_at": timestamp(review.submitted_s),
            "html_url": html_url,
            "pull_request_url": url,
            "_links": {"html": {"href": html_url}, "pull_request": {"href": url}},
            "author_association": self.association(repository, review.login),
        }

    def check_run(self, repository: Repository, run: CheckRun) -> dict[str, Any]:
        """Facts of a check run."""
        url = f"{self.repository_url(repository)}/check-runs/{run.check_run_id}"
        output = run.values.get("output", {})
        facts = {name: run.values.get(name) for name in _CHECK_FIELDS}
        pulls = [pull for pull in repository.pulls.values() if pull.head_sha == run.head_sha and pull.state == "open"]
        return facts | {
            "id": run.check_run_id,
            "node_id": f"CR_{run.check_run_id}",
            "head_sha": run.head_sha,
            "url": url,
            "html_url": f"{self._state.url}/{repository.full_name}/runs/{run.check_run_id}",
            "external_id": run.values.get("external_id", ""),
            "details_url": run.values.get("details_url", f"{self._state.url}/apps/{self._state.app_slug}"),
            "status": run.values.get("status", "queued"),
            "started_at": run.values.get("started_at", timestamp(run.started_s)),
            "output": {
                "title": output.get("title"),
                "summary": output.get("summary"),
                "text": output.get("text"),
                "annotations_count": len(run.annotations),
                "annotations_url": f"{url}/annotations",
            },
            "app": {"id": self._state.app_id, "slug": self._state.app_slug},
            "pull_requests": [self.pull_link(repository, pull) for pull in pulls],
        }

    def pull_link(self, repository: Repository, pull: Pull) -> dict[str, Any]:
        """A pull request as checks refer to it."""
        url = self.repository_url(repository)
        link = {"id": repository.repository_id, "url": url, "name": repository.full_name.split("/")[1]}
        return {
            "id": pull.pull_id,
            "number": pull.number,
            "url": f"{url}/pulls/{pull.number}",
            "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": link},
            "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": link},
        }

    def status(self, repository: Repository, status: Status) -> dict[str, Any]:
        """Facts of a commit status."""
        return {
            "id": status.status_id,
            "node_id": f"SC_{status.status_id}",
            "url": f"{self.repository_url(repository)}/statuses/{status.sha}",
            "state": status.state,
            "context": status.context,
            "description": status.description,
            "target_url": status.target_url,
            "creator": self.user(status.login),
            "created_at": timestamp(status.created_s),
            "updated_at": timestamp(status.created_s),
        }

    def files(self, repository: Repository, git: BareRepository, pull: Pull) -> list[dict[str, Any]]:
        """Facts of the files of a pull request, at most 3,000 of them as on GitHub."""
        statuses = {"A": "added", "D": "removed", "R": "renamed"}
        url = self.repository_url(repository)
        files: list[dict[str, Any]] = []
        for change in changes_of(git, pull, pull.head_sha)[:3000]:
            entry: dict[str, Any] = {
                "sha": pull.head_sha,
                "filename": change.path,
                "status": statuses.get(change.status, "modified"),
                "additions": change.num_added,
                "deletions": change.num_removed,
                "changes": change.num_added + change.num_removed,
                "blob_url": f"{self._state.url}/{repository.full_name}/blob/{pull.head_sha}/{quote(change.path)}",
                "raw_url": f"{self._state.url}/{repository.full_name}/raw/{pull.head_sha}/{quote(change.path)}",
                "contents_url": f"{url}/contents/{quote(change.path)}?ref={pull.head_sha}",
            }
            if change.patch is not None:
                entry["patch"] = change.patch
            if change.status == "R":
                entry["previous_filename"] = change.previous_path
            files.append(entry)
        return files
