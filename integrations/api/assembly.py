"""Puts the API together from the settings and the parts that the service has made."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any  # the model's own description is JSON

from integrations.analysis import AnalysisLimits, Analyst
from integrations.api.batches import Batches
from integrations.api.desk import Desk
from integrations.api.feedback import FeedbackBook
from integrations.api.findings import Findings
from integrations.api.gatekeeper import Guard
from integrations.api.keys import Keys
from integrations.api.rates import Bucket, Rates
from integrations.api.results import Results
from integrations.api.service import Api, ModelFacts
from integrations.api.submissions import SubmissionLimits
from integrations.api.workbench import Workbench
from integrations.metrics import Metrics
from integrations.settings import Settings
from integrations.storage.database import Database
from reviewer.cli.group import find_version
from reviewer.graph_engine import GraphEngine


@dataclass(frozen=True, slots=True)
class Stores:
    """The tables that the endpoints and the sweep share."""

    batches: Batches
    results: Results
    rates: Rates

    def forget(self, max_age_days: int) -> None:
        """Deletes what was kept longer than that."""
        self.batches.forget(max_age_days)
        self.results.forget(max_age_days)
        self.rates.forget()


def open_stores(settings: Settings, database: Database) -> Stores:
    """The API's tables."""
    limits = {Bucket.SCAN: settings.scan_requests_per_minute, Bucket.REQUESTS: settings.api_requests_per_minute}
    return Stores(Batches(database), Results(database), Rates(database, limits))


def open_desk(settings: Settings, database: Database, stores: Stores, metrics: Metrics) -> Desk:
    """Where submissions are reviewed, with the API's own limit of time."""
    analysis = AnalysisLimits(settings.api_timeout_s, settings.review_memory_bytes)
    analyst = Analyst(settings.data_dir.absolute() / "cache", analysis, settings.model)
    engine = GraphEngine(settings.model)
    findings = Findings(database)
    return Desk(analyst, stores.results, lambda: engine.model_identity, findings.list_dismissed, metrics.observe)


@dataclass(frozen=True, slots=True)
class Links:
    """What the running service does for the API."""

    enqueue: Callable[[str], None]
    is_ready: Callable[[], bool]


def build_api(settings: Settings, database: Database, stores: Stores, desk: Desk, links: Links) -> Api:
    """Everything behind the endpoints."""
    return Api(
        guard=Guard(Keys(database), stores.rates, settings.api_body_bytes),
        desk=desk,
        workbench=Workbench(settings.api_workers),
        batches=stores.batches,
        findings=Findings(database),
        feedback=FeedbackBook(database),
        limits=make_limits(settings),
        enqueue=links.enqueue,
        read_model=lambda: read_model(settings),
        is_ready=links.is_ready,
    )


def make_limits(settings: Settings) -> SubmissionLimits:
    """A submission is no larger than a body."""
    return SubmissionLimits(max_bytes=settings.api_body_bytes)


def read_model(settings: Settings) -> ModelFacts:
    """What is said of the model in use."""
    engine = GraphEngine(settings.model)
    description, thresholds = _make_finite(engine.describe_model()), _make_finite(engine.thresholds)
    return ModelFacts(engine.model_identity, find_version(), description, thresholds)


def _make_finite(value: Any) -> Any:
    """Numbers that JSON cannot say become null: the threshold of a label that is never shown is infinite."""
    if isinstance(value, Mapping):
        return {str(name): _make_finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_make_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
