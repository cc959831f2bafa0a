"""The life of one process: DBOS and its queues are started, what was left lying is picked up, and all ends in order."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from dbos import DBOS, DBOSConfig
from sqlalchemy.exc import SQLAlchemyError

from integrations.errors import HostError
from integrations.hosts import Host, HostKind, Redelivering
from integrations.inbox import Inbox
from integrations.settings import Settings
from integrations.storage.database import Database
from integrations.workers import Presence, Workers
from integrations.workflows import DELIVERIES, REVIEWS

_LOG = logging.getLogger(__name__)
# The form of what workflows keep. Raise it when a step is added, removed or takes something else: DBOS gives a
# workflow only to a process of the version that began it.
WORKFLOW_VERSION = "2"
_DRAIN_S = 30
_DELIVERIES_AT_ONCE = 2  # they are short; more of them only make webhooks wait for the interpreter
_CHORES_EVERY_S = 3_600.0
_POLL_S = 0.2


def configure_dbos(settings: Settings) -> None:
    """Makes the process's DBOS: in the service's database, under the worker's name. Once a process."""
    config: DBOSConfig = {
        "name": "graph-reviewer",
        "system_database_url": dbos_url(settings),
        "executor_id": settings.worker_name,
        "application_version": WORKFLOW_VERSION,
        "log_level": "WARNING",
        "notification_listener_polling_interval_sec": _POLL_S,
    }
    DBOS(config=config)


def dbos_url(settings: Settings) -> str:
    """DBOS's tables: beside ours in Postgres, in a file of their own with SQLite."""
    if settings.database_url and not settings.database_url.startswith("sqlite"):
        return settings.database_url
    return f"sqlite:///{settings.data_dir.absolute() / 'workflows.sqlite'}"


@dataclass(frozen=True, slots=True)
class Extras:
    """Work beside the webhooks: queues by name with how many run at a time, what each sweep and each hour does.

    `hosts` are asked again for deliveries that they could not make; `presence` knows which workflows run here.
    """

    queues: Mapping[str, int] = field(default_factory=dict)
    sweeps: tuple[Callable[[], None], ...] = ()
    chores: tuple[Callable[[], None], ...] = ()
    hosts: Mapping[HostKind, Host] = field(default_factory=dict)
    presence: Presence = field(default_factory=Presence)


class Runner:
    """Starts and stops the work of a process. `accept_waiting` puts in line what was kept longer ago than so long."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        inbox: Inbox,
        accept_waiting: Callable[[float], None],
        extras: Extras | None = None,
    ) -> None:
        self._settings, self._database, self._inbox = settings, database, inbox
        self._accept_waiting = accept_waiting
        self._workers = Workers(database, settings.worker_name)
        self._extras = extras or Extras()
        self._next_chores_s = self._ask_at = 0.0
        self._stopping = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep_forever, name="sweeper", daemon=True)

    def start(self) -> None:
        """Launches DBOS, which goes on with what this worker left, and begins to sweep."""
        DBOS.launch()
        DBOS.register_queue(DELIVERIES, worker_concurrency=_DELIVERIES_AT_ONCE, polling_interval_sec=_POLL_S)
        DBOS.register_queue(
            REVIEWS,
            worker_concurrency=max(self._settings.num_workers, 1),
            partition_concurrency=1,
            polling_interval_sec=_POLL_S,
        )
        for name, concurrency in self._extras.queues.items():
            DBOS.register_queue(name, worker_concurrency=concurrency, polling_interval_sec=_POLL_S)
        self._sweeper.start()

    def stop(self) -> None:
        """Lets running steps end; what is left goes on at the next start."""
        self._stopping.set()
        self._sweeper.join(timeout=5)
        DBOS.destroy(workflow_completion_timeout_sec=_DRAIN_S)

    def is_ready(self) -> bool:
        """Whether the database answers."""
        try:
            return self._database.is_alive() and not self._stopping.is_set()
        except SQLAlchemyError as error:
            _LOG.warning("not ready: %s", type(error).__name__)
            return False

    def _sweep_forever(self) -> None:
        while not self._stopping.is_set():
            try:
                self.sweep()
            except SQLAlchemyError:  # the database is away for a while: the next sweep looks again
                _LOG.exception("sweep failed")
            self._stopping.wait(self._settings.sweep_s)

    def sweep(self) -> None:
        """Puts in line what was kept and never begun, and takes over from workers that are gone."""
        self._workers.beat()
        self._accept_waiting(self._settings.sweep_s)
        for sweep in self._extras.sweeps:
            sweep()
        if time.monotonic() >= self._next_chores_s:
            self._next_chores_s = time.monotonic() + _CHORES_EVERY_S
            for chore in self._extras.chores:
                chore()
        self._workers.resume_abandoned(self._extras.presence)
        for name in self._workers.find_dead():
            self._workers.take_over(name)
        if time.monotonic() >= self._ask_at:
            self._ask_at = time.monotonic() + self._settings.redeliver_s
            self._ask_again()

    def count_reviews(self) -> float:
        """Reviews in line or running, in all processes; raises what the driver raises while the database is away."""
        self._database.is_alive()  # DBOS would wait for it, and with it whoever reads the numbers
        return float(len(DBOS.list_workflows(status=["ENQUEUED", "PENDING"], queue_name=REVIEWS, load_input=False)))

    def _ask_again(self) -> None:
        """Asks hosts for what they could not deliver while we were down."""
        for kind, host in self._extras.hosts.items():
            if isinstance(host, Redelivering):
                try:
                    count = host.ask_again(partial(self._inbox.knows, kind))
                except HostError as error:
                    _LOG.warning("%s: not asked for failed deliveries: %s", kind.value, error)
                else:
                    _LOG.info("%s: asked again for %d deliveries", kind.value, count)
