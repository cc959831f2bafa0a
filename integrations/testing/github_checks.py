"""The fake GitHub's checks: check runs with their annotations, commit statuses, and the commits that carry them."""

from collections.abc import Mapping

from integrations.testing.api_host import Answer, Call, Handler, timestamp
from integrations.testing.github_context import GitHubContext
from integrations.testing.github_state import CheckRun, Repository, Status, not_found, unprocessable

MAX_ANNOTATIONS = 50  # a request; later ones add to them
_MAX_DESCRIPTION_CHARS = 140
_MAX_STATUSES = 1000  # of one context at one commit


class CheckHandlers:
    """Handlers by operation id, over one context."""

    def __init__(self, context: GitHubContext) -> None:
        self._context = context
        self._state = context.state
        self._facts = context.facts

    def table(self) -> Mapping[str, Handler]:
        """Handlers by operation id."""
        return {
            "checks/create": self._create,
            "checks/update": self._update,
            "checks/get": self._get,
            "checks/list-for-ref": self._list,
            "checks/list-annotations": self._list_annotations,
            "repos/create-commit-status": self._create_status,
            "repos/list-commit-statuses-for-ref": self._list_statuses,
            "repos/get-combined-status-for-ref": self._combine_statuses,
            "repos/get-commit": self._get_commit,
        }

    def _create(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        head = repository.git.resolve(call.body["head_sha"])
        if head is None:
            raise unprocessable(f"No commit found for SHA: {call.body['head_sha']}")
        run = CheckRun(self._state.next_id(), head, {}, [], self._state.clock(), self._state.visible_from())
        self._apply(run, call)
        repository.check_runs[run.check_run_id] = run
        return self._context.answer(call, self._facts.check_run(repository, run), status=201)

    def _update(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        run = self._find(repository, call)
        self._apply(run, call)
        return self._context.answer(call, self._facts.check_run(repository, run))

    def _apply(self, run: CheckRun, call: Call) -> None:
        body = call.body or {}
        annotations = body.get("output", {}).get("annotations", [])
        if len(annotations) > MAX_ANNOTATIONS:
            raise unprocessable(f"No more than {MAX_ANNOTATIONS} annotations can be sent in a request.")
        if any(annotation["end_line"] < annotation["start_line"] for annotation in annotations):
            raise unprocessable("Invalid annotation: end_line must not be before start_line.")
        values = run.values | {key: value for key, value in body.items() if value is not None}
        if "conclusion" in values:
            values["status"] = "completed"
            values.setdefault("completed_at", timestamp(self._state.clock()))
        elif values.get("status") == "completed":
            raise unprocessable("conclusion is required where the status is completed.")
        run.values = values
        run.annotations += annotations

    def _find(self, repository: Repository, call: Call) -> CheckRun:
        run = repository.check_runs.get(call.number("check_run_id"))
        if run is None:
            raise not_found()
        return run

    def _get(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        return self._context.answer(call, self._facts.check_run(repository, self._find(repository, call)))

    def _list(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        sha = self._commit(repository, call.text("ref"))
        runs = [run for run in repository.check_runs.values() if run.head_sha == sha and self._state.is_visible(run)]
        name = call.query.get("check_name")
        runs = [run for run in runs if name in {None, run.values["name"]}]
        if call.query.get("filter", "latest") == "latest":
            runs = list({run.values["name"]: run for run in runs}.values())
        return self._context.listing(
            call, runs[::-1], lambda run: self._facts.check_run(repository, run), under="check_runs"
        )

    def _list_annotations(self, call: Call) -> Answer:
        run = self._find(self._context.repository(call), call)
        return self._context.listing(call, run.annotations, dict)

    def _commit(self, repository: Repository, ref: str) -> str:
        sha = repository.git.resolve(ref)
        if sha is None:
            raise unprocessable(f"No commit found for SHA: {ref}")
        return sha

    def _create_status(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        sha = self._commit(repository, call.text("sha"))
        context = call.body.get("context", "default")
        if len(call.body.get("description") or "") > _MAX_DESCRIPTION_CHARS:
            raise unprocessable(f"description is too long (maximum is {_MAX_DESCRIPTION_CHARS} characters)")
        if sum((s.sha, s.context) == (sha, context) for s in repository.statuses) >= _MAX_STATUSES:
            raise unprocessable("This SHA and context has reached the maximum number of statuses.")
        status = Status(
            status_id=self._state.next_id(),
            sha=sha,
            state=call.body["state"],
            context=context,
            description=call.body.get("description"),
            target_url=call.body.get("target_url"),
            login=call.actor.login,
            created_s=self._state.clock(),
            visible_from=self._state.visible_from(),
        )
        repository.statuses.append(status)
        return self._context.answer(call, self._facts.status(repository, status), status=201)

    def _statuses(self, call: Call, repository: Repository) -> list[Status]:
        sha = self._commit(repository, call.text("ref"))
        return [s for s in reversed(repository.statuses) if s.sha == sha and self._state.is_visible(s)]

    def _list_statuses(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        statuses = self._statuses(call, repository)
        return self._context.listing(call, statuses, lambda status: self._facts.status(repository, status))

    def _combine_statuses(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        newest = {status.context: status for status in reversed(self._statuses(call, repository))}.values()
        states = {status.state for status in newest}
        state = "failure" if states & {"error", "failure"} else "success" if states == {"success"} else "pending"
        sha = self._commit(repository, call.text("ref"))
        example = self._context.example(call.operation.operation_id)
        shown = [self._context.shape(example["statuses"][0], self._facts.status(repository, s)) for s in newest]
        facts = {
            "state": state,
            "sha": sha,
            "total_count": len(shown),
            "statuses": shown,
            "repository": self._facts.repository(repository),
        }
        return self._context.answer(call, facts)

    def _get_commit(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        sha = self._commit(repository, call.text("ref"))
        url = f"{self._facts.repository_url(repository)}/commits/{sha}"
        message = repository.git.subject(sha)
        facts = {"sha": sha, "url": url, "commit": {"message": message}, "files": [], "parents": []}
        return self._context.answer(call, facts)
