"""A host's own OpenAPI description: finds the operation of a request, and says what a request or an answer breaks.

Descriptions are other people's work and are not part of this repository: `.ci/run test` installs them into
`.venv/host-descriptions`. Only what REST hosts use of OpenAPI 3.0 is read: JSON bodies, path and query parameters.
Stricter than the standard in one point: a property or a query parameter that is not described is a problem,
because a host ignores it silently and a client that sends it is mistaken.
"""

import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # JSON as it was parsed: any shape, narrowed by the description itself
from urllib.parse import unquote

import yaml
from jsonschema.exceptions import ValidationError
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT4

_ROOT_URI = "urn:host-description"
_DESCRIPTIONS = Path(__file__).resolve().parents[2] / ".venv" / "host-descriptions"
_PARAMETER = re.compile(r"\{([^}]+)\}")
_MAX_PROBLEM_CHARS = 300


class DescriptionMissingError(Exception):
    """A host description is not on this machine; `path` is where it was expected."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: expected a host description, found none; run `.ci/run test` to install it")
        self.path = path


def find_description(name: str, *, folder: Path = _DESCRIPTIONS) -> Path:
    """Path of an installed description, such as `github/api.json`; raises DescriptionMissingError without it."""
    path = folder / name
    if not path.is_file():
        raise DescriptionMissingError(path)
    return path


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a description as one request meets it: `path_values` are the decoded parts of its path."""

    operation_id: str
    method: str
    template: str
    path_values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Route:
    operation_id: str
    method: str
    template: str
    pattern: re.Pattern[str]


