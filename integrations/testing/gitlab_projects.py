"""The fake GitLab's projects: merge requests and their versions, commits with statuses, members and users."""

from collections.abc import Mapping

from integrations.testing.api_host import Answer, Call, Handler, timestamp
from integrations.testing.gitlab_context import GitLabContext
from integrations.testing.gitlab_positions import changes_of
from integrations.testing.gitlab_state import CommitStatus, Project, bad_request, not_found

_FINAL = {"success", "failed", "canceled", "skipped"}


class ProjectHandlers:
    """Handlers by operation id, over one context."""

    def __init__(self, context: GitLabContext) -> None:
        self._context = context
        self._state = context.state
        self._facts = context.facts

    def table(self) -> Mapping[str, Handler]:
        """Handlers by operation id."""
        return {
            "user": lambda call: Answer(200, self._facts.user(call.actor.login)),
            "users": self._list_users,
            "token": self._get_token,
            "project": lambda call: Answer(200, self._facts.project(self._context.project(call))),
            "member": self._get_member,
            "merge_requests": self._list_merge_requests,
            "merge_request": self._get_merge_request,
            "versions": self._list_versions,
            "merge_request_commits": self._list_commits,
            "diffs": self._list_diffs,
            "commit": self._get_commit,
            "statuses": self._list_statuses,
            "create_status": self._create_status,
        }

    def _list_users(self, call: Call) -> Answer:
        wanted = call.query.get("username")
        names = [name for name in self._state.users if wanted in {None, name}]
        return self._context.listing(call, names, self._facts.user)

    def _get_token(self, call: Call) -> Answer:
        user_id = self._state.user(call.actor.login).user_id
        token = {"id": 1, "name": "reviewer", "revoked": False, "active": True, "scopes": ["api"], "expires_at": None}
        return Answer(200, token | {"user_id": user_id, "created_at": timestamp(self._state.clock())})

    def _get_member(self, call: Call) -> Answer:
        for username, level in self._context.project(call).members.items():
            if self._state.user(username).user_id == call.number("user_id"):
                return Answer(200, self._facts.user(username) | {"access_level": level})
        raise not_found("Not found")

    def _list_merge_requests(self, call: Call) -> Answer:
        project = self._context.project(call)
        state = call.query.get("state", "all")
        source = call.query.get("source_branch")
        found = [m for m in project.merge_requests.values() if state in {"all", m.state}]
        found = [m for m in found if source in {None, m.source_branch}]
        return self._context.listing(call, found[::-1], lambda m: self._facts.listed_merge_request(project, m))

    def _get_merge_request(self, call: Call) -> Answer:
        project, merge_request = self._context.merge_request(call)
        answer = Answer(200, self._facts.merge_request(project, merge_request))
        merge_request.num_unread = max(0, merge_request.num_unread - 1)
        return answer

    def _list_versions(self, call: Call) -> Answer:
        project, merge_request = self._context.merge_request(call)
        versions = [] if merge_request.num_unread else merge_request.versions[::-1]
        return self._context.listing(call, versions, lambda v: self._facts.version(project, merge_request, v))

    def _list_commits(self, call: Call) -> Answer:
        project, merge_request = self._context.merge_request(call)
        version = merge_request.version
        commits = project.git.commits(version.base_sha, version.head_sha)[::-1]
        return self._context.listing(call, commits, lambda sha: self._facts.commit(project, sha))

    def _list_diffs(self, call: Call) -> Answer:
        project, merge_request = self._context.merge_request(call)
        return self._context.listing(call, changes_of(project.git, merge_request.version), self._facts.diff)

    def _commit(self, call: Call, project: Project) -> str:
        sha = project.git.resolve(call.text("sha"))
        if sha is None:
            raise not_found("Commit")
        return sha

    def _get_commit(self, call: Call) -> Answer:
        project = self._context.project(call)
        return Answer(200, self._facts.commit(project, self._commit(call, project)))

    def _list_statuses(self, call: Call) -> Answer:
        project = self._context.project(call)
        sha = self._commit(call, project)
        found = [s for s in project.statuses if s.sha == sha and self._state.is_visible(s)]
        if call.query.get("all") != "true":
            found = list({status.name: status for status in found}.values())
        return self._context.listing(call, found, self._facts.status)

    def _create_status(self, call: Call) -> Answer:
        project = self._context.project(call)
        sha = self._commit(call, project)
        name = call.body.get("name") or call.body.get("context") or "default"
        state = call.body["state"]
        previous = [s for s in project.statuses if (s.sha, s.name) == (sha, name)]
        if previous and previous[-1].state == state and state not in _FINAL:
            # https://docs.gitlab.com/api/commits/#set-the-status-of-a-commit
            raise bad_request(f"Cannot transition status via :enqueue from :{state}")
        status = CommitStatus(
            status_id=self._state.next_id(),
            sha=sha,
            state=state,
            name=name,
            ref=call.body.get("ref"),
            description=call.body.get("description"),
            target_url=call.body.get("target_url"),
            username=call.actor.login,
            created_s=self._state.clock(),
            visible_from=self._state.visible_from(),
        )
        project.statuses.append(status)
        return Answer(201, self._facts.status(status))
