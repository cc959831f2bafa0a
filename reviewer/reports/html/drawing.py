"""The path of a finding as lines beside its code: a numbered dot at the row of each step, arrows from one to the next.

Everything is drawn in units of a twelfth of the font size, so that a page may choose any size; rows have fixed heights.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from graph_model.candidates.model import StepRole
from reviewer.findings import EvidenceStep
from reviewer.reports.html.excerpts import Excerpt, RowKind
from reviewer.reports.html.markup import Markup, element, join

_UNITS = 12  # one em
_HEIGHTS = {RowKind.FILE: 24, RowKind.CODE: 18, RowKind.GAP: 18}  # as in report.css
_RADIUS = 7.5
_LANE = 7
_MAX_LANES = 6
_FLOW = frozenset({StepRole.SOURCE, StepRole.HOP, StepRole.CALL, StepRole.RETURN, StepRole.SINK})


@dataclass(frozen=True, slots=True)
class _Dot:
    """The steps that begin in one row, by index, and the middle of the row."""

    steps: tuple[int, ...]
    y: float
    row_idx: int

    @property
    def text(self) -> str:
        """`1`, `2–3`, or `1,4–5`: numbers from 1, and no more than two runs of them."""
        runs: list[list[int]] = []
        for number in (idx + 1 for idx in self.steps):
            if runs and runs[-1][-1] == number - 1:
                runs[-1].append(number)
            else:
                runs.append([number])
        named = [f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
        return ",".join(named[:2]) + ("…" if len(named) > 2 else "")

    @property
    def width(self) -> float:
        """Of the drawn shape."""
        return max(2 * _RADIUS, 5.5 * len(self.text) + 5)


@dataclass(frozen=True, slots=True)
class _Arrow:
    """From one dot to another; dashed when what connects them is no flow of data."""

    start: _Dot
    end: _Dot
    is_flow: bool

    @property
    def rows(self) -> range:
        """The rows that it passes, both ends included."""
        ends = sorted((self.start.row_idx, self.end.row_idx))
        return range(ends[0], ends[1] + 1)


def draw_path(excerpt: Excerpt, steps: Sequence[EvidenceStep]) -> Markup:
    """The drawing beside the rows; the list of steps says the same to those who do not see it."""
    dots = _place_dots(excerpt)
    arrows = _connect(dots, steps)
    straight = [arrow for arrow in arrows if _is_straight(arrow, dots)]
    bent = [arrow for arrow in arrows if arrow not in straight]
    lanes = _assign_lanes(bent)
    num_lanes = max(lanes, default=-1) + 1
    width = max((dot.width for dot in dots), default=0) + num_lanes * _LANE + (9 if bent else 4)
    height = sum(_HEIGHTS[row.kind] for row in excerpt.rows)
    centre = width - _RADIUS - 2
    shapes = [
        *(_draw_straight(arrow, centre) for arrow in straight),
        *(_draw_bent(arrow, width, lane) for arrow, lane in zip(bent, lanes, strict=True)),
        *(_draw_dot(dot, width, steps) for dot in dots),
    ]
    return element(
        "svg",
        *shapes,
        class_="rail",
        viewBox=f"0 0 {width:g} {height:g}",
        width=f"{width / _UNITS:.4g}em",
        height=f"{height / _UNITS:.4g}em",
        aria_hidden="true",
    )


def _place_dots(excerpt: Excerpt) -> list[_Dot]:
    tops = [0]
    for row in excerpt.rows:
        tops.append(tops[-1] + _HEIGHTS[row.kind])
    by_row: dict[int, list[int]] = {}
    for step_idx, row_idx in sorted(excerpt.places.items()):
        by_row.setdefault(row_idx, []).append(step_idx)
    return [_Dot(tuple(idxs), tops[row] + _HEIGHTS[RowKind.CODE] / 2, row) for row, idxs in sorted(by_row.items())]


def _connect(dots: Sequence[_Dot], steps: Sequence[EvidenceStep]) -> list[_Arrow]:
    """The flow from step to step, and from every loop, guard and context to what it is about, the last step."""
    dot_of = {idx: dot for dot in dots for idx in dot.steps}
    shown = sorted(dot_of)
    flow = [idx for idx in shown if steps[idx].role in _FLOW]
    pairs = [(dot_of[one], dot_of[other], True) for one, other in pairwise(flow)]
    pairs += [(dot_of[idx], dot_of[flow[-1]], False) for idx in shown if flow and steps[idx].role not in _FLOW]
    return list(dict.fromkeys(_Arrow(*pair) for pair in pairs if pair[0] != pair[1]))


def _is_straight(arrow: _Arrow, dots: Sequence[_Dot]) -> bool:
    """Whether it goes down to the next dot."""
    between = [dot for dot in dots if dot.row_idx in arrow.rows]
    return arrow.start.row_idx < arrow.end.row_idx and len(between) == 2


def _assign_lanes(arrows: Sequence[_Arrow]) -> list[int]:
    """The lane of each arrow, from the dots outwards: short ones inside, none over another where lanes suffice."""
    lanes = dict.fromkeys(range(len(arrows)), 0)
    taken: list[list[range]] = [[] for _ in range(_MAX_LANES)]
    for idx in sorted(lanes, key=lambda one: (len(arrows[one].rows), one)):
        rows = arrows[idx].rows
        free = (lane for lane in range(_MAX_LANES) if all(_are_apart(rows, other) for other in taken[lane]))
        lanes[idx] = next(free, _MAX_LANES - 1)
        taken[lanes[idx]].append(rows)
    return [lanes[idx] for idx in range(len(arrows))]


def _are_apart(one: range, other: range) -> bool:
    return one.stop - 1 <= other.start or other.stop - 1 <= one.start


def _draw_straight(arrow: _Arrow, x: float) -> Markup:
    top, bottom = arrow.start.y + _RADIUS, arrow.end.y - _RADIUS - 1
    if bottom - top < 4:  # no room for a head, and nothing else to point at
        return element("path", class_=_name_line(arrow), d=f"M{x:g},{top:g}V{bottom + 1:g}")
    return _draw_line(arrow, f"M{x:g},{top:g}V{bottom:g}", f"M{x - 3:g},{bottom - 3:g}l3,3l3,-3")


def _draw_bent(arrow: _Arrow, width: float, lane: int) -> Markup:
    """To the left, along a lane, and back; it leaves below the middle of a dot and arrives above, or the other way."""
    sign = 1 if arrow.end.y > arrow.start.y else -1
    start_x, end_x = width - 2 - arrow.start.width, width - 3 - arrow.end.width
    start_y, end_y = arrow.start.y + 3 * sign, arrow.end.y - 3 * sign
    widest = min(start_x, end_x)
    x = widest - 6 - lane * _LANE
    corner = 4 * sign
    line = f"M{start_x:g},{start_y:g}H{x + 4:g}q-4,0 -4,{corner}V{end_y - corner:g}q0,{corner} 4,{corner}H{end_x:g}"
    return _draw_line(arrow, line, f"M{end_x - 3:g},{end_y - 3:g}l3,3l-3,3")


def _draw_line(arrow: _Arrow, line: str, head: str) -> Markup:
    return join(element("path", class_=_name_line(arrow), d=line), element("path", class_="a", d=head))


def _name_line(arrow: _Arrow) -> str:
    return "a" if arrow.is_flow else "a d"


def _draw_dot(dot: _Dot, width: float, steps: Sequence[EvidenceStep]) -> Markup:
    x = width - 2 - dot.width
    roles = [steps[idx].role for idx in dot.steps]
    kind = name_kind(next((role for role in (StepRole.SINK, StepRole.SOURCE) if role in roles), roles[-1]))
    shape = element(
        "rect",
        class_=kind,
        x=f"{x:g}",
        y=f"{dot.y - _RADIUS:g}",
        width=f"{dot.width:g}",
        height=2 * _RADIUS,
        rx=_RADIUS,
    )
    label = element("text", dot.text, x=f"{x + dot.width / 2:g}", y=f"{dot.y + 3.2:g}")
    return join(shape, label)


def name_kind(role: StepRole) -> str:
    """The class that colours a step: k-source, k-hop, k-sink or k-around."""
    if role in (StepRole.SOURCE, StepRole.SINK):
        return f"k-{role.value}"
    return "k-hop" if role in _FLOW else "k-around"
