"""Reviews what was submitted: from what is kept, else in a review process."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from integrations.analysis import Analyst, PolicyFile, Rules
from integrations.api.results import Results, hash_result
from integrations.api.scratch import open_scratch
from integrations.api.submissions import Submission
from integrations.policies import POLICY_FILES
from integrations.reports import ReviewReport, parse_report

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A report as JSON; `is_kept`: it was made by an earlier request."""

    report: str
    is_kept: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """Where reviews of submissions are made. `list_dismissed` says what a repository's team does not want to see."""

    analyst: Analyst
    results: Results
    identify_model: Callable[[], str]
    list_dismissed: Callable[[str], frozenset[str]]
    observe: Callable[[ReviewReport, float], None]

    def review(self, submission: Submission, key_id: int) -> Outcome:
        """The report on a submission, for a key. Raises AnalysisError and ProblemError."""
        dismissed = self.list_dismissed(submission.repository) if submission.repository else frozenset()
        key = hash_result(str(key_id), self.identify_model(), submission.hash(), *sorted(dismissed))
        known = self.results.find(key)
        if known is not None:
            return Outcome(known, is_kept=True)
        started = time.monotonic()
        report = self._make_report(submission, dismissed)
        parsed = parse_report(report)
        self.observe(parsed, time.monotonic() - started)
        if parsed.is_complete:
            self.results.keep(key, key_id, submission.repository, report)
        _LOG.info("reviewed %d files for key %d: %d findings", len(submission.files), key_id, len(parsed.findings))
        return Outcome(report, is_kept=False)

    def _make_report(self, submission: Submission, dismissed: frozenset[str]) -> str:
        rules = Rules(PolicyFile(POLICY_FILES[0], submission.configuration), dismissed, submission.select)
        with open_scratch(submission) as scratch:
            if scratch.change is not None:
                return self.analyst.report_change(scratch.change, rules).decode()
            return self.analyst.report_index(scratch.repository, rules).decode()
