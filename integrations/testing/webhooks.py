"""What a host sends to a service, and how it signs it; both hosts' schemes, and a delivery over real HTTP."""

import base64
import hashlib
import hmac
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any  # Any: JSON
from urllib.parse import urlsplit

_TIMEOUT_S = 10  # both hosts wait no longer


@dataclass(frozen=True, slots=True)
class Webhook:
    """One event as it goes over the wire: the headers belong to exactly these bytes."""

    event: str
    action: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def payload(self) -> Any:
        """The body, parsed anew: changing it does not change what is sent."""
        return json.loads(self.body)


def sign_sha256(secret: str, body: bytes) -> str:
    """GitHub's `X-Hub-Signature-256`: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries"""
    return "sha256=" + hmac.new(secret.encode("utf-8"), body, hashlib.sha256).hexdigest()


def sign_standard(key: bytes, webhook_id: str, sent_s: int, body: bytes) -> str:
    """The `webhook-signature` of Standard Webhooks, which GitLab sends: `v1,` and base64 over id, time and body.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    signed = f"{webhook_id}.{sent_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode("ascii")


def deliver(webhook: Webhook, url: str) -> int:
    """Status that a service answers to a webhook, 0 if it does not answer."""
    parts = urlsplit(url)
    # reviewer: ignore[cleartext-transmission] services under test listen on this machine
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)
    try:
        connection.request("POST", parts.path, webhook.body, dict(webhook.headers))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
