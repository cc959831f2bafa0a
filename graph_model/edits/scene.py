"""One candidate in its parsed file: what templates look at, and where text goes. Which text, the templates decide."""

from functools import cached_property

from graph_model.candidates.model import Candidate
from graph_model.conditions import find_argument
from graph_model.definitions import Definition
from graph_model.edits.model import Declined, Edit
from graph_model.kinds import FUNCTION_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family, Language
from graph_model.names import Resolver
from graph_model.packs.loading import load_index
from graph_model.program import Program, Unit, build_program
from graph_model.syntax import Node, SyntaxTree

_VALUE_HOLDERS = frozenset({K.KWARG, K.PAIR, K.ASSIGN, K.DECLARATOR, K.ATTRIBUTE})


class Scene:
    """The file of a candidate, its anchor, and the text around nodes. Every look-up that fails raises Declined."""

    def __init__(self, candidate: Candidate, language: Language, tree: SyntaxTree) -> None:
        self.candidate = candidate
        self.language = language
        self.tree = tree
        self.source = tree.source
        self.anchors = tuple(n for n in tree.root.walk() if (n.start, n.end) == (candidate.start, candidate.end))

    @property
    def family(self) -> Family:
        """The language family."""
        return self.language.family

    @cached_property
    def program(self) -> Program:
        """The file's units and imports."""
        return build_program(self.candidate.path, self.language, self.tree)

    @cached_property
    def resolver(self) -> Resolver:
        """Names of this file, with the shipped packs."""
        return Resolver(self.program, load_index(self.family.value))

    # Nodes -----------------------------------------------------------------------------------------------------------

    def anchor(self, *kinds: K) -> Node:
        """The outermost node of one of these kinds (any kind if none) that has exactly the candidate's range."""
        for node in self.anchors:
            if not kinds or node.kind in kinds:
                return node
        raise Declined(f"expected {[k.name for k in kinds]} at {self.candidate.start}..{self.candidate.end}")

    def call(self) -> Node:
        """The anchor, which must be a call or a constructor call."""
        return self.anchor(K.CALL, K.NEW)

    def assignment(self) -> Node | None:
        """The plain assignment that the anchor is, or is the target of; None when it is neither."""
        for node in self.anchors:
            if node.kind is K.ASSIGN:
                return node
            if node.parent is not None and node.parent.kind is K.ASSIGN and node.parent.get("target") is node:
                return node.parent
        return None

    def holder(self) -> Node | None:
        """The keyword argument, pair or assignment that the candidate is, None when it is something else."""
        return next((n for n in self.anchors if n.kind in _VALUE_HOLDERS), None)

    def has_api(self, *names: str) -> bool:
        """Whether the candidate's API is one of these, or ends in one of them after a dot."""
        api = self.candidate.api
        return any(api == name or api.endswith(f".{name}") for name in names)

    def unit_of(self, node: Node) -> Unit:
        """The innermost unit whose code a node is."""
        above = node.parent
        while above is not None:
            unit = self.program.unit_of.get(id(above))
            if unit is not None:
                return unit
            above = above.parent
        return self.program.units[0]

    def statement_idx(self, node: Node) -> int:
        """The number of the statement that evaluates an expression, in the expression's unit."""
        numbers = {id(e): s.idx for s in self.unit_of(node).control.stmts for e in s.exprs}
        above: Node | None = node
        while above is not None:
            if id(above) in numbers:
                return numbers[id(above)]
            above = above.parent
        raise Declined("expected an expression of a statement")

    def definitions(self, name: Node) -> tuple[Definition, ...]:
        """The definitions of a variable that may arrive at this use of it."""
        found = self.unit_of(name).flow.reaching(name.text, self.statement_idx(name))
        return tuple(d for d in found if d.shadow_of is None)

    def type_of(self, node: Node) -> str:
        """The resolved type or API name of an expression, "" when unknown."""
        try:
            return self.resolver.resolve(node, self.unit_of(node), self.statement_idx(node))
        except Declined:
            return ""

    # Text ------------------------------------------------------------------------------------------------------------

    def text(self, node: Node) -> str:
        """The source text of a node."""
        return self.between(node.start, node.end)

    def between(self, start: int, end: int) -> str:
        """The source text of a range."""
        return self.source[start:end].decode("utf-8", "replace")

    @cached_property
    def newline(self) -> str:
        """How the file's first line ends."""
        first = self.source.find(b"\n")
        return "\r\n" if first > 0 and self.source[first - 1 : first] == b"\r" else "\n"

    def line_start(self, offset: int) -> int:
        """Where the line of an offset begins."""
        return self.source.rfind(b"\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Where the line of an offset ends, before its line break."""
        found = self.source.find(b"\n", offset)
        end = found if found >= 0 else len(self.source)
        return end - 1 if found > 0 and self.source[found - 1 : found] == b"\r" and end > offset else end

    def next_line(self, offset: int) -> int:
        """Where the line after an offset's line begins; the end of the file when there is none."""
        found = self.source.find(b"\n", offset)
        return found + 1 if found >= 0 else len(self.source)

    def indent(self, offset: int) -> str:
        """The white space at the beginning of an offset's line."""
        start = self.line_start(offset)
        line = self.source[start : self.line_end(start)]
        return line[: len(line) - len(line.lstrip(b" \t"))].decode()

    def begins_line(self, node: Node) -> bool:
        """Whether only white space comes before a node in its line."""
        return not self.source[self.line_start(node.start) : node.start].strip()

    def code_between(self, start: int, end: int) -> str:
        """The text of a range, its comments blanked."""
        code = bytearray(self.source[start:end])
        for begin, stop in self.tree.comments:
            for at in range(max(begin, start), min(stop, end)):
                code[at - start] = 32
        return code.decode("utf-8", "replace")

    # Edits -----------------------------------------------------------------------------------------------------------

    def replace(self, node: Node, text: str) -> Edit:
        """An edit that puts a text in a node's place."""
        return Edit(node.start, node.end, text.encode())

    def insert(self, offset: int, text: str) -> Edit:
        """An edit that puts a text at an offset."""
        return Edit(offset, offset, text.encode())

    def rename_member(self, member: Node, name: str) -> Edit:
        """`a.old` as `a.name`, all but the attribute kept as it is written."""
        if member.kind is not K.MEMBER or not self.text(member).endswith(member.text):
            raise Declined("expected obj.name")
        return Edit(member.end - len(member.text.encode()), member.end, name.encode())

    def replace_content(self, literal: Node, text: str) -> Edit:
        """A string literal with another content, its quotes and prefix kept."""
        raw, old = self.source[literal.start : literal.end], literal.text.encode()
        if literal.kind is not K.STRING or raw.count(old) != 1 or not old:
            raise Declined("expected a plain string literal")
        start = literal.start + raw.find(old)
        return Edit(start, start + len(old), text.encode())

    def argument(self, call: Node, which: int | str | tuple[int | str, ...]) -> Node:
        """An argument that must be there, by position, keyword or alternatives."""
        found = find_argument(call, which)
        if found is None:
            raise Declined(f"expected argument {which!r}")
        return found

    def arguments(self, call: Node) -> list[Node]:
        """The arguments of a call as written."""
        args = call.get("args")
        if args is None or args.start == args.end:
            raise Declined("expected an argument list")
        return args.children


def need(node: Node | None, *kinds: K) -> Node:
    """The node, which must be there and be of one of these kinds (any if none). Raises Declined."""
    if node is None or (kinds and node.kind not in kinds):
        raise Declined(f"expected {[k.name for k in kinds]}, found {node.kind.name if node is not None else None}")
    return node


def enclosing_function(node: Node) -> Node | None:
    """The innermost function or lambda around a node; None at module or class level."""
    above = node.parent
    while above is not None and above.kind not in FUNCTION_KINDS:
        above = above.parent
    return above


def mentions(node: Node, name: str) -> bool:
    """Whether a variable of this name is read, written or declared anywhere below a node."""
    return any(n.kind is K.NAME and n.text == name for n in node.walk())


def fresh_name(scene: Scene, node: Node, wanted: str) -> str:
    """A name that nothing in the file has: the wanted one, or with a number."""
    taken = {n.text for n in scene.tree.root.walk() if n.kind is K.NAME}
    candidates = (wanted, *(f"{wanted}{number}" for number in range(2, 10)))
    for name in candidates:
        if name not in taken:
            return name
    raise Declined(f"expected a free name like {wanted} near {node.start}")
