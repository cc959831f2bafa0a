"""The fake GitHub, driven by the real PyGithub over HTTP: it refuses what GitHub refuses, in GitHub's shape."""

from collections.abc import Iterator
from pathlib import Path

import github
import pytest
from github.PullRequest import PullRequest
from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, build_schema

from integrations.testing.fake_github import FakeGitHub
from integrations.testing.github_graphql import SCHEMA
from integrations.testing.github_people import NewPull
from integrations.testing.local_repository import ExampleChange, LocalRepository
from integrations.testing.openapi import find_description

REPOSITORY = "alice/parser"


@pytest.fixture
def fake(source: ExampleChange) -> Iterator[FakeGitHub]:
    with FakeGitHub() as fake:
        fake.add_repository(REPOSITORY, source.folder)
        yield fake
    assert fake.violations == []


def connect(fake: FakeGitHub, *, retry: int | github.GithubRetry | None = None) -> github.Github:
    auth = github.Auth.AppAuth(fake.app_id, fake.private_key_pem).get_installation_auth(fake.installation_id)
    return github.Github(
        auth=auth, base_url=fake.api_url, retry=retry, seconds_between_writes=0, seconds_between_requests=0
    )


def open_pull(fake: FakeGitHub, source: ExampleChange) -> PullRequest:
    fake.people.open_pull(REPOSITORY, NewPull(source.base, source.head))
    return connect(fake).get_repo(REPOSITORY).get_pull(1)


def inline(line: int, **more: object) -> dict[str, object]:
    return {"path": "app.py", "line": line, "side": "RIGHT", "body": "Look.", **more}


def review(pull: PullRequest, source: ExampleChange, *comments: dict[str, object]) -> None:
    head = pull.base.repo.get_commit(source.head)
    pull.create_review(commit=head, body="Found.", event="COMMENT", comments=list(comments))  # type: ignore[arg-type]


