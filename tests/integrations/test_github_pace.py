"""The real client and the fake GitHub's limits, on one clock that only waiting moves."""

from collections.abc import Iterator

import pytest

from integrations.errors import HostError, PacedError
from integrations.github.client import GitHubHost
from integrations.github.logins import GitHubAccess
from integrations.hosts import Change, ChangeRef, Conclusion, HostKind, RepositoryRef, Status
from integrations.pacing import Pace, PaceLimits
from integrations.testing.api_host import ManualClock
from integrations.testing.fake_github import FakeGitHub
from integrations.testing.github_people import NewPull
from integrations.testing.local_repository import ExampleChange

pytestmark = pytest.mark.filterwarnings("ignore:Argument lazy is deprecated")
REPOSITORY = "alice/shop"


class Bench:
    """A pull request on a fake GitHub, and our client of it."""

    def __init__(self, fake: FakeGitHub, clock: ManualClock, source: ExampleChange) -> None:
        self.fake, self.clock = fake, clock
        fake.add_repository(REPOSITORY, source.folder)
        opened = fake.people.open_pull(REPOSITORY, NewPull(source.base, source.head))
        access = GitHubAccess(fake.app_id, fake.private_key_pem, fake.api_url, fake.url, pause_s=0.0)
        self.host = GitHubHost(access, pace=Pace(PaceLimits(), clock=clock, wait=clock.advance))
        ref = ChangeRef(RepositoryRef(HostKind.GITHUB, REPOSITORY, fake.installation_id), opened.payload["number"])
        self.change: Change = self.host.load_change(ref)

    def write(self) -> None:
        self.host.reply(self.change, None, "words")


@pytest.fixture
def bench(source: ExampleChange) -> Iterator[Bench]:
    clock = ManualClock()
    with FakeGitHub(clock=clock) as fake:
        fake.set_token_lifetime(10**9)
        yield Bench(fake, clock, source)
        assert fake.violations == []


def test_no_write_is_refused_however_many_there_are(bench: Bench) -> None:
    started_s = bench.clock()
    for _ in range(170):
        bench.write()
    assert len(bench.fake.writes) == 170
    assert [one.status for one in bench.fake.exchanges if one.status >= 400] == []
    assert bench.clock() - started_s == pytest.approx(122.0)


def test_every_kind_of_write_takes_its_turn(bench: Bench) -> None:
    host, change = bench.host, bench.change
    host.reply(change, None, "a comment")
    (comment,) = [one for one in bench.fake.exchanges if one.operation == "issues/create-comment"]
    host.write_note(change, None, "a summary")
    number = str(bench.fake.pull(REPOSITORY, change.ref.number).comments[0].comment_id)
    host.acknowledge(change, number, in_thread=False)
    host.write_status(change, Status("k", Conclusion.RUNNING, "Reviewing"))
    assert comment.status == 201
    assert len(bench.fake.writes) == 5  # a check run is made, then filled
    started_s = bench.clock()
    for _ in range(76):
        bench.write()
    assert bench.clock() - started_s == pytest.approx(61.0)


def test_the_hour_is_left_to_the_workflow(bench: Bench) -> None:
    for _ in range(500):
        bench.write()
    with pytest.raises(PacedError) as caught:
        bench.write()
    assert len(bench.fake.writes) == 500
    bench.clock.advance(caught.value.retry_after_s or 0)
    bench.write()
    assert all(one.status < 400 for one in bench.fake.exchanges)


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(("retry_after_s", "expected_s"), [(7, 7.0), (None, 60.0)])
def test_a_secondary_limit_is_obeyed(bench: Bench, status: int, retry_after_s: int | None, expected_s: float) -> None:
    limits = bench.fake.limits
    limits.content_per_minute, limits.secondary_status, limits.retry_after_s = 0, status, retry_after_s
    with pytest.raises(HostError) as caught:
        bench.write()
    assert (caught.value.status, caught.value.retry_after_s) == (status, expected_s)
    limits.content_per_minute = 80
    started_s = bench.clock()
    bench.write()
    assert bench.clock() - started_s == pytest.approx(expected_s)


def test_the_end_of_the_hour_is_waited_for_where_requests_are_used_up(bench: Bench) -> None:
    bench.fake.limits.requests_per_hour = 0
    with pytest.raises(HostError) as caught:
        bench.write()
    assert 3_500.0 < (caught.value.retry_after_s or 0.0) <= 3_600.0


def test_a_refused_reading_is_said_in_our_own_words(bench: Bench) -> None:
    bench.fake.limits.requests_per_hour = 0
    with pytest.raises(HostError) as caught:
        bench.host.load_change(bench.change.ref)
    assert (caught.value.status, (caught.value.retry_after_s or 0.0) > 3_000.0) == (403, True)
