from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from graph_model.training.config import FitConfig
from graph_model.training.dataset import (
    Dataset,
    Sampler,
    join_shards,
    load_dataset,
    shuffle_edges,
    split_by_group,
    units_of,
)
from graph_model.training.shards import RankingPair, ShardError, manifest_hash, save_shard
from graph_model.training.synthetic import Planted, make_shard

CONFIG = FitConfig(batch_cost=500, max_epochs=5, start_ratio=1.0, end_ratio=8.0)


def _dataset(triaged: float = 0.0, unlabelled: float = 0.0) -> Dataset:
    planted = Planted(num_functions=120, num_groups=12, triaged=triaged, unlabelled=unlabelled)
    return join_shards([make_shard(planted)])


def test_pairs_of_every_shard_refer_to_its_own_examples(tmp_path: Path) -> None:
    shard = make_shard(Planted(num_functions=40, num_groups=2))
    for name in ("a", "b"):
        save_shard(shard, tmp_path / f"{name}.npz")
    dataset = load_dataset(tmp_path)
    assert len(dataset.examples) == 80
    assert dataset.manifest == manifest_hash(tmp_path)
    half = len(shard.pairs)
    assert dataset.pairs[:half] == shard.pairs
    assert all(one.better >= 40 and one.worse >= 40 for one in dataset.pairs[half:])


def test_no_shards_are_refused() -> None:
    with pytest.raises(ShardError, match="expected at least one"):
        join_shards([])


def test_no_repository_is_on_two_sides_and_nothing_is_lost() -> None:
    dataset = _dataset(triaged=0.25)
    split = split_by_group(dataset, seed=0, validation_share=0.2)
    assert sorted((*split.train, *split.validation, *split.gate)) == list(range(120))
    groups = [{dataset.examples[idx].group for idx in side} for side in (split.train, split.validation, split.gate)]
    assert [len(one) for one in groups] == [len(groups[0]), len(groups[1]), 3]
    assert not groups[0] & groups[1]
    assert not (groups[0] | groups[1]) & groups[2]
    assert groups[1]


def test_a_repository_with_one_triaged_candidate_is_never_trained_on() -> None:
    dataset = _dataset(triaged=0.25)
    mixed = replace(dataset.examples[0], sources=np.zeros(1, dtype=np.int8))
    split = split_by_group(replace(dataset, examples=(mixed, *dataset.examples[1:])), 0, 0.2)
    assert 0 in split.gate


def test_a_new_repository_moves_no_other_one_into_training_and_back() -> None:
    dataset = _dataset()
    before = split_by_group(dataset, 0, 0.2)
    added = replace(dataset.examples[0], group="new/repository", targets=np.zeros(1, dtype=np.int8))
    after = split_by_group(replace(dataset, examples=(*dataset.examples, added)), 0, 0.2)
    assert set(before.validation) <= set(after.validation) | {120}


def test_another_seed_holds_back_other_repositories() -> None:
    dataset = _dataset()
    assert len({split_by_group(dataset, seed, 0.2).validation for seed in range(6)}) > 1


def test_pairs_share_a_batch() -> None:
    dataset = replace(_dataset(), pairs=(RankingPair(0, 50), RankingPair(50, 99), RankingPair(1, 119)))
    units = {tuple(sorted(one)) for one in units_of(dataset, range(100))}
    assert (0, 50, 99) in units
    assert (1,) in units  # its partner is on another side
    sampler = Sampler.over(dataset, range(100), CONFIG)
    assert any({0, 50, 99} <= set(batch) for batch in sampler.batches(0))


def test_an_epoch_takes_every_labelled_function_and_more_and_more_of_the_others() -> None:
    dataset = replace(_dataset(unlabelled=0.9), pairs=())
    hidden = replace(dataset.examples[0], smell_targets=np.full(1, -1, dtype=np.int8))
    examples = tuple(replace(one, smell_targets=hidden.smell_targets) for one in dataset.examples)
    sampler = Sampler.over(
        replace(dataset, examples=examples), range(120), replace(CONFIG, start_ratio=0.2, end_ratio=0.8)
    )
    labelled = {idx for idx, one in enumerate(examples) if one.targets[0] >= 0}
    sizes = []
    for epoch in range(5):
        seen = [idx for batch in sampler.batches(epoch) for idx in batch]
        assert max(Counter(seen).values()) == 1
        assert labelled <= set(seen)
        sizes.append(len(seen) - len(labelled))
    assert sizes == sorted(sizes)
    assert sizes[0] == round(0.2 * len(labelled))
    assert sizes[-1] == min(120 - len(labelled), round(0.8 * len(labelled)))


def test_batches_depend_on_seed_and_epoch_alone() -> None:
    dataset = _dataset()
    first, again = (Sampler.over(dataset, range(120), CONFIG) for _ in range(2))
    assert first.batches(2) == again.batches(2)
    assert first.batches(1) != first.batches(2)
    assert first.batches(1) != Sampler.over(dataset, range(120), replace(CONFIG, seed=1)).batches(1)
    assert first.num_steps() == sum(len(first.batches(epoch)) for epoch in range(5))


def test_without_any_label_an_epoch_takes_everything() -> None:
    dataset = replace(_dataset(), pairs=())
    bare = tuple(
        replace(one, targets=np.full(1, -1, dtype=np.int8), smell_targets=np.full(1, -1, dtype=np.int8))
        for one in dataset.examples
    )
    sampler = Sampler.over(replace(dataset, examples=bare), range(120), CONFIG)
    assert sum(len(batch) for batch in sampler.batches(0)) == 120


def test_shuffled_edges_keep_relations_and_stay_inside_the_function() -> None:
    dataset = _dataset()
    shuffled = shuffle_edges(dataset, 0)
    changed = 0
    for before, after in zip(dataset.examples, shuffled.examples, strict=True):
        np.testing.assert_array_equal(before.function.edge_type, after.function.edge_type)
        assert after.function.edge_index.max() < len(after.function.token_offsets) - 1
        changed += int((before.function.edge_index != after.function.edge_index).sum())
    assert changed > 1000
    np.testing.assert_array_equal(
        shuffled.examples[7].function.edge_index, shuffle_edges(dataset, 0).examples[7].function.edge_index
    )
