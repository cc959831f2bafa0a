"""What people do at the fake GitHub: open and push, comment and resolve. Each act returns the webhook that follows it.

Acts change the host at once and visibly; nothing is sent by itself. `FakeGitHub.deliver` sends, and logs deliveries.
"""

import threading
from dataclasses import dataclass
from typing import Any  # Any: JSON

from integrations.testing.api_host import timestamp
from integrations.testing.github_facts import Facts, overlay
from integrations.testing.github_state import Comment, GitHubState, Pull, Reaction, Repository, Thread
from integrations.testing.github_threads import follow_push
from integrations.testing.github_webhooks import GitHubWebhooks
from integrations.testing.webhooks import Webhook


@dataclass(frozen=True, slots=True)
class NewPull:
    """A pull request to open. `head_repository` is another repository of the fake for a fork, None for a branch."""

    base: str
    head: str
    title: str = "Change something"
    body: str = ""
    login: str = "alice"
    base_ref: str = "main"
    head_ref: str = "feature"
    head_repository: str | None = None
    draft: bool = False


class GitHubPeople:
    """Acts of people, by repository name and pull request number."""

    def __init__(self, state: GitHubState, webhooks: GitHubWebhooks, lock: threading.RLock) -> None:
        self._state = state
        self._facts = Facts(state)
        self._webhooks = webhooks
        self._lock = lock

    def open_pull(self, full_name: str, new: NewPull) -> Webhook:
        """`pull_request.opened`; the number is in its payload. Commits may be any name that git resolves."""
        with self._lock:
            repository = self._state.repositories[full_name]
            number = len(repository.pulls) + 1
            base, head = self._commit(repository, new.base), self._commit(repository, new.head)
            pull = Pull(
                pull_id=self._state.next_id(),
                number=number,
                title=new.title,
                body=new.body,
                login=new.login,
                base_ref=new.base_ref,
                head_ref=new.head_ref,
                base_sha=base,
                head_sha=head,
                head_repository=new.head_repository or full_name,
                draft=new.draft,
                created_s=self._state.clock(),
            )
            repository.pulls[number] = pull
            repository.git.point(f"refs/heads/{new.base_ref}", base)
            self._point_head(repository, pull)
            return self._about_pull(repository, pull, "opened", new.login)

    def push(self, full_name: str, number: int, head: str, *, login: str | None = None) -> Webhook:
        """`pull_request.synchronize`; a head that does not descend from the last one is a force-push."""
        with self._lock:
            repository, pull = self._find(full_name, number)
            before, pull.head_sha = pull.head_sha, self._commit(repository, head)
            self._point_head(repository, pull)
            follow_push(repository.git, pull, before)
            facts = {"before": before, "after": pull.head_sha}
            return self._about_pull(repository, pull, "synchronize", login or pull.login, **facts)

    def push_base(self, full_name: str, ref: str, commit: str) -> None:
        """Moves a base branch, as a merge of something else does; no event about the pull requests follows."""
        with self._lock:
            repository = self._state.repositories[full_name]
            sha = self._commit(repository, commit)
            repository.git.point(f"refs/heads/{ref}", sha)
            for pull in repository.pulls.values():
                if pull.base_ref == ref and pull.state == "open":
                    pull.base_sha = sha

    def close(self, full_name: str, number: int, *, merged: bool = False, login: str | None = None) -> Webhook:
        """`pull_request.closed`."""
        with self._lock:
            repository, pull = self._find(full_name, number)
            pull.state, pull.is_merged = "closed", merged
            return self._about_pull(repository, pull, "closed", login or pull.login)

    def reopen(self, full_name: str, number: int) -> Webhook:
        """`pull_request.reopened`."""
        with self._lock:
            repository, pull = self._find(full_name, number)
            pull.state, pull.is_merged = "open", False
            return self._about_pull(repository, pull, "reopened", pull.login)

    def set_draft(self, full_name: str, number: int, *, draft: bool) -> Webhook:
        """`pull_request.converted_to_draft` or `pull_request.ready_for_review`."""
        with self._lock:
            repository, pull = self._find(full_name, number)
            pull.draft = draft
            action = "converted_to_draft" if draft else "ready_for_review"
            return self._about_pull(repository, pull, action, pull.login)

    def edit(self, full_name: str, number: int, *, title: str) -> Webhook:
        """`pull_request.edited`."""
        with self._lock:
            repository, pull = self._find(full_name, number)
            before, pull.title = pull.title, title
            payload = self._about_pull(repository, pull, "opened", pull.login).payload
            payload |= {"action": "edited", "changes": {"title": {"from": before}}}
            return self._webhooks.sign("pull_request", "edited", payload)

    def comment(self, full_name: str, number: int, login: str, body: str) -> Webhook:
        """`issue_comment.created` in the conversation of a pull request."""
        with self._lock:
            repository, pull = self._find(full_name, number)
            comment = self._state.new_comment(login, body)
            pull.comments.append(comment)
            facts = {
                "issue": self._webhooks.issue(repository, pull),
                "comment": self._facts.issue_comment(repository, pull, comment),
            }
            return self._webhooks.write("issue_comment", "created", repository, login, **facts)

    def reply(self, full_name: str, comment_id: int, login: str, body: str) -> Webhook:
        """`pull_request_review_comment.created` in the thread of another comment."""
        with self._lock:
            repository = self._state.repositories[full_name]
            pull, thread = self._thread_of(repository, comment_id)
            comment = self._state.new_comment(login, body, review_id=self._state.next_id())
            thread.comments.append(comment)
            facts = {
                "pull_request": self._webhooks.pull("pull_request_review_comment", "created", repository, pull),
                "comment": self._facts.review_comment(repository, pull, thread, comment),
            }
            return self._webhooks.write("pull_request_review_comment", "created", repository, login, **facts)

    def resolve(self, full_name: str, comment_id: int, login: str, *, resolved: bool = True) -> Webhook:
        """`pull_request_review_thread.resolved` or `.unresolved`, of the thread of a comment."""
        with self._lock:
            repository = self._state.repositories[full_name]
            pull, thread = self._thread_of(repository, comment_id)
            thread.resolved_by = login if resolved else None
            action = "resolved" if resolved else "unresolved"
            comments = [self._facts.review_comment(repository, pull, thread, comment) for comment in thread.comments]
            facts = {
                "pull_request": self._webhooks.pull("pull_request_review_thread", action, repository, pull),
                "thread": {"node_id": thread.thread_id, "comments": self._like_example(action, comments)},
            }
            return self._webhooks.write("pull_request_review_thread", action, repository, login, **facts)

    def react(self, full_name: str, comment_id: int, login: str, content: str) -> None:
        """A reaction to a comment of either kind; GitHub sends no webhook for it."""
        with self._lock:
            self._state.user(login)
            comment = self._comment(self._state.repositories[full_name], comment_id)
            comment.reactions.append(Reaction(self._state.next_id(), login, content, self._state.clock()))

    def take_back(self, full_name: str, comment_id: int, login: str, content: str) -> None:
        """Takes a reaction to a comment of either kind back."""
        with self._lock:
            given = self._comment(self._state.repositories[full_name], comment_id).reactions
            given[:] = [one for one in given if (one.login, one.content) != (login, content)]

    def rerequest_check(self, full_name: str, check_run_id: int, login: str) -> Webhook:
        """`check_run.rerequested`."""
        with self._lock:
            repository = self._state.repositories[full_name]
            run = self._facts.check_run(repository, repository.check_runs[check_run_id])
            return self._webhooks.write("check_run", "rerequested", repository, login, check_run=run)

    def rerequest_suite(self, full_name: str, number: int, login: str) -> Webhook:
        """`check_suite.rerequested` at the head of a pull request: somebody asked for all its checks again."""
        with self._lock:
            repository, pull = self._find(full_name, number)
            suite = {
                "head_sha": pull.head_sha,
                "head_branch": pull.head_ref,
                "before": pull.base_sha,
                "after": pull.head_sha,
                "pull_requests": [self._facts.pull_link(repository, pull)],
                "head_commit": {"id": pull.head_sha, "message": repository.git.subject(pull.head_sha)},
            }
            return self._webhooks.write("check_suite", "rerequested", repository, login, check_suite=suite)

    def install(self, login: str) -> Webhook:
        """`installation.created` with all repositories of the fake; they are usable before it as well."""
        with self._lock:
            repositories = [self._facts.repository(repository) for repository in self._state.repositories.values()]
            listed = [
                {key: written[key] for key in ("id", "node_id", "name", "full_name", "private")}
                for written in repositories
            ]
            installation = {"id": self._state.installation_id, "app_id": self._state.app_id}
            facts = {"installation": installation, "repositories": listed}
            return self._webhooks.write("installation", "created", None, login, **facts)

    def queue_merge(self, full_name: str, number: int, login: str) -> Webhook:
        """`merge_group.checks_requested`; the group's head is the pull request's own, as if nothing else was queued."""
        with self._lock:
            repository, pull = self._find(full_name, number)
            ref = f"refs/heads/gh-readonly-queue/{pull.base_ref}/pr-{number}-{pull.base_sha}"
            repository.git.point(ref, pull.head_sha)
            message = repository.git.subject(pull.head_sha)
            facts = {
                "head_sha": pull.head_sha,
                "head_ref": ref,
                "base_sha": pull.base_sha,
                "base_ref": f"refs/heads/{pull.base_ref}",
                "head_commit": {
                    "id": pull.head_sha,
                    "message": message,
                    "timestamp": timestamp(self._state.clock()),
                },
            }
            return self._webhooks.write("merge_group", "checks_requested", repository, login, merge_group=facts)

    def _about_pull(self, repository: Repository, pull: Pull, action: str, login: str, **facts: Any) -> Webhook:
        written = self._webhooks.pull("pull_request", action, repository, pull)
        facts |= {"number": pull.number, "pull_request": written}
        return self._webhooks.write("pull_request", action, repository, login, **facts)

    def _like_example(self, action: str, comments: list[dict[str, Any]]) -> list[Any]:
        example = self._webhooks.example("pull_request_review_thread", action)["thread"]["comments"][0]
        return [{k: v for k, v in overlay(example, comment).items() if k in example} for comment in comments]

    def _commit(self, repository: Repository, name: str) -> str:
        sha = repository.git.resolve(name)
        if sha is None:
            raise ValueError(f"{repository.full_name}: expected a commit, found {name!r}")
        return sha

    def _point_head(self, repository: Repository, pull: Pull) -> None:
        repository.git.point(f"refs/pull/{pull.number}/head", pull.head_sha)
        head_repository = self._state.repositories.get(pull.head_repository, repository)
        head_repository.git.point(f"refs/heads/{pull.head_ref}", pull.head_sha)

    def _find(self, full_name: str, number: int) -> tuple[Repository, Pull]:
        repository = self._state.repositories[full_name]
        return repository, repository.pulls[number]

    def _thread_of(self, repository: Repository, comment_id: int) -> tuple[Pull, Thread]:
        for pull in repository.pulls.values():
            for thread in pull.threads:
                if any(comment.comment_id == comment_id for comment in thread.comments):
                    return pull, thread
        raise KeyError(comment_id)

    def _comment(self, repository: Repository, comment_id: int) -> Comment:
        for pull in repository.pulls.values():
            for comment in (*pull.comments, *(c for thread in pull.threads for c in thread.comments)):
                if comment.comment_id == comment_id:
                    return comment
        raise KeyError(comment_id)
