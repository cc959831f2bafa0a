"""What every handler of the fake GitHub needs: looking up what a path names, and answering in the published shape."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any  # Any: JSON

from integrations.testing.api_host import Answer, Call, cut_page, link_header
from integrations.testing.github_facts import Facts, overlay
from integrations.testing.github_state import Comment, GitHubState, Pull, Repository, Thread, not_found
from integrations.testing.openapi import Description

_DEFAULT_PER_PAGE = 30


class GitHubContext:
    """State, writer and description together, with look-ups that refuse with 404 what is not there."""

    def __init__(self, state: GitHubState, description: Description) -> None:
        self.state = state
        self.facts = Facts(state)
        self.description = description

    def repository(self, call: Call) -> Repository:
        """Repository of a request's path, as long as the token may see it."""
        full_name = f"{call.text('owner')}/{call.text('repo')}"
        repository = self.state.repositories.get(full_name)
        if repository is None:
            raise not_found()
        return repository

    def pull(self, call: Call, repository: Repository, *, name: str = "pull_number") -> Pull:
        """Pull request of a request's path."""
        pull = repository.pulls.get(call.number(name))
        if pull is None:
            raise not_found()
        return pull

    def issue_comment(self, repository: Repository, comment_id: int) -> tuple[Pull, Comment]:
        """A comment of a conversation by id, with its pull request."""
        for pull in repository.pulls.values():
            for comment in pull.comments:
                if comment.comment_id == comment_id:
                    return pull, comment
        raise not_found()

    def review_comment(self, repository: Repository, comment_id: int) -> tuple[Pull, Thread, Comment]:
        """A comment of a review thread by id, with its pull request and its thread."""
        for pull, thread in self.threads(repository):
            for comment in thread.comments:
                if comment.comment_id == comment_id:
                    return pull, thread, comment
        raise not_found()

    def threads(self, repository: Repository) -> Iterator[tuple[Pull, Thread]]:
        """All review threads of a repository."""
        for pull in repository.pulls.values():
            for thread in pull.threads:
                yield pull, thread

    def shape(self, example: Any, facts: Any, full_name: str = "octocat/Hello-World") -> Any:
        """Facts over a published example, every address in it one of the fake."""
        return overlay(self.facts.localise(example, full_name), facts)

    def example(self, operation_id: str, status: int = 200) -> Any:
        """The published example of an answer; of a listing its first element."""
        example = self.description.example(operation_id, status)
        return example[0] if isinstance(example, list) else example

    def answer(self, call: Call, facts: Any, *, status: int = 200, like: str = "") -> Answer:
        """Facts of one record in the shape of this operation's example, or of another's (`like`, its status 200)."""
        full_name = "/".join(call.operation.path_values.get(part, "x") for part in ("owner", "repo"))
        example = self.example(like) if like else self.example(call.operation.operation_id, status)
        return Answer(status, self.shape(example, facts, full_name))

    def listing(self, call: Call, records: Sequence[Any], write: Callable[[Any], Any], *, under: str = "") -> Answer:
        """One page of records, each written over the example's first element; `under` names the list in an object."""
        page = cut_page(records, call.query, default_per_page=_DEFAULT_PER_PAGE)
        example = self.description.example(call.operation.operation_id)
        element = example[under][0] if under else example[0]
        full_name = "/".join(call.operation.path_values.get(part, "x") for part in ("owner", "repo"))
        written = [self.shape(element, write(record), full_name) for record in page.records]
        body = {"total_count": page.num_records, under: written} if under else written
        return Answer(200, body, link_header(call.url, call.query, page))
