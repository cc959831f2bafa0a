"""The fake GitLab's discussions: threads in the diff and in the overview, notes, and reactions to notes."""

from collections.abc import Mapping, Sequence
from typing import Any  # Any: JSON

from integrations.testing.api_host import Answer, Call, Handler, RefusalError
from integrations.testing.gitlab_context import GitLabContext
from integrations.testing.gitlab_positions import check_position, check_shape
from integrations.testing.gitlab_state import Discussion, Emoji, MergeRequest, Note, Project, bad_request, not_found

_MAX_BODY_CHARS = 1_000_000


class DiscussionHandlers:
    """Handlers by operation id, over one context."""

    def __init__(self, context: GitLabContext) -> None:
        self._context = context
        self._state = context.state
        self._facts = context.facts

    def table(self) -> Mapping[str, Handler]:
        """Handlers by operation id."""
        return {
            "discussions": self._list,
            "discussion": self._get,
            "create_discussion": self._create,
            "resolve_discussion": self._resolve,
            "create_reply": self._reply,
            "discussion_note": self._get_note,
            "update_discussion_note": self._update_note,
            "delete_discussion_note": self._delete_note,
            "notes": self._list_notes,
            "note": self._get_note,
            "create_note": self._create_note,
            "update_note": self._update_note,
            "delete_note": self._delete_note,
            "note_emoji": self._list_emoji,
            "create_note_emoji": self._react,
            "delete_note_emoji": self._unreact,
        }

    def _list(self, call: Call) -> Answer:
        project, merge_request = self._context.merge_request(call)
        shown = [discussion for discussion in merge_request.discussions if self._state.is_visible(discussion.notes[0])]
        return self._context.listing(call, shown, lambda d: self._facts.discussion(project, merge_request, d))

    def _get(self, call: Call) -> Answer:
        project, merge_request = self._context.merge_request(call)
        discussion = self._context.discussion(call, merge_request)
        return Answer(200, self._facts.discussion(project, merge_request, discussion))

    def _create(self, call: Call) -> Answer:
        project, merge_request = self._context.merge_request(call)
        position = call.body.get("position")
        body = _check_body(call.body)
        mistakes: Sequence[str] = ()
        if position is not None:
            check_shape(position, takes_line_numbers=self._state.takes_line_numbers)
            mistakes = check_position(project.git, merge_request, position)
        kind = "DiscussionNote" if position is None else "DiffNote"
        note = self._new_note(call, body, kind)
        note.position = position
        head_sha = merge_request.version.head_sha if position is None else position["head_sha"]
        discussion = self._state.new_discussion(note, head_sha, is_individual=False)
        merge_request.discussions.append(discussion)
        return Answer(201, self._facts.discussion(project, merge_request, discussion), mistakes=mistakes)

    def _new_note(self, call: Call, body: str, kind: str | None) -> Note:
        return self._state.new_note(call.actor.login, body, kind, visible_from=self._state.visible_from())

    def _resolve(self, call: Call) -> Answer:
        project, merge_request = self._context.merge_request(call)
        discussion = self._context.discussion(call, merge_request)
        self._set_resolved(call, project, merge_request, discussion)
        return Answer(200, self._facts.discussion(project, merge_request, discussion))

    def _set_resolved(self, call: Call, project: Project, merge_request: MergeRequest, discussion: Discussion) -> None:
        # At least Developer (30), or the author of the change.
        if project.members.get(call.actor.login, 0) < 30 and call.actor.login != merge_request.username:
            raise RefusalError(403, {"message": "403 Forbidden"})
        if not discussion.is_resolvable:
            raise bad_request("Discussion is not resolvable")
        discussion.resolved_by = call.actor.login if call.body["resolved"] else None

    def _reply(self, call: Call) -> Answer:
        project, merge_request = self._context.merge_request(call)
        discussion = self._context.discussion(call, merge_request)
        first = discussion.notes[0]
        note = self._new_note(call, _check_body(call.body), first.kind or "DiscussionNote")
        note.position = first.position
        discussion.notes.append(note)
        discussion.is_individual = False  # a reply makes a thread of a single comment
        return Answer(201, self._written(project, merge_request, discussion, note))

    def _written(
        self, project: Project, merge_request: MergeRequest, discussion: Discussion, note: Note
    ) -> dict[str, Any]:
        return self._facts.note(project, merge_request, discussion, note)

    def _list_notes(self, call: Call) -> Answer:
        project, merge_request = self._context.merge_request(call)
        pairs = [(d, n) for d in merge_request.discussions for n in d.notes if self._state.is_visible(n)]
        # Newest first unless asked otherwise: https://docs.gitlab.com/api/notes/#list-all-merge-request-notes
        pairs.sort(key=lambda pair: pair[1].note_id, reverse=call.query.get("sort", "desc") == "desc")
        return self._context.listing(call, pairs, lambda pair: self._written(project, merge_request, *pair))

    def _get_note(self, call: Call) -> Answer:
        project, merge_request = self._context.merge_request(call)
        return Answer(200, self._written(project, merge_request, *self._context.note(call, merge_request)))

    def _create_note(self, call: Call) -> Answer:
        project, merge_request = self._context.merge_request(call)
        note = self._new_note(call, _check_body(call.body), None)
        discussion = self._state.new_discussion(note, merge_request.version.head_sha, is_individual=True)
        merge_request.discussions.append(discussion)
        return Answer(201, self._written(project, merge_request, discussion, note))

    def _update_note(self, call: Call) -> Answer:
        project, merge_request = self._context.merge_request(call)
        discussion, note = self._context.note(call, merge_request)
        if "resolved" in call.body:
            self._set_resolved(call, project, merge_request, discussion)
        if "body" in call.body:
            self._check_author(call, project, note)
            note.body, note.updated_s = _check_body(call.body), self._state.clock()
        return Answer(200, self._written(project, merge_request, discussion, note))

    def _check_author(self, call: Call, project: Project, note: Note) -> None:
        # Others' notes are for Maintainers (40) to change.
        if note.username != call.actor.login and project.members.get(call.actor.login, 0) < 40:
            raise RefusalError(403, {"message": "403 Forbidden"})

    def _delete_note(self, call: Call) -> Answer:
        project, merge_request = self._context.merge_request(call)
        discussion, note = self._context.note(call, merge_request)
        self._check_author(call, project, note)
        discussion.notes.remove(note)
        if not discussion.notes:
            merge_request.discussions.remove(discussion)
        return Answer(204)

    def _list_emoji(self, call: Call) -> Answer:
        _, merge_request = self._context.merge_request(call)
        _, note = self._context.note(call, merge_request)
        return self._context.listing(call, note.emoji, lambda emoji: self._facts.emoji(note, emoji))

    def _react(self, call: Call) -> Answer:
        _, merge_request = self._context.merge_request(call)
        _, note = self._context.note(call, merge_request)
        name = call.body["name"]
        if any((emoji.username, emoji.name) == (call.actor.login, name) for emoji in note.emoji):
            raise not_found("Award Emoji Name has already been taken")
        emoji = Emoji(self._state.next_id(), call.actor.login, name, self._state.clock())
        note.emoji.append(emoji)
        return Answer(201, self._facts.emoji(note, emoji))

    def _unreact(self, call: Call) -> Answer:
        _, merge_request = self._context.merge_request(call)
        _, note = self._context.note(call, merge_request)
        note.emoji[:] = [emoji for emoji in note.emoji if emoji.emoji_id != call.number("award_id")]
        return Answer(204)


def _check_body(body: Mapping[str, Any]) -> str:
    text = str(body.get("body", ""))
    if not text:
        raise bad_request('Note {:note=>["can\'t be blank"]}')
    if len(text) > _MAX_BODY_CHARS:
        raise bad_request(f'Note {{:note=>["is too long (maximum is {_MAX_BODY_CHARS} characters)"]}}')
    return text
