"""The API against its own description: generated requests find no server error, no untold answer."""

from collections.abc import Iterator
from typing import Any  # an operation has five type parameters of the library

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import DataObject, data, sampled_from
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from integrations.api.keys import Scope
from integrations.testing.served_api import ApiClient, ServedApi

OPERATIONS = (
    "GET /api/v1/code_analysis/review/batch/{batch_id}",
    "GET /api/v1/dismissals",
    "GET /api/v1/feedback/export",
    "GET /api/v1/findings",
    "GET /api/v1/health",
    "GET /api/v1/model",
    "POST /api/v1/code/security/scan",
    "POST /api/v1/code_analysis/review/analyze",
    "POST /api/v1/code_analysis/review/batch",
    "POST /api/v1/feedback",
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiClient]:
    limits = {"api_requests_per_minute": 100_000, "scan_requests_per_minute": 100_000}
    with ServedApi(tmp_path_factory.mktemp("api"), limits) as api:
        yield api.make_client(Scope.ADMIN)


@pytest.fixture(scope="module")
def schema(client: ApiClient) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"http://127.0.0.1:{client.port}/openapi.json")


def list_operations(schema: schemathesis.BaseSchema) -> dict[str, Any]:
    return {one.ok().label: one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)}


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_generated_request_breaks_the_service(name: str, client: ApiClient, schema: schemathesis.BaseSchema) -> None:
    operation = list_operations(schema)[name]

    @settings(max_examples=8, database=None, suppress_health_check=list(HealthCheck))
    @given(drawn=data())
    def send(drawn: DataObject) -> None:
        mode = drawn.draw(sampled_from(schemathesis.GenerationMode))
        case = drawn.draw(operation.as_strategy(generation_mode=mode))
        headers = {"Authorization": f"Bearer {client.key}"}
        # A schema cannot say every rule of a path or a cursor: what it allows may still be refused, with a reason.
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

    send()


def test_every_operation_is_tried(schema: schemathesis.BaseSchema) -> None:
    assert {label for label in list_operations(schema) if "/api/" in label} == set(OPERATIONS)


def test_every_endpoint_is_described_with_examples(client: ApiClient) -> None:
    document = client.send("GET", "/openapi.json").json
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert all(one["description"] for one in operations)
    assert "ReviewReport.finding" in document["components"]["schemas"]
    assert "security" not in document["paths"]["/api/v1/health"]["get"]
    for name in ("AnalyzeRequest", "BatchRequest", "FeedbackRequest", "ScanRequest"):
        assert any("examples" in one for one in document["components"]["schemas"][name]["properties"].values())