class Description:
    """An OpenAPI 3.0 document, ready to judge requests and answers. Build one with `read`."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._registry: Registry[Any] = Registry().with_resource(_ROOT_URI, DRAFT4.create_resource(document))
        self._routes = _index_routes(document, self._resolve)
        self._validators: dict[str, OAS30Validator] = {}

    @classmethod
    def read(cls, path: Path) -> "Description":
        """Description in a JSON or YAML file; the same object for the same path, as GitHub's takes half a second."""
        return _read_once(path.resolve())

    def find(self, method: str, path: str) -> Operation | None:
        """Operation that serves a percent-encoded path without its query, or None. Fixed parts win over parameters."""
        for route in self._routes.get(path.count("/"), []) + self._routes.get(-1, []):
            match = route.pattern.fullmatch(path) if route.method == method.upper() else None
            if match:
                names = _PARAMETER.findall(route.template)
                values = {name: unquote(value) for name, value in zip(names, match.groups(), strict=True)}
                return Operation(route.operation_id, route.method, route.template, values)
        return None

    def request_problems(self, operation: Operation, query: Sequence[tuple[str, str]], body: Any) -> list[str]:
        """What the description forbids about a request, empty if nothing; `body` is parsed JSON, None for no body."""
        spec = self._spec(operation)
        item = self._document["paths"][operation.template]
        parameters = [self._resolve(p) for p in (*item.get("parameters", ()), *spec.get("parameters", ()))]
        return [
            *self._path_problems(operation, parameters),
            *self._query_problems(query, parameters),
            *self._body_problems(operation, spec, body),
        ]

    def response_problems(self, operation: Operation, status: int, body: Any) -> list[str]:
        """What the description forbids about an answer: an undescribed status, or a body of another shape."""
        responses = self._spec(operation)["responses"]
        if str(status) not in responses:
            # Descriptions list few errors; any of 4xx and 5xx may be answered: only success must be described.
            return [f"status {status}: expected one of {', '.join(responses)}"] if status < 400 else []
        content = self._resolve(responses[str(status)]).get("content", {})
        if "application/json" not in content:
            return [] if body is None else [f"status {status}: expected no body, found one"]
        pointer = self._pointer(operation, "responses", str(status))
        if "$ref" in responses[str(status)]:
            pointer = responses[str(status)]["$ref"]
        return self._schema_problems(f"{pointer}/content/application~1json/schema", body)

    def example(self, operation_id: str, status: int = 200) -> Any:
        """A fresh copy of the first published example of an answer; raises KeyError if there is none."""
        for routes in self._routes.values():
            for route in routes:
                if route.operation_id == operation_id:
                    return self._example(route, status)
        raise KeyError(operation_id)

    def _example(self, route: _Route, status: int) -> Any:
        responses = self._document["paths"][route.template][route.method.lower()]["responses"]
        examples = self._resolve(responses[str(status)])["content"]["application/json"]["examples"]
        value = self._resolve(next(iter(examples.values())))["value"]
        return json.loads(json.dumps(value))

    def _spec(self, operation: Operation) -> Mapping[str, Any]:
        spec: Mapping[str, Any] = self._document["paths"][operation.template][operation.method.lower()]
        return spec

    def _pointer(self, operation: Operation, *parts: str) -> str:
        escaped = operation.template.replace("~", "~0").replace("/", "~1")
        return "/".join(("#/paths", escaped, operation.method.lower(), *parts))

    def _resolve(self, node: Any) -> Any:
        while isinstance(node, Mapping) and "$ref" in node:
            target: Any = self._document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[unquote(part).replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def _path_problems(self, operation: Operation, parameters: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        described = {p["name"]: p for p in parameters if p["in"] == "path"}
        for name, text in operation.path_values.items():
            if name in described:
                yield from self._parameter_problems(f"path parameter {name}", text, described[name])

    def _query_problems(
        self, query: Sequence[tuple[str, str]], parameters: Sequence[Mapping[str, Any]]
    ) -> Iterator[str]:
        described = {p["name"]: p for p in parameters if p["in"] == "query"}
        found = {name for name, _ in query}
        for name, text in query:
            parameter = described.get(name) or described.get(name.removesuffix("[]"))
            if parameter is None:
                yield f"query parameter {name}: not described"
            else:
                yield from self._parameter_problems(f"query parameter {name}", text, parameter)
        for name, parameter in described.items():
            if parameter.get("required") and name not in found:
                yield f"query parameter {name}: expected a value, found none"

    def _parameter_problems(self, label: str, text: str, parameter: Mapping[str, Any]) -> Iterator[str]:
        schema = self._resolve(parameter.get("schema", {}))
        if schema.get("type") == "array":
            schema = self._resolve(schema.get("items", {}))
        value = _parse_text(text, schema.get("type"))
        validator = OAS30Validator(schema, registry=self._registry, format_checker=oas30_format_checker)
        for error in validator.iter_errors(value):
            yield f"{label}: {_describe(error)}"

    def _body_problems(self, operation: Operation, spec: Mapping[str, Any], body: Any) -> Iterator[str]:
        described = self._resolve(spec.get("requestBody"))
        if described is None:
            if body not in (None, {}):
                yield "body: expected none, found one"
            return
        if body is None:
            if described.get("required"):
                yield "body: expected one, found none"
            return
        pointer = self._pointer(operation, "requestBody")
        if "$ref" in spec["requestBody"]:
            pointer = spec["requestBody"]["$ref"]
        yield from self._schema_problems(f"{pointer}/content/application~1json/schema", body)
        yield from self._undescribed(described["content"]["application/json"]["schema"], body, "body")

    def _schema_problems(self, pointer: str, value: Any) -> list[str]:
        if pointer not in self._validators:
            self._validators[pointer] = OAS30Validator(
                {"$ref": _ROOT_URI + pointer}, registry=self._registry, format_checker=oas30_format_checker
            )
        errors = self._validators[pointer].iter_errors(value)
        return [f"body{error.json_path[1:]}: {_describe(error)}" for error in errors if not _is_null_of_enum(error)]

    def _undescribed(self, schema: Any, value: Any, where: str) -> Iterator[str]:
        branches = list(self._branches(schema))
        if isinstance(value, list):
            items = [branch["items"] for branch in branches if "items" in branch]
            for idx, element in enumerate(value if items else ()):
                yield from self._undescribed({"anyOf": items}, element, f"{where}[{idx}]")
        if not isinstance(value, Mapping) or any(branch.get("additionalProperties") for branch in branches):
            return
        if not any("properties" in branch for branch in branches):
            return
        for name, element in value.items():
            found = [b["properties"][name] for b in branches if name in b.get("properties", {})]
            if not found:
                yield f"{where}.{name}: not described"
            else:
                yield from self._undescribed({"anyOf": found}, element, f"{where}.{name}")

    def _branches(self, schema: Any) -> Iterator[Mapping[str, Any]]:
        schema = self._resolve(schema)
        yield schema
        for keyword in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(keyword, ()):
                yield from self._branches(part)


@functools.cache
def _read_once(path: Path) -> Description:
    text = path.read_text("utf-8")
    return Description(json.loads(text) if path.suffix == ".json" else yaml.safe_load(text))


def _index_routes(document: Mapping[str, Any], resolve: Any) -> dict[int, list[_Route]]:
    # Keyed by the number of slashes, -1 where a parameter may hold some; fewer parameters first, then longer templates.
    routes: dict[int, list[_Route]] = {}
    for template in sorted(document["paths"], key=lambda t: (t.count("{"), -len(t))):
        item = document["paths"][template]
        for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
            described = [resolve(p) for p in (*item.get("parameters", ()), *item[method].get("parameters", ()))]
            wide = {p["name"] for p in described if p.get("x-multi-segment")}
            operation_id = item[method]["operationId"]
            route = _Route(operation_id, method.upper(), template, _compile_template(template, wide))
            routes.setdefault(-1 if wide else template.count("/"), []).append(route)
    return routes


def _compile_template(template: str, wide: set[str]) -> re.Pattern[str]:
    pieces = _PARAMETER.split(template)  # fixed, name, fixed, name, ..., fixed
    pattern = re.escape(pieces[0])
    for name, fixed in zip(pieces[1::2], pieces[2::2], strict=True):
        pattern += ("(.+)" if name in wide else "([^/]+)") + re.escape(fixed)
    return re.compile(pattern)


def _describe(error: ValidationError) -> str:
    # A message repeats the value, which may be a whole file.
    message = str(error.message)
    if len(message) <= _MAX_PROBLEM_CHARS:
        return message
    return f"breaks {error.validator}: {error.validator_value!r}"[:_MAX_PROBLEM_CHARS]


def _is_null_of_enum(error: ValidationError) -> bool:
    # OpenAPI 3.0.3 wants null among the values of a nullable enumeration; descriptions seldom list it, and mean it.
    return error.validator == "enum" and error.instance is None and bool(error.schema.get("nullable"))


def _parse_text(text: str, kind: str | None) -> Any:
    if kind == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if kind == "boolean" and text in {"true", "false"}:
        return text == "true"
    return text
