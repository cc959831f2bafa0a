"""Encodes units as arrays: statements with hashed tokens, typed edges, and candidates hung onto them.

Tokens of a statement: normalised kinds, grammar types, sub-tokens of names (camel and snake case split), resolved API
names and their roles, classes of literals. All are hashed into one table of NUM_TOKENS rows, so there is no vocabulary
file and an unknown name is never unknown. Comments, paths and positions are never encoded.
"""

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from graph_model.access_paths import access_key
from graph_model.candidates.model import Candidate
from graph_model.candidates.view import UnitView
from graph_model.control_flow import Role, Stmt
from graph_model.encoding import NUM_TOKENS, EdgeType, EncodedFunction
from graph_model.features import feature_vector
from graph_model.kinds import NodeKind as K
from graph_model.metrics import METRIC_NAMES, measure_unit
from graph_model.syntax import Node

_MAX_TOKENS = 48
_MAX_EDGES = 12_000
_SPLIT = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


@dataclass(frozen=True, slots=True)
class FunctionGraph:
    """The statement graph of one unit, before candidates. Row 0 is the function, row 1 its exit, then statements.

    Shapes: token_ids int32 [T], token_offsets int32 [N + 1], edge_index int32 [2, E], edge_type int8 [E],
    spans int32 [N, 2] (byte range of each row's statement), metrics float32 [M].
    """

    token_ids: NDArray[np.int32]
    token_offsets: NDArray[np.int32]
    edge_index: NDArray[np.int32]
    edge_type: NDArray[np.int8]
    spans: NDArray[np.int32]
    metrics: NDArray[np.float32]


@lru_cache(maxsize=65_536)
def hash_token(text: str) -> int:
    """The row of a token in the embedding table: CRC-32 modulo NUM_TOKENS."""
    return zlib.crc32(text.encode("utf-8", "replace")) % NUM_TOKENS


@lru_cache(maxsize=65_536)
def split_name(name: str) -> tuple[int, ...]:
    """The hashed sub-tokens of an identifier, at most six, in order."""
    return tuple(hash_token(f"w:{part.lower()}") for part in _SPLIT.findall(name)[:6])


def encode_unit(view: UnitView) -> FunctionGraph:
    """The statement graph of a unit."""
    encoder = _Encoder(view)
    stmts = view.unit.control.stmts
    token_ids: list[int] = []
    offsets = [0]
    for stmt in stmts:
        tokens = encoder.function_tokens() if stmt.idx == 0 else encoder.tokens(stmt)
        token_ids.extend(tokens)
        offsets.append(len(token_ids))
    sources, targets, types = encoder.edges()
    metrics = measure_unit(view)
    return FunctionGraph(
        token_ids=np.array(token_ids, dtype=np.int32),
        token_offsets=np.array(offsets, dtype=np.int32),
        edge_index=np.array([sources, targets], dtype=np.int32).reshape(2, -1),
        edge_type=np.array(types, dtype=np.int8),
        spans=np.array([_span(stmt) for stmt in stmts], dtype=np.int32).reshape(-1, 2),
        metrics=np.log1p(np.array([metrics[name] for name in METRIC_NAMES], dtype=np.float32)),
    )


def _span(stmt: Stmt) -> tuple[int, int]:
    if stmt.role in (Role.COND, Role.CASE) and stmt.exprs and stmt.role is Role.COND:
        return stmt.exprs[0].start, stmt.exprs[0].end
    if stmt.role is Role.ENTRY or stmt.role is Role.EXIT:
        return stmt.node.start, stmt.node.start
    if stmt.role in (Role.DEFINE, Role.ITER, Role.CATCH):
        body = stmt.node.get("body")
        return stmt.node.start, body.start if body is not None else stmt.node.end
    return stmt.node.start, stmt.node.end


