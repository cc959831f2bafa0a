"""The webhooks that the fake GitHub sends: a published example of the event, with the facts of the fake in its place.

https://docs.github.com/webhooks/webhook-events-and-payloads
"""

import functools
import json
import uuid
from pathlib import Path
from typing import Any  # Any: JSON

from integrations.testing.github_facts import Facts, overlay
from integrations.testing.github_state import GitHubState, Pull, Repository
from integrations.testing.openapi import find_description
from integrations.testing.webhooks import Webhook, sign_sha256

_NOT_OURS = ("organization", "enterprise")  # the fake's repositories belong to users


class GitHubWebhooks:
    """Writes and signs webhooks; needs the published examples, which `.ci/run test` installs."""

    def __init__(self, state: GitHubState, secret: str) -> None:
        self._state = state
        self._facts = Facts(state)
        self._secret = secret
        self._examples = _read_examples(find_description("github/webhook-examples.json"))

    def write(self, event: str, action: str, repository: Repository | None, sender: str, **facts: Any) -> Webhook:
        """A signed webhook: `facts` replace what the example says, key by key; a pull request is written as `pull`."""
        example = self.example(event, action)
        full_name = repository.full_name if repository else "x/x"
        payload = self._facts.localise({k: v for k, v in example.items() if k not in _NOT_OURS}, full_name)
        common: dict[str, Any] = {"action": action, "sender": self._facts.user(sender)}
        if event != "installation":
            common["installation"] = {"id": self._state.installation_id, "node_id": f"I_{self._state.installation_id}"}
        if repository is not None:
            common["repository"] = self._facts.repository(repository)
        return self.sign(event, action, overlay(payload, common | facts))

    def pull(self, event: str, action: str, repository: Repository, pull: Pull) -> Any:
        """A pull request in the shape that this event's example has."""
        example = self.example(event, action)["pull_request"]
        written = self._facts.pull(repository, pull, example=example)
        # Events about threads carry a pull request without its counts.
        return {key: value for key, value in written.items() if key in example or event == "pull_request"}

    def issue(self, repository: Repository, pull: Pull) -> dict[str, Any]:
        """A pull request as comment events show it: as an issue with a link to the pull request."""
        url = self._facts.repository_url(repository)
        html_url = f"{self._state.url}/{repository.full_name}/pull/{pull.number}"
        links = {"url": f"{url}/pulls/{pull.number}", "html_url": html_url}
        links |= {"diff_url": f"{html_url}.diff", "patch_url": f"{html_url}.patch"}
        return {
            "id": pull.pull_id,
            "node_id": f"PR_{pull.pull_id}",
            "number": pull.number,
            "url": f"{url}/issues/{pull.number}",
            "html_url": html_url,
            "title": pull.title,
            "body": pull.body,
            "state": pull.state,
            "draft": pull.draft,
            "user": self._facts.user(pull.login),
            "author_association": self._facts.association(repository, pull.login),
            "labels": [],
            "comments": len(pull.comments),
            "pull_request": links,
        }

    def sign(self, event: str, action: str, payload: Any) -> Webhook:
        """Any payload as a delivery with an id and a signature of its own."""
        body = json.dumps(payload, ensure_ascii=False).encode("utf-8")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/fake",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": str(uuid.uuid4()),
            "X-GitHub-Hook-ID": "1",
            "X-Hub-Signature-256": sign_sha256(self._secret, body),
        }
        return Webhook(event, action, headers, body)

    def example(self, event: str, action: str) -> Any:
        """The published example of an event that the fake starts from: the last one that names an installation."""
        found = [example for example in self._examples[event] if example.get("action", "") == action]
        with_installation = [example for example in found if "installation" in example]
        return (with_installation or found)[-1]


@functools.cache
def _read_examples(path: Path) -> dict[str, list[Any]]:
    return {entry["name"]: entry["examples"] for entry in json.loads(path.read_text("utf-8"))}
