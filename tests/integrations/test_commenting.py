"""`reviewer comment` as a job runs it, against both fake hosts: written once, kept up to date, refused to strangers."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from integrations.errors import SettingsError
from integrations.jobs import read_job
from integrations.testing.api_host import Fault
from integrations.testing.fake_github import FakeGitHub
from integrations.testing.fake_gitlab import FakeGitLab
from integrations.testing.github_people import NewPull
from integrations.testing.gitlab_people import NewMergeRequest
from integrations.testing.local_repository import LocalRepository
from reviewer.cli.group import group
from reviewer.cli.session import Session
from reviewer.graph_engine import GraphEngine

pytestmark = pytest.mark.filterwarnings("ignore:Argument lazy is deprecated")
REPOSITORY, PROJECT = "alice/shop", "team/sub/shop"
JOB = "github-actions[bot]"
CLEAN = """\
from flask import Flask, request

app = Flask(__name__)


@app.route("/")
def index():
    return "größer"
"""
LOADER = '\n\n@app.route("/load")\ndef load():\n    import yaml\n\n    yaml.load(request.data)\n    return "ok"\n'
MORE = '\n\n@app.route("/run")\ndef run():\n    import os\n\n    os.system(request.args["c"])\n    return "ok"\n'


@dataclass
class Scene:
    """A repository with a change, and the variables of a job for it."""

    source: LocalRepository
    base: str
    head: str
    engine: GraphEngine
    patch: pytest.MonkeyPatch
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, report: Path, **variables: str) -> Result:
        """The command with the variables of the job, and none of the machine's own."""
        mine = ("GITHUB_", "CI_", "GITLAB_", "REVIEWER_")
        environment: dict[str, str | None] = {name: None for name in os.environ if name.startswith(mine)}
        self.patch.chdir(self.source.folder)
        environment |= {"REVIEWER_GITHUB_PAUSE_S": "0", **self.variables, **variables}
        return CliRunner(env=environment).invoke(group, ["comment", str(report)])

    def review(self) -> Path:
        report = self.source.folder.parent / "report.json"
        session = Session(self.source.folder, self.engine, self.source.folder.parent / "cache")
        options = ("--base", self.base, "--head", self.head, "--format", "json", "--output", str(report))
        done = CliRunner().invoke(group, ["diff", "--select", "security", *options], obj=session)
        assert done.exit_code == 1, done.output
        return report

    def comment(self, **variables: str) -> str:
        done = self.run(self.review(), **variables)
        assert done.exit_code == 0, done.output
        return done.stdout

    def commit(self, files: Mapping[str, str | None]) -> str:
        self.head = self.source.commit(files, onto=self.head)
        return self.head


@pytest.fixture(scope="module")
def engine(eager_model: Path) -> GraphEngine:
    return GraphEngine(eager_model)


@pytest.fixture
def scene(tmp_path: Path, engine: GraphEngine, monkeypatch: pytest.MonkeyPatch) -> Scene:
    source = LocalRepository.create(tmp_path / "source")
    base = source.commit({"app.py": CLEAN})
    return Scene(source, base, source.commit({"app.py": CLEAN + LOADER}, onto=base), engine, monkeypatch)