class _Encoder:
    def __init__(self, view: UnitView) -> None:
        self.view = view
        self.uses: list[tuple[int, str]] = []

    def function_tokens(self) -> list[int]:
        unit = self.view.unit
        tokens = [hash_token(f"u:{unit.kind.name}"), *split_name(unit.name)]
        tokens.extend(hash_token(f"m:{word}") for word in unit.node.text.split()[:4])
        for name, param in unit.params[:8]:
            tokens.extend(split_name(name))
            declared = param.get("type")
            if declared is not None:
                tokens.append(hash_token(f"t:{declared.text}"))
        for decorator in unit.node.all("decorators")[:4]:
            callee = decorator.get("callee")
            tokens.extend(split_name(callee.text if callee is not None else decorator.text))
        if self.view.is_entry:
            tokens.append(hash_token("u:entry"))
        return tokens[:_MAX_TOKENS]

    def tokens(self, stmt: Stmt) -> list[int]:
        tokens = [hash_token(f"s:{stmt.role.name}")]
        if stmt.loops:
            tokens.append(hash_token(f"s:loop{min(len(stmt.loops), 4)}"))
        if stmt.in_try:
            tokens.append(hash_token("s:try"))
        if stmt.in_handler:
            tokens.append(hash_token("s:handler"))
        for root in (*stmt.exprs, *stmt.cases):
            for node in _expression_nodes(root):
                self._node_tokens(node, stmt.idx, tokens)
        if stmt.role in (Role.ITER, Role.CATCH):
            target = stmt.node.get("target")
            tokens.extend(split_name(target.text) if target is not None else ())
        return tokens[:_MAX_TOKENS]

    def _node_tokens(self, node: Node, stmt: int, tokens: list[int]) -> None:
        kind = node.kind
        if kind is K.NAME:
            tokens.extend(split_name(node.text))
            self.uses.append((stmt, node.text))
            return
        tokens.append(hash_token(f"k:{kind.name}:{node.text}") if kind in _WITH_TEXT else _KINDS[kind])
        if kind is K.MEMBER or kind is K.INDEX:
            key = access_key(node)
            if key:
                self.uses.append((stmt, key))
        if kind is K.CALL or kind is K.NEW:
            self._call_tokens(node, stmt, tokens)
        elif kind is K.MEMBER or kind is K.KWARG:
            tokens.extend(split_name(node.text))
        elif kind in (K.STRING, K.TEXT):
            tokens.append(hash_token(f"l:{literal_class(node.text)}"))
        elif kind is K.INT:
            tokens.append(hash_token(f"l:{node.text if len(node.text) < 3 else 'big'}"))
        elif kind is K.TYPE_REF:
            tokens.append(hash_token(f"t:{node.text}"))

    def _call_tokens(self, node: Node, stmt: int, tokens: list[int]) -> None:
        resolver, unit = self.view.resolver, self.view.unit
        name = resolver.callee(node, unit, stmt)
        if name:
            tokens.append(hash_token(f"a:{name}"))
        roles = resolver.roles(node, unit, stmt)[:4]
        tokens.extend(hash_token(f"r:{role.role.value}:{role.label or role.kind}") for role in roles)

    def edges(self) -> tuple[list[int], list[int], list[int]]:
        """Source rows, target rows and types, without repetition, in a fixed order."""
        triples = list(dict.fromkeys((*self._control_edges(), *self._use_edges(), *self._guard_edges())))[:_MAX_EDGES]
        return [t[0] for t in triples], [t[1] for t in triples], [t[2] for t in triples]

    def _control_edges(self) -> Iterator[tuple[int, int, int]]:
        """What may run next, and what the function and the innermost loop contain."""
        control = self.view.unit.control
        for stmt in control.stmts:
            for target, kind in stmt.succ:
                yield stmt.idx, target, int(kind)
            if stmt.idx > 1:
                yield 0, stmt.idx, int(EdgeType.CONTAINS)
            if stmt.loops:
                header = control.headers[stmt.loops[-1]]
                if header != stmt.idx:
                    yield header, stmt.idx, int(EdgeType.CONTAINS)

    def _use_edges(self) -> Iterator[tuple[int, int, int]]:
        """From a definition's statement to those that read it. Needs the tokens made: they note the uses."""
        flow = self.view.unit.flow
        for stmt_idx, key in self.uses:
            for definition in flow.reaching(key, stmt_idx):
                if definition.stmt != stmt_idx:
                    yield definition.stmt, stmt_idx, int(EdgeType.DEF_USE)

    def _guard_edges(self) -> Iterator[tuple[int, int, int]]:
        """From the four innermost conditions to the statement that they decide on."""
        flow = self.view.unit.flow
        for idx in flow.order:
            for guard, _ in flow.guards(idx)[-4:]:
                if guard != idx:
                    yield guard, idx, int(EdgeType.GUARDS)


