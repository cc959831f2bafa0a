"""Reading what a host sent: a JSON object, and typed values in it by dotted paths. What is missing is named."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar  # Any: a JSON payload

from integrations.errors import MalformedDeliveryError

Payload = Mapping[str, Any]
T = TypeVar("T")


def load_payload(event: str, body: bytes) -> Payload:
    """The object in a body; raises MalformedDeliveryError where there is none."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedDeliveryError(f"{event}: expected JSON, found {error}") from error
    if not isinstance(payload, dict):
        raise MalformedDeliveryError(f"{event}: expected an object")
    return payload


def take(payload: Payload, path: str, kind: type[T]) -> T:
    """The value at a dotted path; raises MalformedDeliveryError where there is none of this type."""
    found: object = payload
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
        raise MalformedDeliveryError(f"{path}: expected {kind.__name__}, found {type(found).__name__}")
    return found
