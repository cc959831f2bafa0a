"""Puts the API into an application: its endpoints, the gate before them, its errors and its description."""

from typing import Any  # an OpenAPI document

from fastapi import APIRouter, FastAPI, Security

from integrations.api.answers import describe_report
from integrations.api.gatekeeper import PREFIX, Gatekeeper
from integrations.api.problems import Problem, handle_problems
from integrations.api.record_routes import add_feedback_routes, add_health_route, add_record_routes
from integrations.api.review_routes import add_review_routes
from integrations.api.service import BEARER, Api

_SCHEMA_REF = "#/components/schemas/{model}"


def mount_api(app: FastAPI, api: Api) -> None:
    """Adds everything below `/api/v1`."""
    router = APIRouter(prefix=PREFIX, dependencies=[Security(BEARER)])
    add_review_routes(router, api)
    add_record_routes(router, api)
    add_feedback_routes(router, api)
    app.include_router(router)
    open_router = APIRouter(prefix=PREFIX)
    add_health_route(open_router, api)
    app.include_router(open_router)
    app.add_middleware(Gatekeeper, guard=api.guard)
    handle_problems(app)
    _complete_description(app)


def _complete_description(app: FastAPI) -> None:
    """The framework describes its own validation errors; ours are problems, and reports have a schema of their own."""
    describe = app.openapi

    def complete() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        document = describe()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        problem = Problem.model_json_schema(ref_template=_SCHEMA_REF)
        schemas.update(problem.pop("$defs", {}))
        schemas[Problem.__name__] = problem
        schemas.update(describe_report())
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        return document

    # The framework's own way: https://fastapi.tiangolo.com/how-to/extending-openapi/
    app.openapi = complete  # type: ignore[method-assign]  # documented, and not typed so
