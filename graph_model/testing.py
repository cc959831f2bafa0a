"""For tests: bundles made by hand, without training, with or without a network; texts as they change while typed."""

import random
import re
from collections.abc import Mapping, Sequence

import numpy as np

from graph_model.bundle import Bundle, Judgement
from graph_model.calibration import identity_lines
from graph_model.ladder import Ladder, Rung, Trees


def make_ladder(num_labels: int, num_features: int) -> Ladder:
    """A small ladder: the prior is the label's number, logistic regression adds the features, one tree splits on the
    first feature at 0.5 into -1 and +2."""
    weights = np.concatenate((np.ones((num_labels, num_features)), np.arange(float(num_labels))[:, None]), axis=1)
    trees = Trees(
        features=np.zeros((1, 3), dtype=np.int16),
        thresholds=np.array([[0.5, 0.0, 0.0]]),
        left=np.array([[1, 1, 2]], dtype=np.int16),
        right=np.array([[2, 1, 2]], dtype=np.int16),
        values=np.array([[0.5, -1.0, 2.0]]),
        baseline=np.asarray(0.25),
    )
    return Ladder(np.arange(num_labels, dtype=np.float64), weights, np.zeros(num_features), trees)


def make_bundle(
    labels: Sequence[str],
    features: Sequence[str] = ("hops", "guards"),
    rungs: Mapping[str, Rung] | None = None,
    network: bytes | None = None,
    catalogue_hash: str = "test",
) -> Bundle:
    """A bundle whose labels ship with logistic regression, or as `rungs` says, and threshold 0.5."""
    given = rungs or {}
    return Bundle(
        identity="test",
        catalogue_hash=catalogue_hash,
        labels=tuple(labels),
        smells=tuple(label for label in labels if label.startswith("maintainability/")),
        path_features=tuple(features),
        judgements=tuple(Judgement(given.get(label, Rung.LOGISTIC), Rung.LOGISTIC, 0.5) for label in labels),
        ladder=make_ladder(len(labels), len(features)),
        lines={rung: identity_lines(len(labels)) for rung in Rung},
        network=network,
        provenance={"made": "by hand"},
        figures={},
    )


def vary_text(text: str, chooser: random.Random) -> str:
    """A text with a line doubled, removed, cut or changed somewhere."""
    lines = text.split("\n")
    at = chooser.randrange(len(lines))
    line, other = lines[at], chooser.choice(lines)
    kind = chooser.choice(["double", "remove", "cut", "rename", "rename", "type", "type"])
    if kind == "double":
        lines.insert(at, other)
    elif kind == "remove":
        del lines[at]
    elif kind == "cut":
        lines[at] = line[: len(line) // 2]
    elif kind == "rename" and re.search(r"\w", line):
        word = chooser.choice(re.findall(r"\w+", line))
        lines[at] = line.replace(word, chooser.choice(re.findall(r"\w+", other) or ["x"]), 1)
    else:
        column = chooser.randint(0, len(line))
        lines[at] = line[:column] + chooser.choice(["x", "(", ")", "{", ".b", '"', " ", "é", "1"]) + line[column:]
    return "\n".join(lines)
