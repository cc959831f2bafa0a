"""What was typed between two texts of a file, and how much of the grammar's tree it reaches."""

from dataclasses import dataclass

from tree_sitter import Tree as GrammarTree


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes that changed, or all that a change reaches.

    [start, old_end) of one text became [start, new_end) of the next.
    """

    start: int
    old_end: int
    new_end: int

    @property
    def delta(self) -> int:
        """How much longer the text became."""
        return self.new_end - self.old_end

    def widen(self, start: int, new_end: int) -> "Edit":
        """The same edit with more around it, told in positions of the new text."""
        new_end = max(self.new_end, new_end)
        return Edit(min(self.start, start), new_end - self.delta, new_end)


def find_edit(old: bytes, new: bytes) -> Edit:
    """The shortest edit between two texts: what lies between what they share."""
    start = _common(old, new, from_end=False)
    tail = _common(old[start:], new[start:], from_end=True)
    return Edit(start, len(old) - tail, len(new) - tail)


def _common(one: bytes, other: bytes, *, from_end: bool) -> int:
    """How many bytes are the same."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        same = one[-middle:] == other[-middle:] if from_end else one[:middle] == other[:middle]
        low, high = (middle, high) if same else (low, middle - 1)
    return low


def tell(tree: GrammarTree, old: bytes, new: bytes, edit: Edit) -> GrammarTree:
    """A copy of a tree that knows of an edit."""
    told = tree.copy()
    told.edit(
        edit.start,
        edit.old_end,
        edit.new_end,
        _point(old, edit.start),
        _point(old, edit.old_end),
        _point(new, edit.new_end),
    )
    return told


def _point(source: bytes, offset: int) -> tuple[int, int]:
    return source.count(b"\n", 0, offset), offset - (source.rfind(b"\n", 0, offset) + 1)


def measure_change(told: GrammarTree, new: GrammarTree, edit: Edit) -> Edit:
    """The edit with everything around it that the parser reads otherwise now."""
    ranges = told.changed_ranges(new)
    if not ranges:
        return edit
    return edit.widen(min(one.start_byte for one in ranges), max(one.end_byte for one in ranges))
