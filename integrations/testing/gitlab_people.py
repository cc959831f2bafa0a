"""What people do at the fake GitLab. Each act returns the webhook that follows it, or None where GitLab sends none.

Acts change the host at once and visibly; nothing is sent by itself: `FakeGitLab.deliver` sends.
"""

import threading
from dataclasses import dataclass

from integrations.testing.gitlab_positions import follow_push
from integrations.testing.gitlab_state import DiffVersion, Discussion, Emoji, GitLabState, MergeRequest, Note, Project
from integrations.testing.gitlab_webhooks import GitLabWebhooks
from integrations.testing.webhooks import Webhook


@dataclass(frozen=True, slots=True)
class NewMergeRequest:
    """A merge request to open. `source_path` is another project of the fake for a fork, None for a branch."""

    target: str
    head: str
    title: str = "Change something"
    description: str = ""
    username: str = "alice"
    source_branch: str = "feature"
    target_branch: str = "main"
    source_path: str | None = None
    draft: bool = False


class GitLabPeople:
    """Acts of people, by project path and number of the merge request."""

    def __init__(self, state: GitLabState, webhooks: GitLabWebhooks, lock: threading.RLock) -> None:
        self._state = state
        self._webhooks = webhooks
        self._lock = lock

    def open(self, path: str, new: NewMergeRequest) -> Webhook:
        """Action `open`; the number is in the payload. Commits may be any name that git resolves."""
        with self._lock:
            project = self._project(path)
            iid = len(project.merge_requests) + 1
            now_s = self._state.clock()
            merge_request = MergeRequest(
                merge_request_id=self._state.next_id(),
                iid=iid,
                title=new.title,
                description=new.description,
                username=new.username,
                source_branch=new.source_branch,
                target_branch=new.target_branch,
                source_project_id=self._project(new.source_path or path).project_id,
                draft=new.draft,
                created_s=now_s,
                updated_s=now_s,
                num_unread=self._state.num_unread,
            )
            target = self._commit(project, new.target)
            project.git.point(f"refs/heads/{new.target_branch}", target)
            self._add_version(project, merge_request, target, self._commit(project, new.head))
            project.merge_requests[iid] = merge_request
            return self._webhooks.about_merge_request(project, merge_request, "open", new.username)

    def push(self, path: str, iid: int, head: str, *, target: str | None = None) -> Webhook:
        """Action `update` with `oldrev`; `target` moves the target branch first, as a rebase onto it needs."""
        with self._lock:
            project, merge_request = self._find(path, iid)
            before = merge_request.version
            start = before.start_sha if target is None else self._commit(project, target)
            project.git.point(f"refs/heads/{merge_request.target_branch}", start)
            self._add_version(project, merge_request, start, self._commit(project, head))
            follow_push(project.git, merge_request)
            merge_request.updated_s = self._state.clock()
            author = merge_request.username
            return self._webhooks.about_merge_request(project, merge_request, "update", author, oldrev=before.head_sha)

    def set_draft(self, path: str, iid: int, *, draft: bool) -> Webhook:
        """Action `update` with a change of `draft`."""
        with self._lock:
            project, merge_request = self._find(path, iid)
            change = {"previous": merge_request.draft, "current": draft}
            merge_request.draft = draft
            author = merge_request.username
            return self._webhooks.about_merge_request(project, merge_request, "update", author, draft=change)

    def edit(self, path: str, iid: int, *, title: str) -> Webhook:
        """Action `update` with a change of `title`."""
        with self._lock:
            project, merge_request = self._find(path, iid)
            change = {"previous": merge_request.title, "current": title}
            merge_request.title = title
            author = merge_request.username
            return self._webhooks.about_merge_request(project, merge_request, "update", author, title=change)

    def set_state(self, path: str, iid: int, action: str) -> Webhook:
        """Action `close`, `reopen` or `merge`."""
        with self._lock:
            project, merge_request = self._find(path, iid)
            merge_request.state = {"close": "closed", "reopen": "opened", "merge": "merged"}[action]
            return self._webhooks.about_merge_request(project, merge_request, action, merge_request.username)

    def comment(self, path: str, iid: int, username: str, body: str) -> Webhook:
        """A `Note Hook` for a comment in the overview."""
        with self._lock:
            project, merge_request = self._find(path, iid)
            note = self._state.new_note(username, body, None)
            head_sha = merge_request.version.head_sha
            discussion = self._state.new_discussion(note, head_sha, is_individual=True)
            merge_request.discussions.append(discussion)
            return self._webhooks.about_note(project, merge_request, discussion, note)

    def reply(self, path: str, iid: int, discussion_id: str, username: str, body: str) -> Webhook:
        """A `Note Hook` for a comment in a thread."""
        with self._lock:
            project, merge_request = self._find(path, iid)
            discussion = self._discussion(merge_request, discussion_id)
            note = self._state.new_note(username, body, discussion.notes[0].kind or "DiscussionNote")
            note.position = discussion.notes[0].position
            discussion.notes.append(note)
            return self._webhooks.about_note(project, merge_request, discussion, note)

    def resolve(
        self, path: str, iid: int, discussion_id: str, username: str, *, resolved: bool = True
    ) -> Webhook | None:
        """Resolves a thread or takes that back. GitLab says only when all are resolved: an `update` without changes."""
        with self._lock:
            project, merge_request = self._find(path, iid)
            self._discussion(merge_request, discussion_id).resolved_by = username if resolved else None
            threads = [discussion for discussion in merge_request.discussions if discussion.is_resolvable]
            if any(discussion.resolved_by is None for discussion in threads):
                return None
            return self._webhooks.about_merge_request(project, merge_request, "update", username)

    def react(self, path: str, iid: int, note_id: int, username: str, name: str) -> None:
        """A reaction to a note; projects send emoji events only where they ask for them."""
        with self._lock:
            self._state.user(username)
            _, merge_request = self._find(path, iid)
            note = self._note(merge_request, note_id)
            note.emoji.append(Emoji(self._state.next_id(), username, name, self._state.clock()))

    def take_back(self, path: str, iid: int, note_id: int, username: str, name: str) -> None:
        """Takes a reaction to a note back."""
        with self._lock:
            note = self._note(self._find(path, iid)[1], note_id)
            note.emoji[:] = [emoji for emoji in note.emoji if (emoji.username, emoji.name) != (username, name)]

    def _add_version(self, project: Project, merge_request: MergeRequest, start: str, head: str) -> None:
        base = project.git.merge_base(start, head)
        version = DiffVersion(self._state.next_id(), base, start, head, self._state.clock())
        merge_request.versions.append(version)
        project.git.point(f"refs/merge-requests/{merge_request.iid}/head", head)
        source = self._state.projects[merge_request.source_project_id]
        source.git.point(f"refs/heads/{merge_request.source_branch}", head)

    def _project(self, path: str) -> Project:
        project = self._state.project(path)
        if project is None:
            raise KeyError(path)
        return project

    def _find(self, path: str, iid: int) -> tuple[Project, MergeRequest]:
        project = self._project(path)
        return project, project.merge_requests[iid]

    def _commit(self, project: Project, name: str) -> str:
        sha = project.git.resolve(name)
        if sha is None:
            raise ValueError(f"{project.path}: expected a commit, found {name!r}")
        return sha

    def _discussion(self, merge_request: MergeRequest, discussion_id: str) -> Discussion:
        return next(d for d in merge_request.discussions if d.discussion_id == discussion_id)

    def _note(self, merge_request: MergeRequest, note_id: int) -> Note:
        return next(n for d in merge_request.discussions for n in d.notes if n.note_id == note_id)
