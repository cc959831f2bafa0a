import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dataset_curation.analysing import Provenance, analyse_project, make_plain_records, make_records
from dataset_curation.assembly import thin
from dataset_curation.records import FunctionRecord, Judgement
from dataset_curation.selection import Tally
from dataset_curation.sharding import INDEX_NAME, PLAIN, Kept, judge_smell, make_header, weigh_judgement, write_shards
from graph_model.batching import concatenate
from graph_model.features import collect_names
from graph_model.languages import BY_NAME
from graph_model.nn.batch import to_tensors
from graph_model.nn.network import ReviewNetwork
from graph_model.training.config import FitConfig
from graph_model.training.dataset import Sampler, load_dataset
from graph_model.training.losses import TargetMaker, head_losses
from reviewer.source import SourceFile

PARAMETERS = "maintainability/too-many-parameters"
NESTING = "maintainability/deep-nesting"
CODE = """import os


def wide(a, b, c, d, e, f, g, h, i):
    total = a + b + c
    os.system("é" + d)
    return total + e + f + g + h + i


def plain(values):
    total = 0
    for one in values:
        total += one
    return total
"""


def _records() -> list[FunctionRecord]:
    project = analyse_project([(SourceFile("a.py", CODE.encode()), BY_NAME["python"])], Tally(), every_graph=True)
    provenance = Provenance("o/n", "o/n", "c0ffee")
    return [*make_records(project, provenance, Tally()), *make_plain_records(project, provenance, 9, Tally())]


def _keep(record: FunctionRecord, source: str = "harvest", role: str = "train") -> Kept:
    return Kept(record, source, role)


def _judge(record: FunctionRecord, label: str, judgement: Judgement) -> FunctionRecord:
    return record.judged([judgement if one.label == label else Judgement() for one in record.candidates])


def test_records_have_what_these_tests_need() -> None:
    wide, plain = _records()
    assert PARAMETERS in {one.label for one in wide.candidates}
    assert plain.candidates == ()
    assert plain.twin == "o/n:a.py:plain"


@pytest.mark.parametrize(
    ("source", "judgement", "parameters", "nesting"),
    [
        ("harvest", Judgement(), 1, 0),  # the engine's measure teaches
        ("gate", Judgement(), 1, 0),
        ("harvest", Judgement(0, 1.0, "read"), 0, 0),  # a person knows better
        ("harvest", Judgement(-1, 1.0, "read"), -1, 0),  # and may not know
        ("gate", Judgement(1, 1.0, "triage"), 1, 0),
        ("fixtures", Judgement(0, 1.0, "fixture"), 0, -1),  # a fixture speaks of its own labels
        ("fixes", Judgement(), -1, -1),
        ("injected", Judgement(1, 1.0, "injected"), 1, -1),
        ("history", Judgement(), -1, -1),
    ],
)
def test_a_smell_is_known_only_where_an_example_speaks_of_it(
    source: str, judgement: Judgement, parameters: int, nesting: int
) -> None:
    kept = _keep(_judge(_records()[0], PARAMETERS, judgement), source)
    assert (judge_smell(kept, PARAMETERS), judge_smell(kept, NESTING)) == (parameters, nesting)


@pytest.mark.parametrize(
    ("source", "judgement", "weight"),
    [
        ("harvest", Judgement(), 1.0),  # positive-unlabelled
        ("gate", Judgement(), 1.0),
        ("harvest", Judgement(1, 0.5, "read"), 0.5),
        ("harvest", Judgement(-1, 1.0, "read"), 0.0),
        ("fixtures", Judgement(), 0.0),
        ("fixes", Judgement(), 0.0),
        ("injected", Judgement(1, 0.7, "injected"), 0.7),
    ],
)
def test_silence_weighs_nothing_but_in_the_wild(source: str, judgement: Judgement, weight: float) -> None:
    assert weigh_judgement(_keep(_records()[0], source), judgement) == weight


def test_functions_without_candidates_have_shards_of_their_own_that_training_can_read(tmp_path: Path) -> None:
    wide, plain = _records()
    header = make_header(collect_names(one.facts for one in wide.candidates))
    names = [name for name, _ in write_shards([_keep(wide), _keep(plain)], header, tmp_path)]
    assert names == ["shard-0000.npz", f"{PLAIN}/shard-0000.npz"]
    assert len(load_dataset(tmp_path).examples) == 1
    dataset = load_dataset(tmp_path / PLAIN)
    (example,) = dataset.examples
    assert example.targets.shape == (0,)
    assert set(example.smell_targets) == {0}
    config = FitConfig()
    assert Sampler.over(dataset, [0], config).batches(0) == [[0]]
    network = ReviewNetwork(config.network(dataset.header)).eval()
    targets = TargetMaker(dataset, [0], config).make([0])
    losses = head_losses(network(to_tensors(concatenate([example.function]))), targets, config.focal_gamma)
    assert list(losses) == ["smells"]
    assert np.isfinite(losses["smells"].item())


def test_equal_records_give_equal_bytes_and_old_shards_go(tmp_path: Path) -> None:
    wide, plain = _records()
    header = make_header([])

    def digests() -> dict[str, str]:
        files = [one for one in sorted(tmp_path.rglob("*")) if one.is_file()]
        return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in files}

    write_shards([_keep(wide), _keep(plain)], header, tmp_path)
    first = digests()
    (tmp_path / "shard-0007.npz").write_bytes(b"old")
    write_shards([_keep(wide), _keep(plain)], header, tmp_path)
    assert digests() == first
    assert set(first) == {"shard-0000.npz", INDEX_NAME}


def test_thinning_keeps_a_share_that_places_decide() -> None:
    wide, _ = _records()
    kept = [_keep(replace(wide, origin=f"o/n@c:a{number}.py")) for number in range(200)]
    tally = Tally()
    left = list(thin(kept, 0.25, tally))
    assert 25 < len(left) < 75
    assert tally.counts[("harvest", "thinned")] == 200 - len(left)
    assert [one.record.origin for one in thin(reversed(kept), 0.25, Tally())] == [
        one.record.origin for one in reversed(left)
    ]
    judged = [replace(one, record=_judge(one.record, PARAMETERS, Judgement(0, 1.0, "read"))) for one in kept]
    assert len(list(thin(judged, 0.0, Tally()))) == 200