_CLOSED = frozenset({K.FUNCTION, K.LAMBDA, K.CLASS, K.BLOCK})
_KINDS = {kind: hash_token(f"k:{kind.name}") for kind in K}
_WITH_TEXT = frozenset({K.BINARY, K.COMPARE, K.BOOLEAN, K.UNARY, K.AUG_ASSIGN, K.BOOL, K.CATCH})
_CLASSES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("empty", re.compile(r"^\s*$")),
    ("sql", re.compile(r"(?i)\b(select|insert|update|delete|create|drop|alter|where|from)\b\s")),
    ("html", re.compile(r"<[a-zA-Z/!][^>]*>?")),
    ("url", re.compile(r"^[a-z]+://")),
    ("format", re.compile(r"%[sdr(]|\{\w*\}")),
    ("path", re.compile(r"[/\\]")),
    ("algorithm", re.compile(r"(?i)^(md5|sha-?1|des|rc4|ecb|aes|rsa|sha-?\d+|hmac)\b")),
    ("secret", re.compile(r"^[A-Za-z0-9+/=_-]{20,}$")),
    ("word", re.compile(r"^\w{1,24}$")),
)


@lru_cache(maxsize=16_384)
def literal_class(text: str) -> str:
    """What kind of text a literal is: sql, html, url, path, format, secret-like, word, ..."""
    sample = text[:400]
    return next((name for name, pattern in _CLASSES if pattern.search(sample)), "text")


def _expression_nodes(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        if node.children and node.kind not in _CLOSED:
            stack += node.children[::-1]


def encode_candidates(
    graph: FunctionGraph, candidates: Sequence[Candidate], labels: Mapping[str, int], feature_names: Sequence[str]
) -> EncodedFunction:
    """The unit's graph with its candidates as further nodes, in the order given.

    A candidate node reads its label, its API's words, its anchor statement (ANCHOR) and the statements of its evidence
    in this unit (SLICE). `labels` maps label ids to their number in the catalogue.
    """
    rows = len(graph.token_offsets) - 1
    tokens = [graph.token_ids]
    offsets = list(graph.token_offsets)
    sources: list[int] = []
    targets: list[int] = []
    types: list[int] = []
    for number, candidate in enumerate(candidates):
        own = [
            hash_token(f"c:{candidate.label}"),
            hash_token(f"a:{candidate.api}"),
            *split_name(candidate.api.rpartition(".")[2]),
        ]
        tokens.append(np.array(own, dtype=np.int32))
        offsets.append(offsets[-1] + len(own))
        anchor = find_row(graph, candidate.start, candidate.end)
        sources.append(anchor)
        targets.append(rows + number)
        types.append(int(EdgeType.ANCHOR))
        steps = {find_row(graph, s.start, s.end) for s in candidate.steps if s.path == candidate.path} - {0, anchor}
        for row in sorted(steps):
            sources.append(row)
            targets.append(rows + number)
            types.append(int(EdgeType.SLICE))
    features = [feature_vector(candidate.facts, feature_names) for candidate in candidates]
    added = np.array([sources, targets], dtype=np.int32).reshape(2, -1)
    return EncodedFunction(
        token_ids=np.concatenate(tokens),
        token_offsets=np.array(offsets, dtype=np.int32),
        edge_index=np.concatenate([graph.edge_index, added], axis=1),
        edge_type=np.concatenate([graph.edge_type, np.array(types, dtype=np.int8)]),
        candidate_nodes=np.arange(rows, rows + len(candidates), dtype=np.int32),
        candidate_labels=np.array([labels[c.label] for c in candidates], dtype=np.int16),
        path_features=np.array(features, dtype=np.float32).reshape(len(candidates), len(feature_names)),
        metrics=graph.metrics,
    )


def find_row(graph: FunctionGraph, start: int, end: int) -> int:
    """The row of the smallest statement that holds a byte range; 0 (the function) when none does."""
    spans = graph.spans
    inside = np.flatnonzero((spans[:, 0] <= start) & (spans[:, 1] >= end) & (spans[:, 1] > spans[:, 0]))
    if len(inside) == 0:
        return 0
    widths = spans[inside, 1] - spans[inside, 0]
    return int(inside[int(np.argmin(widths))])
