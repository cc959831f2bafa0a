"""The part of GitHub's GraphQL API that REST lacks: review threads with their state, and resolving them.

The schema below is a subset, in names and types, of the one that GitHub publishes; a test holds the two together.
https://docs.github.com/graphql/reference/mutations#resolvereviewthread
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any  # Any: GraphQL values, whose shape the schema checks

from graphql import GraphQLError, OperationType, build_schema, graphql_sync, parse
from graphql.language import OperationDefinitionNode

from integrations.testing.api_host import Actor, Answer, Call, timestamp
from integrations.testing.github_context import GitHubContext
from integrations.testing.github_state import Comment, Pull, Thread

SCHEMA = """
scalar DateTime
scalar BigInt
enum DiffSide { LEFT RIGHT }
enum PullRequestReviewThreadSubjectType { FILE LINE }
enum PullRequestState { CLOSED MERGED OPEN }
interface Node { id: ID! }
interface Actor { login: String! }
type Bot implements Node & Actor { id: ID! login: String! databaseId: Int }
type User implements Node & Actor { id: ID! login: String! databaseId: Int }
type PageInfo { endCursor: String hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String }
type PullRequestReviewComment implements Node {
  id: ID! databaseId: Int fullDatabaseId: BigInt body: String! author: Actor createdAt: DateTime! outdated: Boolean!
}
type PullRequestReviewCommentConnection {
  nodes: [PullRequestReviewComment] pageInfo: PageInfo! totalCount: Int!
}
type PullRequestReviewThread implements Node {
  id: ID! isResolved: Boolean! isOutdated: Boolean! isCollapsed: Boolean! resolvedBy: User
  path: String! line: Int startLine: Int originalLine: Int originalStartLine: Int
  diffSide: DiffSide! startDiffSide: DiffSide subjectType: PullRequestReviewThreadSubjectType!
  viewerCanReply: Boolean! viewerCanResolve: Boolean! viewerCanUnresolve: Boolean!
  comments(after: String, before: String, first: Int, last: Int): PullRequestReviewCommentConnection!
}
type PullRequestReviewThreadConnection { nodes: [PullRequestReviewThread] pageInfo: PageInfo! totalCount: Int! }
type PullRequest implements Node {
  id: ID! number: Int! title: String! state: PullRequestState! isDraft: Boolean! headRefOid: GitObjectID!
  reviewThreads(after: String, before: String, first: Int, last: Int): PullRequestReviewThreadConnection!
}
scalar GitObjectID
type Repository implements Node { id: ID! name: String! nameWithOwner: String! pullRequest(number: Int!): PullRequest }
type Query { repository(name: String!, owner: String!): Repository node(id: ID!): Node viewer: User! }
input ResolveReviewThreadInput { clientMutationId: String threadId: ID! }
type ResolveReviewThreadPayload { clientMutationId: String thread: PullRequestReviewThread }
input UnresolveReviewThreadInput { clientMutationId: String threadId: ID! }
type UnresolveReviewThreadPayload { clientMutationId: String thread: PullRequestReviewThread }
type Mutation {
  resolveReviewThread(input: ResolveReviewThreadInput!): ResolveReviewThreadPayload
  unresolveReviewThread(input: UnresolveReviewThreadInput!): UnresolveReviewThreadPayload
}
"""
_MAX_PER_PAGE = 100
_Value = dict[str, Any]


class GraphQLHandler:
    """Executes GraphQL requests; what the schema forbids goes to `report`, and to the client as `errors`."""

    def __init__(self, context: GitHubContext, report: Callable[[str], None]) -> None:
        self._context = context
        self._state = context.state
        self._report = report
        self._schema = build_schema(SCHEMA)

    def execute(self, call: Call) -> Answer:
        """Answer to a GraphQL request: always 200, with `errors` where something failed."""
        source = (call.body or {}).get("query", "")
        root = {
            "repository": self._repository,
            "node": self._node,
            "viewer": {**self._author(call.actor.login), "login": call.actor.login},
            "resolveReviewThread": lambda info, input: self._set_resolved(input, call.actor, is_resolved=True),
            "unresolveReviewThread": lambda info, input: self._set_resolved(input, call.actor, is_resolved=False),
        }
        result = graphql_sync(self._schema, source, root, variable_values=(call.body or {}).get("variables"))
        errors = result.errors or []
        for error in errors:
            if error.path is None:  # refused before anything ran: the request itself is wrong
                self._report(f"POST /graphql: {error.message}")
        written = _is_mutation(source) and not errors
        if not errors:
            return Answer(200, {"data": result.data}, is_write=written)
        body = {"data": result.data, "errors": [_describe_error(error) for error in errors]}
        return Answer(200, body, is_write=False)

    def _repository(self, info: Any, owner: str, name: str) -> _Value | None:
        repository = self._state.repositories.get(f"{owner}/{name}")
        if repository is None:
            raise GraphQLError(f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return {
            "id": f"R_{repository.repository_id}",
            "name": name,
            "nameWithOwner": repository.full_name,
            "pullRequest": lambda info, number: self._pull(repository.pulls.get(number), number),
        }

    def _pull(self, pull: Pull | None, number: int) -> _Value:
        if pull is None:
            raise GraphQLError(f"Could not resolve to a PullRequest with the number of {number}.")
        threads = [thread for thread in pull.threads if self._state.is_visible(thread.comments[0])]
        return {
            "id": f"PR_{pull.pull_id}",
            "number": pull.number,
            "title": pull.title,
            "state": "MERGED" if pull.is_merged else pull.state.upper(),
            "isDraft": pull.draft,
            "headRefOid": pull.head_sha,
            "reviewThreads": lambda info, **page: _connect(threads, self._thread, page),
        }

    def _thread(self, thread: Thread) -> _Value:
        comments = [comment for comment in thread.comments if self._state.is_visible(comment)]
        place, is_resolved = thread.place, thread.resolved_by is not None
        return {
            "__typename": "PullRequestReviewThread",
            "id": thread.thread_id,
            "isResolved": is_resolved,
            "isOutdated": thread.is_outdated,
            "isCollapsed": is_resolved,
            "resolvedBy": self._author(thread.resolved_by) if thread.resolved_by else None,
            "path": place.path,
            "line": None if thread.is_outdated else place.line,
            "startLine": None if thread.is_outdated else place.start_line,
            "originalLine": thread.original.line,
            "originalStartLine": thread.original.start_line,
            "diffSide": place.side,
            "startDiffSide": place.start_side,
            "subjectType": "FILE" if thread.original.line is None else "LINE",
            "viewerCanReply": True,
            "viewerCanResolve": not is_resolved,
            "viewerCanUnresolve": is_resolved,
            "comments": lambda info, **page: _connect(comments, lambda c: self._comment(c, thread), page),
        }

    def _comment(self, comment: Comment, thread: Thread) -> _Value:
        return {
            "id": f"C_{comment.comment_id}",
            "databaseId": comment.comment_id,
            "fullDatabaseId": str(comment.comment_id),
            "body": comment.body,
            "author": self._author(comment.login),
            "createdAt": timestamp(comment.created_s),
            "outdated": thread.is_outdated,
        }

    def _author(self, login: str) -> _Value:
        # In GraphQL a bot's login has no suffix; its type says what it is.
        user = self._state.user(login)
        name = login.removesuffix("[bot]")
        return {"__typename": user.kind, "id": f"U_{user.user_id}", "login": name, "databaseId": user.user_id}

    def _find(self, thread_id: str) -> Thread:
        for repository in self._state.repositories.values():
            for _, thread in self._context.threads(repository):
                if thread.thread_id == thread_id:
                    return thread
        raise GraphQLError(f"Could not resolve to a node with the global id of '{thread_id}'")

    def _node(self, info: Any, id: str) -> _Value:
        return self._thread(self._find(id))

    def _may_resolve(self, actor: Actor) -> bool:
        """Undocumented, but an app needs the right to write contents: https://github.com/orgs/community/discussions/44650"""
        if actor.scope.startswith("user "):  # a token that a test has made
            return any(one.scope == actor.scope and one.may_resolve for one in self._state.tokens.values())
        return self._state.permissions["contents"] == "write"

    def _set_resolved(self, given: Mapping[str, Any], actor: Actor, *, is_resolved: bool) -> _Value:
        if not self._may_resolve(actor):
            raise GraphQLError("Resource not accessible by integration", extensions={"type": "FORBIDDEN"})
        thread = self._find(given["threadId"])
        thread.resolved_by = actor.login if is_resolved else None
        return {"clientMutationId": given.get("clientMutationId"), "thread": self._thread(thread)}


def _describe_error(error: GraphQLError) -> _Value:
    """GitHub names the type of an error beside its message, not among its extensions."""
    described = {"message": error.message, "path": error.path}
    return {**described, "type": error.extensions["type"]} if error.extensions else described


def _connect(records: Sequence[Any], write: Callable[[Any], _Value], page: Mapping[str, Any]) -> _Value:
    # GitHub refuses a connection without `first` or `last`; only the forward direction is served, cursors are offsets.
    first = page.get("first")
    if first is None or not 1 <= first <= _MAX_PER_PAGE:
        raise GraphQLError(f"expected `first` from 1 to {_MAX_PER_PAGE}, found {first}")
    start = int(page.get("after") or 0)
    end = min(len(records), start + first)
    info = {
        "endCursor": str(end),
        "hasNextPage": end < len(records),
        "hasPreviousPage": start > 0,
        "startCursor": str(start),
    }
    return {"nodes": [write(record) for record in records[start:end]], "pageInfo": info, "totalCount": len(records)}


def _is_mutation(source: str) -> bool:
    try:
        definitions = parse(source).definitions
    except GraphQLError:
        return False
    return any(isinstance(d, OperationDefinitionNode) and d.operation is OperationType.MUTATION for d in definitions)