def test_pull_request_is_what_git_says(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    assert (pull.base.sha, pull.head.sha, pull.draft, pull.user.login) == (source.base, source.head, False, "alice")
    assert (pull.changed_files, pull.additions, pull.deletions, pull.commits) == (3, 5, 2, 1)
    files = {file.filename: file for file in pull.get_files()}
    assert {name: file.status for name, file in files.items()} == {
        "app.py": "modified",
        "old.py": "removed",
        "ä.py": "added",
    }
    assert files["app.py"].patch.startswith("@@ -17,7 +17,7 @@")


def test_review_appears_with_its_comments(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    left = {"path": "old.py", "line": 1, "side": "LEFT", "body": "Gone."}
    review(pull, source, inline(20), inline(33, start_line=31, start_side="RIGHT"), left)
    comments = list(pull.get_review_comments())
    assert [(c.path, c.line, c.start_line, c.side) for c in comments] == [
        ("app.py", 20, None, "RIGHT"),
        ("app.py", 33, 31, "RIGHT"),
        ("old.py", 1, None, "LEFT"),
    ]
    assert comments[0].diff_hunk.endswith("+line zwanzig – größer")
    assert comments[0].user.login == "graph-reviewer[bot]"
    assert [exchange.operation for exchange in fake.writes] == ["pulls/create-review"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (inline(1), "Line could not be resolved"),
        (inline(20, side="LEFT", path="ä.py"), "Line could not be resolved"),
        (inline(19, side="LEFT"), "Line could not be resolved"),  # unchanged, so not on the left
        (inline(20, path="none.py"), "Path could not be resolved"),
        (inline(33, start_line=20), "same hunk"),
        (inline(31, start_line=32), "precede"),
        (inline(31, start_line=31), "precede"),
        (inline(33, start_line=5), "Start line could not be resolved"),
        ({"path": "app.py", "position": 4, "body": "Look."}, "Line could not be resolved"),
        ({**inline(1, side="LEFT", path="old.py"), "body": "```suggestion\ny\n```"}, "Suggestions"),
        (inline(20, body=""), "blank"),
        (inline(20, body="x" * 70_000), "too long"),
    ],
)
def test_one_bad_comment_refuses_the_whole_review(
    fake: FakeGitHub, source: ExampleChange, bad: dict[str, object], reason: str
) -> None:
    pull = open_pull(fake, source)
    with pytest.raises(github.GithubException, match=reason) as caught:
        review(pull, source, inline(20), bad)
    assert caught.value.status == 422
    assert (fake.writes, fake.pull(REPOSITORY, 1).threads, fake.pull(REPOSITORY, 1).reviews) == ([], [], [])


def test_a_file_with_a_huge_diff_takes_no_comments(fake: FakeGitHub, tmp_path: Path) -> None:
    repository = LocalRepository.create(tmp_path / "huge")
    base = repository.commit({"a.py": "x = 1\n"}, "base")
    head = repository.commit({"a.py": "x = 1\n" + "y = 2\n" * 20_000}, "change")
    fake.add_repository("alice/huge", repository.folder)
    fake.people.open_pull("alice/huge", NewPull(base, head))
    pull = connect(fake).get_repo("alice/huge").get_pull(1)
    with pytest.raises(github.GithubException, match="Path diff too large"):
        pull.create_review(body="Found.", event="COMMENT", comments=[{"path": "a.py", "line": 2, "body": "Look."}])


def test_review_of_a_foreign_commit_or_without_a_body_is_refused(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    repository = pull.base.repo
    with pytest.raises(github.GithubException, match="commit_id"):
        pull.create_review(commit=repository.get_commit(source.base), body="x", event="COMMENT")
    with pytest.raises(github.GithubException, match="blank"):
        pull.create_review(commit=repository.get_commit(source.head), event="COMMENT")


def test_pending_review_is_shown_to_nobody(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    comment = {"path": "app.py", "line": 20, "side": "RIGHT", "body": "Draft."}
    pull.create_review(body="Later.", comments=[comment])  # type: ignore[list-item]
    assert list(pull.get_review_comments()) == []
    assert next(iter(pull.get_reviews())).state == "PENDING"


def test_replies_edits_and_single_comments(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    head = pull.base.repo.get_commit(source.head)
    first = pull.create_review_comment("Whole file.", head, "app.py", subject_type="file")
    reply = pull.create_review_comment_reply(first.id, "Indeed.")
    assert reply.in_reply_to_id == first.id
    second = pull.create_review_comment("Here.", head, "app.py", line=20, side="RIGHT")
    second.edit("Here?")
    assert [comment.body for comment in pull.get_review_comments()] == ["Whole file.", "Indeed.", "Here?"]
    second.delete()
    assert pull.get_review_comments().totalCount == 2
    assert fake.people.reply(REPOSITORY, first.id, "bob", "Why?").payload["comment"]["in_reply_to_id"] == first.id


def test_conversation_comments_and_reactions(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    comment = pull.create_issue_comment("Summary – größer")
    comment.edit("Summary, edited")
    asked = fake.people.comment(REPOSITORY, 1, "bob", "/reviewer review").payload["comment"]["id"]
    pull.get_issue_comment(asked).create_reaction("eyes")
    pull.get_issue_comment(asked).create_reaction("eyes")  # the same again is no second one
    fake.people.react(REPOSITORY, comment.id, "bob", "+1")
    assert [found.body for found in pull.get_issue_comments()] == ["Summary, edited", "/reviewer review"]
    assert [reaction.content for reaction in pull.get_issue_comment(asked).get_reactions()] == ["eyes"]
    assert [reaction.user.login for reaction in comment.get_reactions()] == ["bob"]


def test_listings_come_in_pages(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    for number in range(65):
        fake.people.comment(REPOSITORY, 1, "bob", f"comment {number}")
    assert [comment.body for comment in pull.get_issue_comments()] == [f"comment {number}" for number in range(65)]
    pages = [exchange.query.get("page") for exchange in fake.exchanges if exchange.operation == "issues/list-comments"]
    assert pages == [None, "2", "3"]


def test_push_outdates_threads_whose_lines_changed_and_moves_others(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    review(pull, source, inline(20), inline(33, start_line=31))
    text = source.repository.read(source.head, "app.py").replace("line zwanzig – größer\n", "line 20\n")
    head = source.repository.commit({"app.py": "first\n" + text}, onto=source.head)
    payload = fake.people.push(REPOSITORY, 1, head).payload
    assert (payload["before"], payload["after"], payload["pull_request"]["head"]["sha"]) == (source.head, head, head)
    outdated, moved = connect(fake).get_repo(REPOSITORY).get_pull(1).get_review_comments()
    assert (outdated.original_line, outdated.commit_id) == (20, source.head)
    assert not outdated.line
    assert (moved.line, moved.start_line, moved.original_line, moved.commit_id) == (34, 32, 33, head)


def test_force_push_takes_old_commits_out_of_the_pull_request(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    text = source.repository.read(source.head, "app.py")
    head = source.repository.commit({"app.py": text + "tail\n"}, onto=source.base)
    fake.people.push(REPOSITORY, 1, head)
    with pytest.raises(github.GithubException, match="commit_id"):
        review(pull, source, inline(20))
    pull.create_review(pull.base.repo.get_commit(head), "Again.", "COMMENT", [inline(44)])  # type: ignore[list-item]
    assert fake.pull(REPOSITORY, 1).threads[0].place.line == 44


THREADS = """
query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { reviewThreads(first: 50) {
    nodes { id isResolved isOutdated comments(first: 1) { nodes { databaseId author { login } } } }
    pageInfo { hasNextPage endCursor } } } } }
"""
RESOLVE = "mutation($input: ResolveReviewThreadInput!) { resolveReviewThread(input: $input) { thread { isResolved } } }"


def test_threads_are_resolved_by_graphql(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    review(pull, source, inline(20), inline(31))
    requester = connect(fake).requester
    variables = {"owner": "alice", "name": "parser", "number": 1}
    _, found = requester.graphql_query(THREADS, variables)
    nodes = found["data"]["repository"]["pullRequest"]["reviewThreads"]["nodes"]
    assert [node["isResolved"] for node in nodes] == [False, False]
    requester.graphql_query(RESOLVE, {"input": {"threadId": nodes[0]["id"]}})
    assert [thread.resolved_by for thread in fake.pull(REPOSITORY, 1).threads] == ["graph-reviewer[bot]", None]
    assert [exchange.operation for exchange in fake.writes] == ["pulls/create-review", "graphql"]
    comment_id = nodes[1]["comments"]["nodes"][0]["databaseId"]
    payload = fake.people.resolve(REPOSITORY, comment_id, "alice").payload
    assert payload["thread"]["node_id"] == nodes[1]["id"]


def test_an_app_that_only_reads_contents_may_not_resolve_threads(source: ExampleChange) -> None:
    with FakeGitHub(contents="read") as fake:
        fake.add_repository(REPOSITORY, source.folder)
        review(open_pull(fake, source), source, inline(20))
        thread = fake.pull(REPOSITORY, 1).threads[0]
        with pytest.raises(github.GithubException, match="not accessible by integration"):
            connect(fake).requester.graphql_query(RESOLVE, {"input": {"threadId": thread.thread_id}})
        assert thread.resolved_by is None
        assert fake.violations == []


def test_graphql_that_github_does_not_know_is_a_violation(source: ExampleChange) -> None:
    with FakeGitHub() as fake, pytest.raises(github.GithubException):
        connect(fake).requester.graphql_query("query { repository { threads } }", {})
    assert any("threads" in violation for violation in fake.violations)


def test_graphql_refuses_what_is_not_there(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    review(pull, source, inline(20))
    requester = connect(fake).requester
    for name, number in (("none", 1), ("parser", 9)):
        with pytest.raises(github.GithubException, match="Could not resolve"):
            requester.graphql_query(THREADS, {"owner": "alice", "name": name, "number": number})
    with pytest.raises(github.GithubException, match="global id"):
        requester.graphql_query(RESOLVE, {"input": {"threadId": "PRRT_0"}})
    without_first = THREADS.replace("reviewThreads(first: 50)", "reviewThreads")
    with pytest.raises(github.GithubException, match="first"):
        requester.graphql_query(without_first, {"owner": "alice", "name": "parser", "number": 1})
    assert [exchange.operation for exchange in fake.writes] == ["pulls/create-review"]


def test_graphql_answers_in_pages_and_by_node(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    review(pull, source, inline(20), inline(31), inline(32))
    requester = connect(fake).requester
    query = """query($after: String) { repository(owner: "alice", name: "parser") { pullRequest(number: 1) {
        isDraft state headRefOid reviewThreads(first: 2, after: $after) {
        totalCount nodes { id line path } pageInfo { hasNextPage endCursor } } } } }"""
    _, first = requester.graphql_query(query, {})
    found = first["data"]["repository"]["pullRequest"]
    assert (found["isDraft"], found["state"], found["headRefOid"]) == (False, "OPEN", source.head)
    page = found["reviewThreads"]["pageInfo"]
    assert page["hasNextPage"]
    _, second = requester.graphql_query(query, {"after": page["endCursor"]})
    nodes = second["data"]["repository"]["pullRequest"]["reviewThreads"]["nodes"]
    assert [node["line"] for node in nodes] == [32]
    by_node = "query($id: ID!) { node(id: $id) { ... on PullRequestReviewThread { isOutdated line } } }"
    _, node = requester.graphql_query(by_node, {"id": nodes[0]["id"]})
    assert node["data"]["node"] == {"isOutdated": False, "line": 32}


def fields_of(schema: GraphQLSchema) -> dict[tuple[str, str], tuple[str, dict[str, str]]]:
    kinds = (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)
    return {
        (name, field): (str(spec.type), {key: str(value.type) for key, value in getattr(spec, "args", {}).items()})
        for name, kind in schema.type_map.items()
        if isinstance(kind, kinds)
        for field, spec in kind.fields.items()
    }


@pytest.mark.slow
def test_graphql_schema_is_part_of_the_one_that_github_publishes() -> None:
    published = build_schema(find_description("github/schema.graphql").read_text("utf-8"), assume_valid=True)
    theirs = fields_of(published)
    for key, (kind, arguments) in fields_of(build_schema(SCHEMA)).items():
        assert (key, kind) == (key, theirs[key][0])
        assert arguments.items() <= theirs[key][1].items()


def test_check_run_takes_annotations_in_batches_of_fifty(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    annotation = {"path": "app.py", "start_line": 20, "end_line": 20, "annotation_level": "warning", "message": "Look."}
    output = {"title": "2 findings", "summary": "Two.", "annotations": [annotation] * 50}
    repository = pull.base.repo
    run = repository.create_check_run("graph-reviewer", source.head, status="in_progress", output=output)  # type: ignore[arg-type]
    run.edit(status="completed", conclusion="neutral", output=output)
    found = list(repository.get_commit(source.head).get_check_runs())
    assert [(check.id, check.conclusion, check.output.annotations_count) for check in found] == [
        (run.id, "neutral", 100)
    ]
    assert run.get_annotations().totalCount == 100
    fake.people.rerequest_check(REPOSITORY, run.id, "alice")


def test_too_many_annotations_are_refused(source: ExampleChange) -> None:
    with FakeGitHub() as fake:
        fake.add_repository(REPOSITORY, source.folder)
        pull = open_pull(fake, source)
        annotation = {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "x"}
        output = {"title": "t", "summary": "s", "annotations": [annotation] * 51}
        with pytest.raises(github.GithubException, match="50 annotations"):
            pull.base.repo.create_check_run("x", source.head, output=output)  # type: ignore[arg-type]
    assert any("maxItems" in violation for violation in fake.violations)


def test_checks_and_statuses_are_refused_where_github_refuses_them(source: ExampleChange) -> None:
    with FakeGitHub() as fake:
        fake.add_repository(REPOSITORY, source.folder)
        repository = open_pull(fake, source).base.repo
        with pytest.raises(github.GithubException, match="No commit found"):
            repository.create_check_run("x", "0" * 40)
        with pytest.raises(github.GithubException, match="conclusion is required"):
            repository.create_check_run("x", source.head, status="completed")
        with pytest.raises(github.UnknownObjectException):
            repository.get_check_run(1)
        with pytest.raises(github.GithubException, match="No commit found"):
            repository.get_commit("none")
        with pytest.raises(github.GithubException, match="too long"):
            repository.get_commit(source.head).create_status("success", description="x" * 141)
        assert fake.repository(REPOSITORY).check_runs == {}


def test_commit_statuses_are_combined(fake: FakeGitHub, source: ExampleChange) -> None:
    head = open_pull(fake, source).base.repo.get_commit(source.head)
    head.create_status("pending", context="review")
    head.create_status("success", description="Nothing found", context="review")
    combined = head.get_combined_status()
    assert (combined.state, [status.description for status in combined.statuses]) == ("success", ["Nothing found"])


def test_open_pull_requests_are_listed(fake: FakeGitHub, source: ExampleChange) -> None:
    repository = open_pull(fake, source).base.repo
    fake.people.open_pull(REPOSITORY, NewPull(source.base, source.head, head_ref="other", login="bob"))
    fake.people.close(REPOSITORY, 1, merged=True)
    assert [pull.number for pull in repository.get_pulls()] == [2]
    assert [pull.number for pull in repository.get_pulls(state="all", base="main")] == [2, 1]
    assert repository.get_pull(1).merged
    assert [review.state for review in repository.get_pull(2).get_reviews()] == []


def test_base_branch_that_moves_leaves_the_diff_alone(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    moved = source.repository.commit({"other.py": "z = 3\n"}, onto=source.base)
    fake.people.push_base(REPOSITORY, "main", moved)
    again = pull.base.repo.get_pull(1)
    assert (again.base.sha, again.changed_files) == (moved, 3)
    review(again, source, inline(20))
    with pytest.raises(ValueError, match="expected a commit"):
        fake.people.push(REPOSITORY, 1, "none")


def test_person_with_a_token_cannot_approve_their_own_change(fake: FakeGitHub, source: ExampleChange) -> None:
    open_pull(fake, source)
    auth = github.Auth.Token(fake.add_token("alice"))
    pull = github.Github(auth=auth, base_url=fake.api_url, retry=None).get_repo(REPOSITORY).get_pull(1)
    with pytest.raises(github.GithubException, match="your own"):
        pull.create_review(body="Fine.", event="APPROVE")
    pull.create_issue_comment("Please look.").delete()
    assert fake.pull(REPOSITORY, 1).comments == []


def test_reactions_to_review_comments_can_be_taken_back(fake: FakeGitHub, source: ExampleChange) -> None:
    pull = open_pull(fake, source)
    review(pull, source, inline(20))
    comment = pull.get_review_comments()[0]
    reaction = comment.create_reaction("eyes")
    fake.people.react(REPOSITORY, comment.id, "bob", "-1")
    assert [found.content for found in comment.get_reactions()] == ["eyes", "-1"]
    assert comment.delete_reaction(reaction.id)
    assert [found.content for found in comment.get_reactions()] == ["-1"]
    assert pull.get_review_comment(comment.id).body == "Look."
    with pytest.raises(github.UnknownObjectException):
        pull.get_review_comment(1)
    review_id = fake.pull(REPOSITORY, 1).reviews[0].review_id
    assert [found.id for found in pull.get_single_review_comments(review_id)] == [comment.id]


def test_permission_of_people(fake: FakeGitHub, source: ExampleChange) -> None:
    repository = open_pull(fake, source).base.repo
    fake.grant(REPOSITORY, "bob", "write")
    fake.grant(REPOSITORY, "eve", "none")
    found = {login: repository.get_collaborator_permission(login) for login in ("alice", "bob", "eve")}
    assert found == {"alice": "admin", "bob": "write", "eve": "none"}
    with pytest.raises(github.GithubException, match="404"):
        repository.get_collaborator_permission("nobody")
