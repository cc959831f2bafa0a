"""GitHub's own identity of a line, by which code scanning knows an alert again: `primaryLocationLineHash`.

https://github.com/github/codeql-action/blob/main/src/fingerprints.ts: a polynomial over the first hundred characters
from the start of a line, white space left out, in 64 bits, and which of equal ones it is. An upload computes it again
and warns where a report has another.
"""

from collections import Counter

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

_LENGTH, _FACTOR = 100, 37
_TAB, _FEED, _RETURN, _SPACE, _END = 9, 10, 13, 32, 65_535
_CHUNK = 4_096  # lines at a time: a file of a million short lines takes no gigabyte


def hash_lines(text: str) -> tuple[str, ...]:
    """The hash of every line, in order. As GitHub counts, a lone carriage return ends one too, and so does the text."""
    stream, starts = _prepare(text)
    powers = np.full(_LENGTH, _FACTOR, np.uint64)
    powers[-1] = 1
    powers = np.multiply.accumulate(powers[::-1])[::-1]  # [_LENGTH], the power of a hundredth character is 1
    windows = sliding_window_view(stream, _LENGTH)
    seen: Counter[str] = Counter()
    hashes = []
    for at in range(0, len(starts), _CHUNK):
        # [lines, _LENGTH] @ [_LENGTH]: unsigned products and sums wrap as GitHub's do.
        for number in (windows[starts[at : at + _CHUNK]] @ powers).tolist():
            name = f"{number:x}"
            seen[name] += 1
            hashes.append(f"{name}:{seen[name]}")
    return tuple(hashes)


def _prepare(text: str) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
    """The characters that count, in UTF-16 units and padded, and where lines start among them."""
    units = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16)
    after_return = np.concatenate(([False], units[:-1] == _RETURN))[: len(units)]
    kept = units[(units != _SPACE) & (units != _TAB) & ~((units == _FEED) & after_return)]
    kept = np.where(kept == _RETURN, _FEED, kept)
    stream = np.concatenate((kept, [_END], np.zeros(_LENGTH, np.uint16))).astype(np.uint64)
    starts = np.concatenate(([0], np.flatnonzero(kept == _FEED) + 1))
    return stream, starts
