"""Judging requests and answers by a host's description: a small one written here, and the one that GitHub publishes."""

from pathlib import Path
from typing import Any  # Any: JSON

import pytest
import yaml

from integrations.testing.openapi import Description, DescriptionMissingError, Operation, find_description

_BODY = {
    "type": "object",
    "required": ["text"],
    "properties": {
        "text": {"type": "string", "maxLength": 400},
        "mood": {"type": "string", "enum": ["good", "bad"], "nullable": True},
        "lines": {"type": "array", "items": {"$ref": "#/components/schemas/line"}},
        "extra": {"type": "object", "additionalProperties": True},
    },
}
_LINE = {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
_REF = {"name": "ref", "in": "path", "required": True, "schema": {"type": "string"}, "x-multi-segment": True}
_QUERY = [
    {"name": "page", "in": "query", "schema": {"type": "integer"}},
    {"name": "all", "in": "query", "schema": {"type": "boolean"}},
    {"name": "labels", "in": "query", "schema": {"type": "array", "items": {"type": "string", "enum": ["ä", "b"]}}},
    {"name": "since", "in": "query", "required": True, "schema": {"type": "string", "format": "date-time"}},
]


def content(schema: dict[str, Any], example: Any = None) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema, "examples": {"first": {"value": example}}}}}


DOCUMENT = {
    "openapi": "3.0.3",
    "components": {"schemas": {"line": _LINE}},
    "paths": {
        "/notes": {
            "get": {"operationId": "notes/list", "parameters": _QUERY, "responses": {"200": content({"type": "array"})}}
        },
        "/notes/{id}": {
            "parameters": [_ID],
            "get": {"operationId": "notes/get", "responses": {"200": content(_LINE, {"number": 1})}},
            "put": {
                "operationId": "notes/put",
                "requestBody": {"required": True, **content(_BODY)},
                "responses": {"204": {"description": "done"}},
            },
        },
        "/notes/latest": {"get": {"operationId": "notes/latest", "responses": {"200": content(_LINE)}}},
        "/refs/{ref}": {"get": {"operationId": "refs/get", "parameters": [_REF], "responses": {}}},
        "/refs/{ref}/notes": {"get": {"operationId": "refs/notes", "parameters": [_REF], "responses": {}}},
    },
}


@pytest.fixture
def description() -> Description:
    return Description(DOCUMENT)


def found(description: Description, method: str, path: str) -> Operation:
    operation = description.find(method, path)
    assert operation is not None
    return operation


@pytest.mark.parametrize(
    ("method", "path", "operation_id", "values"),
    [
        ("GET", "/notes/7", "notes/get", {"id": "7"}),
        ("GET", "/notes/latest", "notes/latest", {}),
        ("GET", "/refs/main", "refs/get", {"ref": "main"}),
        ("GET", "/refs/feature/x%20y/notes", "refs/notes", {"ref": "feature/x y"}),
    ],
)
def test_operation_of_a_path(
    description: Description, method: str, path: str, operation_id: str, values: dict[str, str]
) -> None:
    operation = found(description, method, path)
    assert (operation.operation_id, operation.path_values) == (operation_id, values)


@pytest.mark.parametrize(("method", "path"), [("POST", "/notes/7"), ("GET", "/notes/7/x"), ("GET", "/")])
def test_undescribed_path_or_method_has_no_operation(description: Description, method: str, path: str) -> None:
    assert description.find(method, path) is None


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({"text": "größer", "mood": None, "lines": [{"number": 1}], "extra": {"any": 1}}, []),
        (None, ["body: expected one, found none"]),
        ({}, ["body: 'text' is a required property"]),
        ({"text": "x", "mood": "ugly"}, ["body.mood: 'ugly' is not one of ['good', 'bad']"]),
        ({"text": "x", "colour": 1}, ["body.colour: not described"]),
        ({"text": "x", "lines": [{"number": 1, "colour": 1}]}, ["body.lines[0].colour: not described"]),
        ({"text": "x", "lines": [{"number": "1"}]}, ["body.lines[0].number: '1' is not of type 'integer'"]),
        ({"text": "x" * 401}, ["body.text: breaks maxLength: 400"]),
    ],
)
def test_body_is_held_against_its_schema(description: Description, body: Any, problems: list[str]) -> None:
    assert description.request_problems(found(description, "PUT", "/notes/7"), [], body) == problems


@pytest.mark.parametrize(
    ("query", "problems"),
    [
        ([("page", "2"), ("all", "true"), ("labels[]", "ä"), ("since", "2026-11-29T00:00:00Z")], []),
        ([], ["query parameter since: expected a value, found none"]),
        ([("since", "yesterday")], ["query parameter since: 'yesterday' is not a 'date-time'"]),
        ([("since", "2026-11-29T00:00:00Z"), ("page", "x")], ["query parameter page: 'x' is not of type 'integer'"]),
        ([("since", "2026-11-29T00:00:00Z"), ("per", "x")], ["query parameter per: not described"]),
    ],
)
def test_query_is_held_against_its_parameters(
    description: Description, query: list[tuple[str, str]], problems: list[str]
) -> None:
    assert description.request_problems(found(description, "GET", "/notes"), query, None) == problems


def test_path_parameter_and_unexpected_body_are_problems(description: Description) -> None:
    problems = description.request_problems(found(description, "GET", "/notes/seven"), [], {"x": 1})
    assert problems == ["path parameter id: 'seven' is not of type 'integer'", "body: expected none, found one"]


def test_answers_are_held_against_their_status(description: Description) -> None:
    get, put = found(description, "GET", "/notes/7"), found(description, "PUT", "/notes/7")
    assert description.response_problems(get, 200, {"number": 1}) == []
    assert description.response_problems(get, 200, {}) == ["body: 'number' is a required property"]
    assert description.response_problems(get, 201, {"number": 1}) == ["status 201: expected one of 200"]
    assert description.response_problems(get, 404, {"message": "none"}) == []  # few descriptions list all errors
    assert description.response_problems(put, 204, None) == []
    assert description.response_problems(put, 204, {}) == ["status 204: expected no body, found one"]


def test_examples_are_copies(description: Description) -> None:
    description.example("notes/get")["number"] = 2
    assert description.example("notes/get") == {"number": 1}
    with pytest.raises(KeyError):
        description.example("notes/burn")


def test_description_is_read_from_yaml(tmp_path: Path) -> None:
    path = tmp_path / "ä.yaml"
    path.write_text(yaml.safe_dump(DOCUMENT), "utf-8")
    assert Description.read(path).find("GET", "/notes/1") is not None
    assert Description.read(path) is Description.read(path)


def test_missing_description_says_what_installs_it(tmp_path: Path) -> None:
    with pytest.raises(DescriptionMissingError, match=r"run `\.ci/run test`") as caught:
        find_description("github/api.json", folder=tmp_path)
    assert caught.value.path == tmp_path / "github" / "api.json"


def test_github_describes_what_a_review_needs() -> None:
    description = Description.read(find_description("github/api.json"))
    review = found(description, "POST", "/repos/alice/parser/pulls/1/reviews")
    assert review.path_values == {"owner": "alice", "repo": "parser", "pull_number": "1"}
    assert description.request_problems(review, [], {"event": "COMMENT", "comments": [{"path": "a", "lines": 1}]}) == [
        "body.comments[0]: 'body' is a required property",
        "body.comments[0].lines: not described",
    ]
    assert description.response_problems(review, 200, description.example("pulls/create-review")) == []
