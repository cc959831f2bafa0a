"""The fake GitHub's app side: installation tokens, repositories and permissions, and the log of webhook deliveries."""

import secrets
from collections.abc import Mapping
from typing import Any  # Any: JSON
from urllib.parse import urlencode

from integrations.github.webhook import EVENTS
from integrations.testing.api_host import Answer, Call, Handler, RefusalError, timestamp
from integrations.testing.github_context import GitHubContext
from integrations.testing.github_state import DOCUMENTATION_URL, Delivery, Token, not_found

_KEPT_S = 3 * 24 * 3600.0  # deliveries are listed, and can be repeated, for three days
_ROLES = {"admin": "admin", "write": "write", "read": "read", "none": ""}


class AppHandlers:
    """Handlers by operation id, over one context."""

    def __init__(self, context: GitHubContext) -> None:
        self._context = context
        self._state = context.state
        self._facts = context.facts

    def table(self) -> Mapping[str, Handler]:
        """Handlers by operation id."""
        return {
            "apps/get-authenticated": self._get_app,
            "apps/create-installation-access-token": self._create_token,
            "apps/get-installation": self._get_installation,
            "apps/get-repo-installation": self._get_installation,
            "apps/list-installations": self._list_installations,
            "apps/list-repos-accessible-to-installation": self._list_repositories,
            "apps/list-webhook-deliveries": self._list_deliveries,
            "apps/get-webhook-delivery": self._get_delivery,
            "apps/redeliver-webhook-delivery": self._redeliver,
            "repos/get": self._get_repository,
            "repos/get-collaborator-permission-level": self._get_permission,
        }

    def _get_app(self, call: Call) -> Answer:
        facts = {
            "id": self._state.app_id,
            "slug": self._state.app_slug,
            "name": self._state.app_slug,
            "permissions": self._state.permissions,
            "events": sorted(EVENTS),
        }
        answer = self._context.answer(call, facts)
        return Answer(200, answer.body | {"permissions": self._state.permissions})

    def _create_token(self, call: Call) -> Answer:
        if call.number("installation_id") != self._state.installation_id:
            raise not_found()
        now_s = self._state.clock()
        login = f"{self._state.app_slug}[bot]"
        expires_s = now_s + self._state.token_lifetime_s
        token = Token(f"ghs_{secrets.token_hex(18)}", login, f"installation {self._state.installation_id}", expires_s)
        self._state.tokens[token.text] = token
        body = {
            "token": token.text,
            "expires_at": timestamp(token.expires_s),
            "permissions": self._state.permissions,
            "repository_selection": "all",
        }
        return Answer(201, body, is_write=False)

    def _installation(self) -> dict[str, Any]:
        return {
            "id": self._state.installation_id,
            "app_id": self._state.app_id,
            "app_slug": self._state.app_slug,
            "permissions": self._state.permissions,
            "events": sorted(EVENTS),
            "suspended_at": None,
            "suspended_by": None,
            "access_tokens_url": f"{self._facts.api_url}/app/installations/{self._state.installation_id}/access_tokens",
        }

    def _get_installation(self, call: Call) -> Answer:
        if "repo" in call.operation.path_values:
            self._context.repository(call)
        elif call.number("installation_id") != self._state.installation_id:
            raise not_found()
        return self._context.answer(call, self._installation())

    def _list_installations(self, call: Call) -> Answer:
        return self._context.listing(call, [self._installation()], dict)

    def _list_repositories(self, call: Call) -> Answer:
        repositories = list(self._state.repositories.values())
        return self._context.listing(call, repositories, self._facts.repository, under="repositories")

    def _kept_deliveries(self) -> list[Delivery]:
        oldest_s = self._state.clock() - _KEPT_S
        return [delivery for delivery in reversed(self._state.deliveries) if delivery.delivered_s >= oldest_s]

    def _list_deliveries(self, call: Call) -> Answer:
        deliveries = self._kept_deliveries()
        if call.query.get("status") == "failure":
            deliveries = [delivery for delivery in deliveries if not _succeeded(delivery)]
        elif call.query.get("status") == "success":
            deliveries = [delivery for delivery in deliveries if _succeeded(delivery)]
        per_page = min(100, int(call.query.get("per_page", "30")))
        start = int(call.query.get("cursor", "0"))  # opaque to clients; here it is an offset
        shown = [self._delivery(delivery) for delivery in deliveries[start : start + per_page]]
        more = start + per_page < len(deliveries)
        following = urlencode({**call.query, "cursor": start + per_page})
        link = {"Link": f'<{call.url}?{following}>; rel="next"'} if more else {}
        example = self._context.example(call.operation.operation_id)
        return Answer(200, [self._context.shape(example, facts) for facts in shown], link)

    def _delivery(self, delivery: Delivery) -> dict[str, Any]:
        repository = delivery.webhook.payload.get("repository") or {}
        return {
            "id": delivery.delivery_id,
            "guid": delivery.webhook.headers["X-GitHub-Delivery"],
            "delivered_at": timestamp(delivery.delivered_s),
            "redelivery": delivery.is_redelivery,
            "status": "OK" if _succeeded(delivery) else "Invalid HTTP Response",
            "status_code": delivery.status_code,
            "event": delivery.webhook.event,
            "action": delivery.webhook.action or None,
            "installation_id": self._state.installation_id,
            "repository_id": repository.get("id"),
        }

    def _find_delivery(self, call: Call) -> Delivery:
        for delivery in self._kept_deliveries():
            if delivery.delivery_id == call.number("delivery_id"):
                return delivery
        raise not_found()

    def _get_delivery(self, call: Call) -> Answer:
        delivery = self._find_delivery(call)
        request = {"headers": dict(delivery.webhook.headers), "payload": delivery.webhook.payload}
        return self._context.answer(call, self._delivery(delivery) | {"request": request})

    def _redeliver(self, call: Call) -> Answer:
        self._state.redeliveries.append(self._find_delivery(call).webhook)
        return Answer(202, {}, is_write=False)

    def _get_repository(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        answer = self._context.answer(call, self._facts.repository(repository))
        # The example is a fork made from a template; a repository of the fake is neither.
        left_out = {"source", "parent", "template_repository", "organization"}
        return Answer(200, {key: value for key, value in answer.body.items() if key not in left_out})

    def _get_permission(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        login = call.text("username")
        if login not in self._state.users:
            message = f"{login} is not a user"
            raise RefusalError(404, {"message": message, "documentation_url": DOCUMENTATION_URL})
        permission = repository.permissions.get(login, "none" if repository.is_private else "read")
        role = _ROLES[permission]
        facts = {"permission": permission, "role_name": role, "user": self._facts.user(login) | {"role_name": role}}
        return self._context.answer(call, facts)


def _succeeded(delivery: Delivery) -> bool:
    return 200 <= delivery.status_code < 400
