"""What the endpoints work with, and the checks that they share."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any  # the model's own description is JSON

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from integrations.api.batches import Batches
from integrations.api.desk import Desk, Outcome
from integrations.api.feedback import FeedbackBook
from integrations.api.findings import Findings
from integrations.api.gatekeeper import Guard
from integrations.api.keys import Caller, Scope
from integrations.api.problems import ProblemError
from integrations.api.submissions import Submission, SubmissionLimits
from integrations.api.workbench import Workbench
from integrations.errors import AnalysisError


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What `GET /model` says."""

    identity: str
    version: str
    description: dict[str, Any]
    thresholds: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Api:
    """Everything behind the endpoints. `enqueue` puts a kept batch in line; it may be asked twice."""

    guard: Guard
    desk: Desk
    workbench: Workbench
    batches: Batches
    findings: Findings
    feedback: FeedbackBook
    limits: SubmissionLimits
    enqueue: Callable[[str], None]
    read_model: Callable[[], ModelFacts]
    is_ready: Callable[[], bool]

    async def review(self, submission: Submission, caller: Caller) -> Outcome:
        """The report on a submission. Raises ProblemError."""
        try:
            return await self.workbench.run(partial(self.desk.review, submission, caller.key_id))
        except AnalysisError as error:
            raise ProblemError(422, "Could not be reviewed", str(error)) from error


def require(scope: Scope) -> Callable[..., Caller]:
    """A dependency: who asks, and may. The gatekeeper has looked at the key before the body was read."""

    def find_caller(request: Request) -> Caller:
        caller = request.state.caller
        assert isinstance(caller, Caller), "set by the gatekeeper"
        if not caller.may(scope):
            found = ", ".join(sorted(caller.scopes)) or "none"
            detail = f"key: expected the scope {scope.value}, found {found}"
            raise ProblemError(403, "Forbidden", detail)
        return caller

    return find_caller


BEARER = HTTPBearer(auto_error=False, scheme_name="key", description="A key made by `reviewer keys create`.")
Analyst = Annotated[Caller, Depends(require(Scope.ANALYZE))]
Reader = Annotated[Caller, Depends(require(Scope.READ))]
Critic = Annotated[Caller, Depends(require(Scope.FEEDBACK))]
