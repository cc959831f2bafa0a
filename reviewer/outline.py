"""What the review needs from a file's syntax beside its candidates: where comments and functions are."""

from graph_model.errors import GraphModelError
from graph_model.kinds import NodeKind
from graph_model.languages import find_language, load_table
from graph_model.syntax import Node, SyntaxTree, parse_tree
from reviewer.source import SourceFile, Span


def find_comments(source: SourceFile) -> tuple[Span, ...]:
    """Where the comments are, in source order; nothing for a file that cannot be parsed."""
    tree = _parse(source)
    return tuple(sorted(Span(start, end) for start, end in tree.comments)) if tree is not None else ()


def find_functions(source: SourceFile) -> tuple[Span, ...]:
    """Where functions, methods and lambdas are, decorators included; outer ones first."""
    tree = _parse(source)
    if tree is None:
        return ()
    kinds = (NodeKind.FUNCTION, NodeKind.LAMBDA)
    return tuple(sorted((_whole_span(node) for node in tree.root.walk() if node.kind in kinds), key=_outer_first))


def _parse(source: SourceFile) -> SyntaxTree | None:
    language = find_language(source.path)
    if language is None:
        return None
    try:
        return parse_tree(source.content, load_table(language))
    except GraphModelError:  # over a limit: the analysis has recorded it
        return None


def _whole_span(node: Node) -> Span:
    start = min([node.start, *(decorator.start for decorator in node.all("decorators"))])
    return Span(start, node.end)


def _outer_first(span: Span) -> tuple[int, int]:
    return (span.start, -span.end)
