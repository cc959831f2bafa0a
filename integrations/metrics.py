"""Numbers about the running service, as Prometheus reads them. None holds names of code or people."""

import math
from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from integrations.hosts import HostKind
from integrations.reports import ReviewReport

_PROBABILITIES = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_SECONDS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900)


def _count_if_known(count: Callable[[], float]) -> float:
    try:
        return count()
    except SQLAlchemyError:
        return math.nan


class Metrics:
    """The service's instruments. The distribution of probabilities and of languages is what shows drift."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.deliveries = Counter(
            "reviewer_deliveries", "Webhooks by host and answer", ["host", "answer"], registry=self.registry
        )
        self.reviews = Counter("reviewer_reviews", "Reviews by outcome", ["outcome"], registry=self.registry)
        self.review_seconds = Histogram(
            "reviewer_review_seconds", "From fetch to report", buckets=_SECONDS, registry=self.registry
        )
        self.findings = Counter("reviewer_findings", "Findings shown", ["label"], registry=self.registry)
        self.withheld = Counter("reviewer_withheld", "Candidates not shown", ["reason"], registry=self.registry)
        self.probability = Histogram(
            "reviewer_probability",
            "Probabilities of shown findings",
            buckets=_PROBABILITIES,
            registry=self.registry,
        )
        self.lines = Counter("reviewer_lines", "Lines reviewed", ["language"], registry=self.registry)
        self.unreviewed = Counter("reviewer_unreviewed_files", "Files not reviewed", ["why"], registry=self.registry)
        self.host_calls = Counter(
            "reviewer_host_calls", "Requests to hosts", ["host", "status"], registry=self.registry
        )
        self.host_writes = Counter(
            "reviewer_host_writes", "Requests that write, as they get their turn", ["host"], registry=self.registry
        )
        self.paced_seconds = Counter(
            "reviewer_paced_seconds", "Seconds that writes waited for their turn", ["host"], registry=self.registry
        )
        self.rate_left = Gauge("reviewer_rate_left", "Requests a host still takes", ["host"], registry=self.registry)
        self._waiting = Gauge("reviewer_deliveries_waiting", "Deliveries not handled yet", registry=self.registry)
        self._unfinished = Gauge("reviewer_reviews_unfinished", "Reviews in line or running", registry=self.registry)

    def watch(self, count_deliveries: Callable[[], float], count_reviews: Callable[[], float]) -> None:
        """Asks for the depth of both queues whenever somebody reads the numbers; unknown while the database is away."""
        self._waiting.set_function(partial(_count_if_known, count_deliveries))
        self._unfinished.set_function(partial(_count_if_known, count_reviews))

    def count_call(self, host: HostKind, status: int, left: int | None) -> None:
        """Counts a request to a host; `left` is what it still takes this hour, None where it did not say."""
        self.host_calls.labels(host.value, str(status)).inc()
        if left is not None:
            self.rate_left.labels(host.value).set(left)

    def count_write(self, host: HostKind, wait_s: float) -> None:
        """Counts a request that writes, and how long it waited for its turn."""
        self.host_writes.labels(host.value).inc()
        self.paced_seconds.labels(host.value).inc(wait_s)

    def count_review(self, outcome: str) -> None:
        """Counts how a review ended; what follows a colon differs from case to case and is left out."""
        self.reviews.labels(outcome.partition(":")[0]).inc()

    def observe(self, report: ReviewReport, seconds: float) -> None:
        """Counts one review."""
        self.review_seconds.observe(seconds)
        for finding in report.findings:
            self.findings.labels(finding.label).inc()
            self.probability.observe(finding.probability)
        for reason, count in report.withheld.counts.items():
            self.withheld.labels(reason).inc(count)
        for file in report.files.reviewed:
            self.lines.labels(file.language).inc(file.lines)
        for skipped in report.files.skipped:
            self.unreviewed.labels(skipped.reason).inc()
        self.unreviewed.labels("failed").inc(len(report.files.failed))

    def render(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)
