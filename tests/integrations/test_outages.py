"""A Postgres that is away under the served bot: nothing is lost, nothing is written twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.testing.outages import OutagePlan, open_scene, run_outages
from integrations.testing.postgres import PostgresCluster, serve_postgres

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster() -> Iterator[PostgresCluster]:
    with serve_postgres("-c fsync=off") as served:
        yield served


def test_a_database_that_restarts_loses_and_repeats_nothing(cluster: PostgresCluster, tmp_path: Path) -> None:
    plan = OutagePlan(count=4, per_minute=40, modes=("immediate", "fast"), down_s=1.0, timeout_s=180)
    outcome = run_outages(plan, cluster, tmp_path)
    assert (list(outcome.wrong), outcome.violations, sum(outcome.answers.values())) == ([], (), 4)


def test_what_cannot_be_kept_is_refused_in_time_and_asked_for_later(cluster: PostgresCluster, tmp_path: Path) -> None:
    plan = OutagePlan(count=1, per_minute=60, modes=(), down_s=0.0, num_workers=1)
    with open_scene(plan, cluster, tmp_path) as scene:
        (bot,) = scene.bots
        cluster.stop("fast")
        assert scene.tell(0) == 503
        assert scene.slowest_answer_s < 10  # hosts wait no longer
        assert not bot.is_ready()
        assert "reviewer_deliveries_waiting NaN" in bot.read("/metrics")
        cluster.start()
        bot.wait_until(lambda: len(scene.fake.redeliveries) == 1)
        assert scene.send(scene.fake.redeliveries[0]) == 202
        bot.wait_until(lambda: scene.num_reviewed() == 1)
        bot.wait_until_quiet()
        assert list(scene.describe_wrong()) == []
