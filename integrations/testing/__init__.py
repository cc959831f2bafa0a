"""Fakes of the hosts around the reviewer, for tests: they speak HTTP, and check what is said to them.

`FakeGitHub` and `FakeGitLab` are contexts: `people` acts there as people do, `violations` says what clients did wrong.
"""

from integrations.testing.api_host import Exchange, Fault, ManualClock
from integrations.testing.fake_github import FakeGitHub
from integrations.testing.fake_gitlab import FakeGitLab
from integrations.testing.github_people import NewPull
from integrations.testing.gitlab_people import NewMergeRequest
from integrations.testing.local_repository import ExampleChange, LocalRepository, example_change
from integrations.testing.webhooks import Webhook

__all__ = [
    "ExampleChange",
    "Exchange",
    "FakeGitHub",
    "FakeGitLab",
    "Fault",
    "LocalRepository",
    "ManualClock",
    "NewMergeRequest",
    "NewPull",
    "Webhook",
    "example_change",
]
