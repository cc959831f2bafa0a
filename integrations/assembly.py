"""Puts the service together from its settings: the one place that knows every part."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI

from integrations.analysis import AnalysisLimits, Analyst
from integrations.api.assembly import Links, build_api, make_limits, open_desk, open_stores
from integrations.api.batch_workflows import BATCHES, BatchWorkflows
from integrations.api.mounting import mount_api
from integrations.calls import Observe
from integrations.checkouts import CheckoutLimits, Checkouts
from integrations.conversations import Conversations
from integrations.errors import SettingsError
from integrations.events import Event
from integrations.github import webhook as github_webhook
from integrations.github.client import GitHubHost
from integrations.github.logins import GitHubAccess
from integrations.gitlab import webhook as gitlab_webhook
from integrations.gitlab.client import GitLabAccess, GitLabHost
from integrations.hosts import Host, HostKind
from integrations.inbox import Inbox
from integrations.metrics import Metrics
from integrations.pacing import Lanes, LocalLanes, Pace
from integrations.reactions import Reactions
from integrations.records import Records
from integrations.retention import Retention
from integrations.reviewing import Reviewing, Tools
from integrations.running import Extras, Runner, configure_dbos
from integrations.service import Door, Headers, Reception, create_app
from integrations.settings import Settings
from integrations.storage.database import open_database
from integrations.storage.lanes import StoredLanes
from integrations.workers import Presence
from integrations.workflows import Listeners, Workflows
from reviewer.graph_engine import GraphEngine

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wiring:
    """One host with everything that speaks to it."""

    host: Host
    door: Door
    read: Callable[[str, bytes], Event]


def build_service(settings: Settings) -> FastAPI:
    """The application with everything behind it; starts nothing yet. Raises SettingsError."""
    metrics = Metrics()
    database = open_database(settings.database)
    wirings = wire_hosts(settings, metrics, lambda kind: StoredLanes(database, kind.value))
    configure_dbos(settings)
    inbox, records = Inbox(database), Records(database)
    hosts = {kind: one.host for kind, one in wirings.items()}
    reviewing = Reviewing(hosts, gather_tools(settings, records, metrics))
    talk = Conversations(reviewing, records, settings.settle_s)
    readers = {kind: one.read for kind, one in wirings.items()}
    listeners = Listeners(talk.answer, talk.note_thread, metrics.count_review)
    presence = Presence()
    workflows = Workflows(inbox, reviewing, readers, listeners, presence)
    stores = open_stores(settings, database)
    desk = open_desk(settings, database, stores, metrics)
    batches = BatchWorkflows(stores.batches, desk, make_limits(settings), presence)
    retention = Retention(database, settings.retention_days, (stores.forget,))
    reactions = Reactions(hosts, database, records, settings.reaction_days)
    sweeps = (batches.sweep, reactions.sweep)
    extras = Extras({BATCHES: 1}, sweeps, (retention.apply,), hosts, presence)
    runner = Runner(settings, database, inbox, workflows.accept_waiting, extras)
    metrics.watch(lambda: float(len(inbox.list_waiting())), runner.count_reviews)
    doors = tuple(one.door for one in wirings.values())
    reception = Reception(doors, inbox, workflows.accept, runner.is_ready, metrics, settings.max_body_bytes)
    app = create_app(reception, runner.start, runner.stop)
    mount_api(app, build_api(settings, database, stores, desk, Links(batches.enqueue, runner.is_ready)))
    return app


def gather_tools(settings: Settings, records: Records, metrics: Metrics) -> Tools:
    """What reviews are made with; their folders are below the data folder."""
    folder = settings.data_dir.absolute()
    limits = CheckoutLimits(max_pack_bytes=settings.repository_bytes, max_folders=settings.max_repositories)
    analysis = AnalysisLimits(settings.review_timeout_s, settings.review_memory_bytes)
    engine = GraphEngine(settings.model)
    return Tools(
        records,
        Checkouts(folder / "repositories", limits),
        Analyst(folder / "cache", analysis, settings.model),
        lambda: engine.model_identity,
        metrics.observe,
        settings.settle_s,
    )


def wire_hosts(
    settings: Settings, metrics: Metrics, keep_lanes: Callable[[HostKind], Lanes] = lambda _: LocalLanes()
) -> dict[HostKind, Wiring]:
    """The hosts that are set up; their requests are counted, and their writes take turns in these lanes."""
    wirings: dict[HostKind, Wiring] = {}
    for kind, is_set_up, wire in (
        (HostKind.GITHUB, bool(settings.github_app_id), _wire_github),
        (HostKind.GITLAB, bool(settings.gitlab_url), _wire_gitlab),
    ):
        if is_set_up:
            pace = Pace(observe=partial(metrics.count_write, kind), lanes=keep_lanes(kind))
            wirings[kind] = wire(settings, partial(metrics.count_call, kind), pace)
    return wirings


def _wire_github(settings: Settings, observe: Observe, pace: Pace) -> Wiring:
    file = settings.github_private_key_file
    assert file is not None, "settings ask for it beside the app id"
    try:
        key = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"REVIEWER_GITHUB_PRIVATE_KEY_FILE: expected a readable key, found {error}") from error
    access = GitHubAccess(
        settings.github_app_id, key, settings.github_api_url, settings.github_url, settings.github_pause_s
    )
    host = GitHubHost(access, observe, pace)
    door = Door(HostKind.GITHUB, partial(_verify_github, settings.github_secrets), _identify_github)
    return Wiring(host, door, partial(_read, host, github_webhook.parse_delivery))


def _verify_github(secrets: tuple[str, ...], headers: Headers, body: bytes) -> None:
    github_webhook.verify_delivery(body, headers.get("x-hub-signature-256", ""), secrets)


def _identify_github(headers: Headers, body: bytes) -> tuple[str, str]:
    del body
    return headers.get("x-github-delivery", ""), headers.get("x-github-event", "")


def _wire_gitlab(settings: Settings, observe: Observe, pace: Pace) -> Wiring:
    access = GitLabAccess(settings.gitlab_url, settings.gitlab_token.get_secret_value())
    host = GitLabHost(access, observe, pace)
    verify = partial(_verify_gitlab, settings.gitlab_secrets, settings.gitlab_replay_window_s)
    door = Door(HostKind.GITLAB, verify, gitlab_webhook.identify_delivery)
    return Wiring(host, door, partial(_read, host, gitlab_webhook.parse_delivery))


def _read(host: Host, parse: Callable[[str, bytes, str], Event], event: str, body: bytes) -> Event:
    """A delivery, knowing which acts in it are our own."""
    return parse(event, body, host.login())


def _verify_gitlab(secrets: tuple[str, ...], window_s: float, headers: Headers, body: bytes) -> None:
    gitlab_webhook.verify_delivery(headers, body, secrets, now_s=time.time(), window_s=window_s)
