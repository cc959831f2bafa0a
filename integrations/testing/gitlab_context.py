"""What every handler of the fake GitLab needs: looking up what a path names, and answering in pages."""

from collections.abc import Callable, Sequence
from typing import Any  # Any: records of any kind, and JSON

from integrations.testing.api_host import Answer, Call, cut_page, link_header
from integrations.testing.gitlab_facts import GitLabFacts
from integrations.testing.gitlab_state import Discussion, GitLabState, MergeRequest, Note, Project, not_found

_DEFAULT_PER_PAGE = 20


class GitLabContext:
    """State and writer together, and the look-ups over them. A look-up refuses with 404 what is not there."""

    def __init__(self, state: GitLabState) -> None:
        self.state = state
        self.facts = GitLabFacts(state)

    def project(self, call: Call) -> Project:
        """Project of a request's path, by number or by path."""
        project = self.state.project(call.text("id"))
        if project is None:
            raise not_found("Project")
        return project

    def merge_request(self, call: Call) -> tuple[Project, MergeRequest]:
        """Merge request of a request's path, with its project."""
        project = self.project(call)
        merge_request = project.merge_requests.get(call.number("merge_request_iid"))
        if merge_request is None:
            raise not_found("Merge Request")
        return project, merge_request

    def discussion(self, call: Call, merge_request: MergeRequest) -> Discussion:
        """Discussion of a request's path."""
        for discussion in merge_request.discussions:
            if discussion.discussion_id == call.text("discussion_id"):
                return discussion
        raise not_found("Discussion")

    def note(self, call: Call, merge_request: MergeRequest) -> tuple[Discussion, Note]:
        """Note of a request's path, with its discussion; in that discussion only, where the path names one."""
        for discussion in merge_request.discussions:
            if call.operation.path_values.get("discussion_id", discussion.discussion_id) != discussion.discussion_id:
                continue
            for note in discussion.notes:
                if note.note_id == call.number("note_id"):
                    return discussion, note
        raise not_found("Note")

    def listing(self, call: Call, records: Sequence[Any], write: Callable[[Any], Any]) -> Answer:
        """One page of records, with GitLab's headers: https://docs.gitlab.com/api/rest/#offset-based-pagination"""
        page = cut_page(records, call.query, default_per_page=_DEFAULT_PER_PAGE)
        is_last = page.number >= page.num_pages
        headers = {
            "X-Page": str(page.number),
            "X-Per-Page": str(page.per_page),
            "X-Total": str(page.num_records),
            "X-Total-Pages": str(page.num_pages),
            "X-Next-Page": "" if is_last else str(page.number + 1),
            "X-Prev-Page": "" if page.number == 1 else str(page.number - 1),
        }
        return Answer(
            200, [write(record) for record in page.records], headers | link_header(call.url, call.query, page)
        )
