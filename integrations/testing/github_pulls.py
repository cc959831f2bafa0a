"""The fake GitHub's pull requests: what they are, their files, reviews and review comments."""

from collections.abc import Mapping
from typing import Any  # Any: JSON bodies, as the description checks them

from integrations.testing.api_host import Answer, Call, Handler
from integrations.testing.github_context import GitHubContext
from integrations.testing.github_state import Pull, Repository, Review, Thread, not_found, unprocessable
from integrations.testing.github_threads import check_body, check_commit, start_thread

_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED", None: "PENDING"}


class PullHandlers:
    """Handlers by operation id, over one context."""

    def __init__(self, context: GitHubContext) -> None:
        self._context = context
        self._state = context.state
        self._facts = context.facts

    def table(self) -> Mapping[str, Handler]:
        """Handlers by operation id."""
        return {
            "pulls/get": self._get,
            "pulls/list": self._list,
            "pulls/list-files": self._list_files,
            "pulls/list-reviews": self._list_reviews,
            "pulls/create-review": self._create_review,
            "pulls/list-review-comments": self._list_comments,
            "pulls/list-comments-for-review": self._list_comments_of_review,
            "pulls/create-review-comment": self._create_comment,
            "pulls/create-reply-for-review-comment": self._reply,
            "pulls/get-review-comment": self._get_comment,
            "pulls/update-review-comment": self._update_comment,
            "pulls/delete-review-comment": self._delete_comment,
        }

    def _get(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        pull = self._context.pull(call, repository)
        return Answer(200, self._written(repository, pull, call.operation.operation_id))

    def _written(self, repository: Repository, pull: Pull, operation_id: str) -> Any:
        example = self._context.example(operation_id)
        written = self._facts.pull(repository, pull, example=example)
        return {key: value for key, value in written.items() if key in example or operation_id == "pulls/get"}

    def _list(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        wanted = call.query.get("state", "open")
        pulls = [pull for pull in repository.pulls.values() if wanted in {"all", pull.state}]
        base = call.query.get("base")
        pulls = [pull for pull in pulls if base in {None, pull.base_ref}]
        return self._context.listing(
            call, pulls[::-1], lambda pull: self._written(repository, pull, call.operation.operation_id)
        )

    def _list_files(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        pull = self._context.pull(call, repository)
        page_of = self._facts.files(repository, repository.git, pull)
        example = self._context.example(call.operation.operation_id)
        # A file without a patch or a former name has no such field, whatever the example says.
        answer = self._context.listing(call, page_of, dict)
        optional = set(example) & {"patch", "previous_filename"}
        shown = [{k: v for k, v in entry.items() if k not in optional} for entry in answer.body]
        by_name = {entry["filename"]: entry for entry in page_of}
        return Answer(200, [entry | by_name[entry["filename"]] for entry in shown], answer.headers)

    def _list_reviews(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        pull = self._context.pull(call, repository)
        reviews = [review for review in pull.reviews if self._state.is_visible(review)]
        return self._context.listing(call, reviews, lambda review: self._facts.review(repository, pull, review))

    def _create_review(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        pull = self._context.pull(call, repository)
        body = call.body or {}
        event = body.get("event")
        if event in {"COMMENT", "REQUEST_CHANGES"} and not body.get("body"):
            raise unprocessable("Body can't be blank")
        if event in {"APPROVE", "REQUEST_CHANGES"} and call.actor.login == pull.login:
            raise unprocessable("Can not approve or request changes on your own pull request")
        if body.get("body"):
            check_body(body["body"])
        commit = check_commit(repository.git, pull, body.get("commit_id", pull.head_sha))
        now_s, visible_from = self._state.clock(), self._state.visible_from()
        review = Review(
            self._state.next_id(), call.actor.login, body.get("body", ""), _STATES[event], commit, now_s, visible_from
        )
        # All threads are built, and so checked, before one of them is kept: one bad line refuses the whole review.
        threads = [self._build(call, repository, pull, commit, wanted, review) for wanted in body.get("comments", ())]
        pull.reviews.append(review)
        pull.threads.extend(threads)
        return self._context.answer(call, self._facts.review(repository, pull, review))

    def _build(
        self, call: Call, repository: Repository, pull: Pull, commit: str, wanted: Mapping[str, Any], review: Review
    ) -> Thread:
        comment = self._state.new_comment(
            call.actor.login, wanted["body"], review_id=review.review_id, visible_from=review.visible_from
        )
        return start_thread(self._state, repository.git, pull, commit, wanted, comment)

    def _visible(self, pull: Pull) -> list[tuple[Thread, Any]]:
        pending = {review.review_id for review in pull.reviews if review.state == "PENDING"}
        pairs = [(thread, comment) for thread in pull.threads for comment in thread.comments]
        pairs.sort(key=lambda pair: pair[1].comment_id)
        return [(t, c) for t, c in pairs if self._state.is_visible(c) and c.review_id not in pending]

    def _list_comments(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        pull = self._context.pull(call, repository)
        pairs = self._visible(pull)
        if call.query.get("direction") == "desc":
            pairs.reverse()
        return self._context.listing(call, pairs, lambda pair: self._facts.review_comment(repository, pull, *pair))

    def _list_comments_of_review(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        pull = self._context.pull(call, repository)
        review_id = call.number("review_id")
        pairs = [(thread, comment) for thread, comment in self._visible(pull) if comment.review_id == review_id]
        return self._context.listing(call, pairs, lambda pair: self._facts.review_comment(repository, pull, *pair))

    def _create_comment(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        pull = self._context.pull(call, repository)
        if "in_reply_to" in call.body:
            return self._append(call, repository, call.body["in_reply_to"])
        commit = check_commit(repository.git, pull, call.body["commit_id"])
        review = self._silent_review(call, commit)
        thread = self._build(call, repository, pull, commit, call.body, review)
        pull.reviews.append(review)
        pull.threads.append(thread)
        facts = self._facts.review_comment(repository, pull, thread, thread.comments[0])
        return self._context.answer(call, facts, status=201)

    def _silent_review(self, call: Call, commit: str) -> Review:
        # GitHub puts a single comment into a review without text of its own.
        review_id, visible_from = self._state.next_id(), self._state.visible_from()
        return Review(review_id, call.actor.login, "", "COMMENTED", commit, self._state.clock(), visible_from)

    def _reply(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        self._context.pull(call, repository)
        return self._append(call, repository, call.number("comment_id"))

    def _append(self, call: Call, repository: Repository, comment_id: int) -> Answer:
        pull, thread, _ = self._context.review_comment(repository, comment_id)
        check_body(call.body["body"])
        review = self._silent_review(call, thread.commit)
        comment = self._state.new_comment(
            call.actor.login, call.body["body"], review_id=review.review_id, visible_from=review.visible_from
        )
        pull.reviews.append(review)
        thread.comments.append(comment)
        return self._context.answer(call, self._facts.review_comment(repository, pull, thread, comment), status=201)

    def _get_comment(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        pull, thread, comment = self._context.review_comment(repository, call.number("comment_id"))
        return self._context.answer(call, self._facts.review_comment(repository, pull, thread, comment))

    def _update_comment(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        pull, thread, comment = self._context.review_comment(repository, call.number("comment_id"))
        check_body(call.body["body"])
        comment.body, comment.updated_s = call.body["body"], self._state.clock()
        return self._context.answer(call, self._facts.review_comment(repository, pull, thread, comment))

    def _delete_comment(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        pull, thread, comment = self._context.review_comment(repository, call.number("comment_id"))
        if comment not in thread.comments:
            raise not_found()
        thread.comments.remove(comment)
        if not thread.comments:
            pull.threads.remove(thread)
        return Answer(204)