@pytest.fixture
def github(scene: Scene, tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub() as fake:
        fake.add_repository(REPOSITORY, scene.source.folder)
        opened = fake.people.open_pull(REPOSITORY, NewPull(scene.base, scene.head))
        event = tmp_path / "event.json"
        event.write_text(json.dumps(opened.payload), "utf-8")
        scene.variables |= {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_API_URL": fake.api_url,
            "GITHUB_SERVER_URL": fake.url,
            "GITHUB_TOKEN": fake.add_token(JOB),
        }
        yield fake
        assert fake.violations == []


def test_a_second_run_writes_nothing_new(scene: Scene, github: FakeGitHub) -> None:
    assert scene.comment() == "1 comments posted, 0 amended, summary written.\n"
    pull = github.pull(REPOSITORY, 1)
    (thread,) = pull.threads
    assert (thread.place.path, thread.place.line) == ("app.py", 15)
    body = thread.comments[0].body
    assert "reviewer: ignore[security/unsafe-deserialization] REASON" in body
    assert "/reviewer " not in body  # nobody listens to commands
    assert [one.login for one in pull.comments] == [JOB]
    assert pull.comments[0].body.startswith("### Review of")
    num_writes = len(github.writes)
    assert scene.comment() == "0 comments posted, 0 amended, summary as it was.\n"
    assert len(github.writes) == num_writes


def test_a_push_posts_what_is_new_and_resolves_what_is_gone(scene: Scene, github: FakeGitHub) -> None:
    scene.comment()
    github.people.push(REPOSITORY, 1, scene.commit({"app.py": CLEAN + MORE}))
    assert scene.comment() == "1 comments posted, 1 amended, summary written.\n"
    first, second = github.pull(REPOSITORY, 1).threads
    assert (first.resolved_by, second.resolved_by) == (JOB, None)
    github.people.push(REPOSITORY, 1, scene.commit({"app.py": CLEAN + LOADER + MORE}))
    assert scene.comment() == "0 comments posted, 1 amended, summary written.\n"
    assert [one.resolved_by for one in github.pull(REPOSITORY, 1).threads] == [None, None]
    assert len(github.pull(REPOSITORY, 1).comments) == 1


def test_what_a_person_resolved_stays_resolved(scene: Scene, github: FakeGitHub) -> None:
    scene.comment()
    (thread,) = github.pull(REPOSITORY, 1).threads
    github.people.resolve(REPOSITORY, thread.comments[0].comment_id, "alice")
    github.people.push(REPOSITORY, 1, scene.commit({"other.py": "x = 1\n"}))
    scene.comment()
    assert [one.resolved_by for one in github.pull(REPOSITORY, 1).threads] == ["alice"]


def test_the_token_of_a_fork_is_said_and_no_failure(scene: Scene, github: FakeGitHub) -> None:
    said = scene.comment(GITHUB_TOKEN=github.add_token(JOB, may_write=False))
    assert said.splitlines()[0] == "0 comments posted, 0 amended, summary as it was."
    assert "GitHub answered 403: Resource not accessible by integration: the token of this job may not comment" in said
    assert github.writes == []
    assert (
        scene.comment(GITHUB_TOKEN="")
        == "The job was given no token, as for changes from forks: nothing was written.\n"
    )


def test_a_token_that_may_not_resolve_does_the_rest(scene: Scene, github: FakeGitHub) -> None:
    token = github.add_token(JOB, may_resolve=False)
    scene.comment(GITHUB_TOKEN=token)
    github.people.push(REPOSITORY, 1, scene.commit({"app.py": CLEAN + MORE}))
    assert scene.comment(GITHUB_TOKEN=token) == "1 comments posted, 1 amended, summary written.\n"
    first, second = github.pull(REPOSITORY, 1).threads
    assert [first.resolved_by, second.resolved_by] == [None, None]
    assert "No longer found: this can be resolved." in first.comments[0].body
    assert scene.comment(GITHUB_TOKEN=token) == "0 comments posted, 0 amended, summary as it was.\n"


def test_a_refused_thread_goes_to_the_summary(scene: Scene, github: FakeGitHub) -> None:
    for operation in ("pulls/create-review", "pulls/create-review-comment"):
        github.fail_next(Fault.REFUSED, operation=operation)
    assert scene.comment() == "0 comments posted, 0 amended, summary written.\n"
    assert "Not on lines of this change (1)" in github.pull(REPOSITORY, 1).comments[0].body


def test_a_change_that_moved_on_or_was_closed_is_left_alone(scene: Scene, github: FakeGitHub) -> None:
    report = scene.review()
    moved = scene.commit({"b.py": "x = 1\n"})
    github.people.push(REPOSITORY, 1, moved)
    assert f"The change is at {moved[:12]} now" in scene.run(report).stdout
    github.people.close(REPOSITORY, 1)
    assert "The change is closed: nothing was written." in scene.comment()
    assert github.writes == []


def test_a_host_that_fails_is_a_failure(scene: Scene, github: FakeGitHub) -> None:
    report = scene.review()
    github.fail_next(Fault.ERROR_BEFORE, count=9)
    done = scene.run(report)
    assert (done.exit_code, "GitHub answered 502" in done.stderr) == (2, True)


def test_the_policy_of_the_base_decides(scene: Scene, github: FakeGitHub) -> None:
    base = scene.source.commit({".reviewer.toml": '[bot.modes]\nsecurity = "monitor"\n'}, onto=scene.base)
    github.people.push_base(REPOSITORY, "main", base)
    assert scene.comment() == "0 comments posted, 0 amended, summary as it was.\n"


def test_a_report_of_something_else_is_refused(scene: Scene, github: FakeGitHub, tmp_path: Path) -> None:
    report = json.loads(scene.review().read_bytes())
    for change in (None, {"base": scene.base, "head": "working tree"}):
        (tmp_path / "other.json").write_text(json.dumps(report | {"change": change}), "utf-8")
        done = scene.run(tmp_path / "other.json")
        assert (done.exit_code, "reviewer diff --head" in done.stderr) == (2, True)
    assert github.writes == []


@pytest.fixture
def gitlab(scene: Scene) -> Iterator[FakeGitLab]:
    with FakeGitLab() as fake:
        fake.add_project(PROJECT, scene.source.folder)
        fake.people.open(PROJECT, NewMergeRequest(scene.base, scene.head))
        scene.variables |= {
            "GITLAB_CI": "true",
            "CI_MERGE_REQUEST_IID": "1",
            "CI_MERGE_REQUEST_PROJECT_PATH": PROJECT,
            "CI_SERVER_URL": fake.url,
            "REVIEWER_GITLAB_TOKEN": fake.token,
        }
        yield fake
        assert fake.violations == []


def test_a_merge_request_is_brought_up_to_date(scene: Scene, gitlab: FakeGitLab) -> None:
    assert scene.comment() == "1 comments posted, 0 amended, summary written.\n"
    assert scene.comment() == "0 comments posted, 0 amended, summary as it was.\n"
    gitlab.people.push(PROJECT, 1, scene.commit({"app.py": CLEAN + MORE}))
    assert scene.comment() == "1 comments posted, 1 amended, summary written.\n"
    threads = [one for one in gitlab.merge_request(PROJECT, 1).discussions if one.is_resolvable]
    assert [one.resolved_by for one in threads] == [gitlab.bot, None]
    gitlab.people.push(PROJECT, 1, scene.commit({"app.py": CLEAN + LOADER + MORE}))
    assert scene.comment() == "0 comments posted, 1 amended, summary written.\n"


def test_a_token_that_gitlab_does_not_take_is_no_failure(scene: Scene, gitlab: FakeGitLab) -> None:
    assert "GitLab answered 401" in scene.comment(REVIEWER_GITLAB_TOKEN="glpat-old")
    assert gitlab.writes == []


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({}, "expected GITHUB_ACTIONS or GITLAB_CI, found neither"),
        ({"GITHUB_ACTIONS": "true"}, "GITHUB_EVENT_PATH: expected the event of a pull request"),
        ({"GITLAB_CI": "true"}, "CI_MERGE_REQUEST_IID: expected the job of a merge request"),
        ({"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "1"}, "CI_MERGE_REQUEST_PROJECT_PATH: expected a value"),
    ],
)
def test_a_job_for_no_change_is_refused(variables: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        read_job(variables)


def test_a_token_is_not_shown(scene: Scene, github: FakeGitHub) -> None:
    assert github.url in repr(read_job(scene.variables))
    assert scene.variables["GITHUB_TOKEN"] not in repr(read_job(scene.variables))


def test_outside_a_repository_nothing_is_posted(scene: Scene, github: FakeGitHub, tmp_path: Path) -> None:
    report = scene.review()
    scene.source = LocalRepository(tmp_path)
    assert "comment: expected a git repository" in scene.run(report).stderr
    assert github.writes == []
