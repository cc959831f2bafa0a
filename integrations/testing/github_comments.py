"""The fake GitHub's conversations: comments of a pull request, and reactions to comments of both kinds."""

from collections.abc import Callable, Mapping

from integrations.testing.api_host import Answer, Call, Handler
from integrations.testing.github_context import GitHubContext
from integrations.testing.github_state import Comment, Reaction
from integrations.testing.github_threads import check_body

_FindComment = Callable[[Call], Comment]


class CommentHandlers:
    """Handlers by operation id, over one context."""

    def __init__(self, context: GitHubContext) -> None:
        self._context = context
        self._state = context.state
        self._facts = context.facts

    def table(self) -> Mapping[str, Handler]:
        """Handlers by operation id."""
        issue, review = self._find_issue_comment, self._find_review_comment
        return {
            "issues/list-comments": self._list,
            "issues/create-comment": self._create,
            "issues/get-comment": self._get,
            "issues/update-comment": self._update,
            "issues/delete-comment": self._delete,
            "reactions/list-for-issue-comment": lambda call: self._list_reactions(call, issue),
            "reactions/create-for-issue-comment": lambda call: self._react(call, issue),
            "reactions/delete-for-issue-comment": lambda call: self._unreact(call, issue),
            "reactions/list-for-pull-request-review-comment": lambda call: self._list_reactions(call, review),
            "reactions/create-for-pull-request-review-comment": lambda call: self._react(call, review),
            "reactions/delete-for-pull-request-comment": lambda call: self._unreact(call, review),
        }

    def _find_issue_comment(self, call: Call) -> Comment:
        return self._context.issue_comment(self._context.repository(call), call.number("comment_id"))[1]

    def _find_review_comment(self, call: Call) -> Comment:
        return self._context.review_comment(self._context.repository(call), call.number("comment_id"))[2]

    def _list(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        pull = self._context.pull(call, repository, name="issue_number")
        comments = [comment for comment in pull.comments if self._state.is_visible(comment)]
        return self._context.listing(call, comments, lambda c: self._facts.issue_comment(repository, pull, c))

    def _create(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        pull = self._context.pull(call, repository, name="issue_number")
        check_body(call.body["body"])
        comment = self._state.new_comment(call.actor.login, call.body["body"], visible_from=self._state.visible_from())
        pull.comments.append(comment)
        return self._context.answer(call, self._facts.issue_comment(repository, pull, comment), status=201)

    def _get(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        pull, comment = self._context.issue_comment(repository, call.number("comment_id"))
        return self._context.answer(call, self._facts.issue_comment(repository, pull, comment))

    def _update(self, call: Call) -> Answer:
        repository = self._context.repository(call)
        pull, comment = self._context.issue_comment(repository, call.number("comment_id"))
        check_body(call.body["body"])
        comment.body, comment.updated_s = call.body["body"], self._state.clock()
        return self._context.answer(call, self._facts.issue_comment(repository, pull, comment))

    def _delete(self, call: Call) -> Answer:
        pull, comment = self._context.issue_comment(self._context.repository(call), call.number("comment_id"))
        pull.comments.remove(comment)
        return Answer(204)

    def _list_reactions(self, call: Call, find: _FindComment) -> Answer:
        wanted = call.query.get("content")
        reactions = [reaction for reaction in find(call).reactions if wanted in {None, reaction.content}]
        return self._context.listing(call, reactions, self._facts.reaction)

    def _react(self, call: Call, find: _FindComment) -> Answer:
        comment, content = find(call), call.body["content"]
        for reaction in comment.reactions:
            if (reaction.login, reaction.content) == (call.actor.login, content):
                return self._context.answer(call, self._facts.reaction(reaction))  # 200: it was there before
        reaction = Reaction(self._state.next_id(), call.actor.login, content, self._state.clock())
        comment.reactions.append(reaction)
        return self._context.answer(call, self._facts.reaction(reaction), status=201)

    def _unreact(self, call: Call, find: _FindComment) -> Answer:
        comment, reaction_id = find(call), call.number("reaction_id")
        comment.reactions[:] = [r for r in comment.reactions if r.reaction_id != reaction_id]
        return Answer(204)
