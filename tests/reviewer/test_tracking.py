"""A tracked folder answers file by file what a review of the whole folder says."""

import pytest

from graph_model.catalogue import load_catalogue
from reviewer.cache import Cache
from reviewer.configuration import Configuration
from reviewer.discovery import Discovery
from reviewer.engine import Engine
from reviewer.graph_engine import GraphEngine
from reviewer.review import ReviewDesk
from reviewer.source import SourceFile
from reviewer.testing import FakeEngine
from reviewer.tracking import Tracker

SINK = b'sink("security/sql-injection", 0.9, value)\n'
EVERYTHING = Configuration(select=("all",), min_probability=0.0)


def track(engine: Engine, *sources: SourceFile, configuration: Configuration = EVERYTHING) -> Tracker:
    tracker = Tracker(configuration, engine, Cache(None))
    for source in sources:
        tracker.put(source)
        tracker.read(source.path)
    return tracker


def assert_equal_to_a_review(tracker: Tracker, engine: Engine) -> None:
    sources = tuple(tracker.sources[path] for path in sorted(tracker.sources))
    review = ReviewDesk(EVERYTHING, engine, Cache(None)).review_files(Discovery(sources))
    verdicts = [tracker.judge(source.path) for source in sources]
    assert [one for verdict in verdicts for one in attach(tracker, verdict)] == list(review.findings)
    assert [note for verdict in verdicts for note in verdict.notes] == list(review.notes)


def attach(tracker: Tracker, verdict: object) -> tuple[object, ...]:
    file, findings = getattr(verdict, "file", None), getattr(verdict, "findings", ())
    return tuple(tracker.attach_fixes(findings, file)) if file is not None else ()


def test_a_file_that_changes_is_judged_again_with_its_neighbours() -> None:
    engine = FakeEngine()
    user = SourceFile("b.py", b'value = fetch("a.py")\n' + SINK)
    tracker = track(engine, SourceFile("a.py", b"provide()\n"), user)
    assert len(tracker.judge("b.py").findings) == 1
    assert_equal_to_a_review(tracker, engine)
    assert tracker.judge("b.py") is tracker.judge("b.py")
    tracker.remove("a.py")
    assert tracker.judge("b.py").findings == ()
    assert tracker.put(SourceFile("a.py", b"provide()  # again\n"))
    assert tracker.find_unread() == ("a.py",)
    tracker.read("a.py", is_passing=True)
    assert len(tracker.judge("b.py").findings) == 1
    assert tracker.judge("b.py", is_alone=True).findings == ()
    assert not tracker.put(user)


def test_a_file_that_cannot_be_analysed_or_scored_says_so_until_it_changes() -> None:
    tracker = track(FakeEngine(), SourceFile("a.py", b"raise-analysis"))
    failed = tracker.judge("a.py").failed
    assert failed is not None
    assert failed.error == "RuntimeError: asked to fail"
    tracker.put(SourceFile("a.py", b"value = source()\n" + SINK))
    tracker.read("a.py", is_passing=True)
    assert len(tracker.judge("a.py").findings) == 1
    tracker.put(SourceFile("a.py", b"value = source()  # raise-score\n" + SINK))
    tracker.read("a.py", is_passing=True)
    tracker.put(SourceFile("a.py", b"raise-analysis"))
    tracker.read("a.py", is_passing=True)
    assert tracker.judge("a.py").failed is not None


@pytest.mark.parametrize("language", ["python", "java"])
def test_examples_and_their_drafts_equal_a_review(language: str) -> None:
    ending = {"python": "py", "java": "java"}[language]
    bad = [one.bad for label in load_catalogue() for one in label.examples if one.language == language][:12]
    engine = GraphEngine()
    sources = [SourceFile(f"m{number}.{ending}", text.encode()) for number, text in enumerate(bad)]
    tracker = track(engine, *sources)
    assert_equal_to_a_review(tracker, engine)
    for number, source in enumerate(sources[:4]):
        tracker.put(SourceFile(source.path, source.content + sources[number + 1].content.replace(b"\n", b"\r\n")))
        tracker.read(source.path, is_passing=True)
    assert_equal_to_a_review(tracker, engine)
