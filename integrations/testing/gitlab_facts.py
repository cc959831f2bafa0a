"""How the fake GitLab writes its records as JSON, with the fields that our reading of the documentation lists."""

from typing import Any  # Any: JSON

from integrations.testing.api_host import timestamp
from integrations.testing.diffs import FileChange
from integrations.testing.gitlab_positions import changes_of
from integrations.testing.gitlab_state import (
    CommitStatus,
    DiffVersion,
    Discussion,
    Emoji,
    GitLabState,
    MergeRequest,
    Note,
    Project,
)


class GitLabFacts:
    """Writes records."""

    def __init__(self, state: GitLabState) -> None:
        self._state = state

    def user(self, username: str) -> dict[str, Any]:
        """A user."""
        return {
            "id": self._state.user(username).user_id,
            "username": username,
            "name": username.title(),
            "state": "active",
            "locked": False,
            "avatar_url": None,
            "web_url": f"{self._state.url}/{username}",
        }

    def project(self, project: Project) -> dict[str, Any]:
        """A project."""
        return {
            "id": project.project_id,
            "name": project.path.rsplit("/", 1)[1],
            "path": project.path.rsplit("/", 1)[1],
            "path_with_namespace": project.path,
            "default_branch": project.default_branch,
            "web_url": f"{self._state.url}/{project.path}",
            "http_url_to_repo": f"{self._state.url}/{project.path}.git",
            "visibility": project.visibility,
            "archived": False,
        }

    def merge_request_url(self, project: Project, merge_request: MergeRequest) -> str:
        """Address of a merge request for people."""
        return f"{self._state.url}/{project.path}/-/merge_requests/{merge_request.iid}"

    def merge_request(self, project: Project, merge_request: MergeRequest) -> dict[str, Any]:
        """A merge request by itself. What comes of its commits is null until GitLab has read them.

        https://docs.gitlab.com/api/merge_requests/#empty-api-fields-for-new-merge-requests
        """
        version, is_read = merge_request.version, not merge_request.num_unread
        refs = {"base_sha": version.base_sha, "head_sha": version.head_sha, "start_sha": version.start_sha}
        return self.listed_merge_request(project, merge_request) | {
            "diff_refs": refs if is_read else None,
            "changes_count": str(len(changes_of(project.git, version))) if is_read else None,
        }

    def listed_merge_request(self, project: Project, merge_request: MergeRequest) -> dict[str, Any]:
        """A merge request in a list, without its commits."""
        return {
            "id": merge_request.merge_request_id,
            "iid": merge_request.iid,
            "project_id": project.project_id,
            "title": merge_request.title,
            "description": merge_request.description,
            "state": merge_request.state,
            "draft": merge_request.draft,
            "author": self.user(merge_request.username),
            "source_branch": merge_request.source_branch,
            "target_branch": merge_request.target_branch,
            "source_project_id": merge_request.source_project_id,
            "target_project_id": project.project_id,
            "sha": merge_request.version.head_sha,
            "user_notes_count": sum(len(discussion.notes) for discussion in merge_request.discussions),
            "web_url": self.merge_request_url(project, merge_request),
            "labels": [],
            "created_at": timestamp(merge_request.created_s),
            "updated_at": timestamp(merge_request.updated_s),
        }

    def version(self, project: Project, merge_request: MergeRequest, version: DiffVersion) -> dict[str, Any]:
        """A version of a merge request."""
        return {
            "id": version.version_id,
            "head_commit_sha": version.head_sha,
            "base_commit_sha": version.base_sha,
            "start_commit_sha": version.start_sha,
            "created_at": timestamp(version.created_s),
            "merge_request_id": merge_request.merge_request_id,
            "state": "collected",
            "real_size": str(len(changes_of(project.git, version))),
        }

    def diff(self, change: FileChange) -> dict[str, Any]:
        """A file of a diff; unlike GitHub's, its text ends with a line feed."""
        return {
            "old_path": change.previous_path,
            "new_path": change.path,
            "a_mode": "0" if change.status == "A" else "100644",
            "b_mode": "0" if change.status == "D" else "100644",
            "diff": "" if change.patch is None else change.patch + "\n",
            "new_file": change.status == "A",
            "renamed_file": change.status == "R",
            "deleted_file": change.status == "D",
            "generated_file": False,
            "collapsed": False,
            "too_large": False,
        }

    def note(self, project: Project, merge_request: MergeRequest, discussion: Discussion, note: Note) -> dict[str, Any]:
        """A note; what concerns resolving is that of its discussion."""
        written: dict[str, Any] = {
            "id": note.note_id,
            "type": note.kind,
            "body": note.body,
            "author": self.user(note.username),
            "created_at": timestamp(note.created_s),
            "updated_at": timestamp(note.updated_s),
            "system": False,
            "internal": False,
            "noteable_id": merge_request.merge_request_id,
            "noteable_type": "MergeRequest",
            "noteable_iid": merge_request.iid,
            "project_id": project.project_id,
            "commit_id": None,
            "resolvable": discussion.is_resolvable,
        }
        if note.position is not None:
            written["position"] = note.position
        if discussion.is_resolvable:
            resolver = discussion.resolved_by
            written |= {"resolved": resolver is not None, "resolved_by": self.user(resolver) if resolver else None}
        return written

    def discussion(self, project: Project, merge_request: MergeRequest, discussion: Discussion) -> dict[str, Any]:
        """A discussion with its notes."""
        return {
            "id": discussion.discussion_id,
            "individual_note": discussion.is_individual,
            "notes": [self.note(project, merge_request, discussion, note) for note in discussion.notes],
        }

    def emoji(self, note: Note, emoji: Emoji) -> dict[str, Any]:
        """A reaction to a note."""
        return {
            "id": emoji.emoji_id,
            "name": emoji.name,
            "user": self.user(emoji.username),
            "created_at": timestamp(emoji.created_s),
            "awardable_id": note.note_id,
            "awardable_type": "Note",
        }

    def commit(self, project: Project, sha: str) -> dict[str, Any]:
        """A commit, its message being its first line."""
        subject = project.git.subject(sha)
        return {"id": sha, "short_id": sha[:8], "title": subject, "message": subject}

    def status(self, status: CommitStatus) -> dict[str, Any]:
        """A status of a commit."""
        return {
            "id": status.status_id,
            "sha": status.sha,
            "ref": status.ref,
            "status": status.state,
            "name": status.name,
            "target_url": status.target_url,
            "description": status.description,
            "created_at": timestamp(status.created_s),
            "author": self.user(status.username),
        }
