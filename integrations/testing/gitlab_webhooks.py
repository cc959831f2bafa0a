"""The webhooks that the fake GitLab sends, with the fields that its documentation shows.

https://docs.gitlab.com/user/project/integrations/webhook_events/ and https://docs.gitlab.com/user/project/integrations/webhooks/
"""

import base64
import json
import uuid
from typing import Any  # Any: JSON

from integrations.testing.api_host import timestamp
from integrations.testing.gitlab_facts import GitLabFacts
from integrations.testing.gitlab_state import Discussion, GitLabState, MergeRequest, Note, Project
from integrations.testing.webhooks import Webhook, sign_standard

_VISIBILITY = {"private": 0, "internal": 10, "public": 20}


class GitLabWebhooks:
    """Writes webhooks; they carry the secret token, and the signature too where there is a signing token."""

    def __init__(self, state: GitLabState, secret: str, signing_token: str | None) -> None:
        """`signing_token` is `whsec_` and base64, as GitLab shows it; None sends no signature."""
        self._state = state
        self._facts = GitLabFacts(state)
        self._secret = secret
        self._signing_token = signing_token

    def about_merge_request(
        self, project: Project, merge_request: MergeRequest, action: str, username: str, **changes: Any
    ) -> Webhook:
        """A `Merge Request Hook`. `oldrev` among the changes is the head before a push; the rest is other changes."""
        attributes = self._attributes(project, merge_request) | {"action": action}
        if "oldrev" in changes:
            attributes["oldrev"] = changes.pop("oldrev")
        payload = {
            "object_kind": "merge_request",
            "event_type": "merge_request",
            "user": self._user(username),
            "project": self._project(project),
            "repository": self._repository(project),
            "object_attributes": attributes,
            "labels": [],
            "changes": changes,
            "assignees": [],
            "reviewers": [],
        }
        return self.sign("Merge Request Hook", action, payload)

    def about_note(self, project: Project, merge_request: MergeRequest, discussion: Discussion, note: Note) -> Webhook:
        """A `Note Hook` for a new comment on a merge request."""
        url = self._facts.merge_request_url(project, merge_request)
        attributes = {
            "id": note.note_id,
            "internal": False,
            "note": note.body,
            "description": note.body,
            "noteable_type": "MergeRequest",
            "noteable_id": merge_request.merge_request_id,
            "author_id": self._state.user(note.username).user_id,
            "created_at": timestamp(note.created_s),
            "updated_at": timestamp(note.updated_s),
            "project_id": project.project_id,
            "discussion_id": discussion.discussion_id,
            "type": note.kind,
            "position": note.position,
            "line_code": None,
            "commit_id": None,
            "system": False,
            "url": f"{url}#note_{note.note_id}",
            "action": "create",
        }
        payload = {
            "object_kind": "note",
            "event_type": "note",
            "user": self._user(note.username),
            "project_id": project.project_id,
            "project": self._project(project),
            "repository": self._repository(project),
            "object_attributes": attributes,
            "merge_request": self._attributes(project, merge_request),
        }
        return self.sign("Note Hook", "create", payload)

    def sign(self, event: str, action: str, payload: Any) -> Webhook:
        """Any payload as a delivery with ids of its own; a repetition by GitLab keeps them."""
        body = json.dumps(payload, ensure_ascii=False).encode("utf-8")
        webhook_id, sent_s = str(uuid.uuid4()), int(self._state.clock())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "GitLab/19.6.0",
            "X-Gitlab-Event": event,
            "X-Gitlab-Event-UUID": str(uuid.uuid4()),
            "X-Gitlab-Webhook-UUID": webhook_id,
            "X-Gitlab-Instance": self._state.url,
            "X-Gitlab-Token": self._secret,
            "Idempotency-Key": webhook_id,
        }
        if self._signing_token is not None:
            key = base64.b64decode(self._signing_token.removeprefix("whsec_"))
            headers["webhook-id"], headers["webhook-timestamp"] = webhook_id, str(sent_s)
            headers["webhook-signature"] = sign_standard(key, webhook_id, sent_s, body)
        return Webhook(event, action, headers, body)

    def _user(self, username: str) -> dict[str, Any]:
        user = self._facts.user(username)
        return {key: user[key] for key in ("id", "name", "username", "avatar_url")} | {"email": "[REDACTED]"}

    def _project(self, project: Project) -> dict[str, Any]:
        written = self._facts.project(project)
        return {
            "id": project.project_id,
            "name": written["name"],
            "description": "",
            "web_url": written["web_url"],
            "avatar_url": None,
            "git_ssh_url": f"git@gitlab.invalid:{project.path}.git",
            "git_http_url": written["http_url_to_repo"],
            "namespace": project.path.rsplit("/", 1)[0],
            "visibility_level": _VISIBILITY[project.visibility],
            "path_with_namespace": project.path,
            "default_branch": project.default_branch,
        }

    def _repository(self, project: Project) -> dict[str, Any]:
        written = self._project(project)
        return {
            "name": written["name"],
            "url": written["git_ssh_url"],
            "homepage": written["web_url"],
            "description": "",
        }

    def _attributes(self, project: Project, merge_request: MergeRequest) -> dict[str, Any]:
        source = self._state.projects[merge_request.source_project_id]
        head = merge_request.version.head_sha
        subject = project.git.subject(head)
        return {
            "id": merge_request.merge_request_id,
            "iid": merge_request.iid,
            "title": merge_request.title,
            "description": merge_request.description,
            "state": merge_request.state,
            "draft": merge_request.draft,
            "work_in_progress": merge_request.draft,
            "author_id": self._state.user(merge_request.username).user_id,
            "source_branch": merge_request.source_branch,
            "target_branch": merge_request.target_branch,
            "source_project_id": merge_request.source_project_id,
            "target_project_id": project.project_id,
            "source": self._project(source),
            "target": self._project(project),
            "last_commit": {"id": head, "message": subject, "title": subject},
            "created_at": timestamp(merge_request.created_s),
            "updated_at": timestamp(merge_request.updated_s),
            "url": self._facts.merge_request_url(project, merge_request),
        }
