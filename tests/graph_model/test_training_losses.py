from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from graph_model.nn.network import Scores
from graph_model.training.config import ConfigError, FitConfig, load_config, parse_config
from graph_model.training.dataset import Dataset, join_shards
from graph_model.training.losses import TargetMaker, Targets, combine, focal_loss, head_losses, label_weights
from graph_model.training.shards import RankingPair, source_index
from graph_model.training.synthetic import LABELS, Planted, make_shard


@pytest.fixture
def dataset() -> Dataset:
    return join_shards([make_shard(Planted(num_functions=12, num_groups=3))])


def _with(dataset: Dataset, idx: int, target: int, source: str) -> Dataset:
    changed = replace(
        dataset.examples[idx],
        targets=np.array([target], dtype=np.int8),
        sources=np.array([source_index(source)], dtype=np.int8),
        weights=np.array([2.0], dtype=np.float32),
    )
    return replace(dataset, examples=(*dataset.examples[:idx], changed, *dataset.examples[idx + 1 :]))


def test_an_unlabelled_candidate_is_a_weak_and_soft_negative(dataset: Dataset) -> None:
    config = FitConfig(label_balance=0.0, unlabelled_weight=0.3, unlabelled_prior=0.05)
    maker = TargetMaker(_with(dataset, 0, -1, "harvest"), range(12), config)
    target, weight = maker.weigh(_with(dataset, 0, -1, "harvest").examples[0])
    assert target.tolist() == [np.float32(0.05)]
    assert weight.tolist() == [np.float32(0.6)]


def test_the_weight_of_unlabelled_candidates_can_be_set_by_label(dataset: Dataset) -> None:
    config = FitConfig(label_balance=0.0, unlabelled_weights={LABELS[0]: 0.0})
    hidden = _with(dataset, 0, -1, "harvest")
    assert TargetMaker(hidden, range(12), config).weigh(hidden.examples[0])[1].tolist() == [0.0]


def test_sources_and_positives_have_their_own_weights(dataset: Dataset) -> None:
    config = FitConfig(label_balance=0.0, positive_weight=3.0, source_weights={"injected": 0.5})
    positive, negative = _with(dataset, 0, 1, "injected"), _with(dataset, 0, 0, "fix")
    assert TargetMaker(positive, range(12), config).weigh(positive.examples[0])[1].tolist() == [3.0]
    assert TargetMaker(negative, range(12), config).weigh(negative.examples[0])[1].tolist() == [2.0]


def test_rare_labels_weigh_more_within_bounds(dataset: Dataset) -> None:
    for idx in range(12):
        dataset = _with(dataset, idx, int(idx % 3 == 0 or idx == 1), "fix")
    weights = label_weights(dataset, range(12), 0.5)  # positives by label: 4, 1, 0
    assert weights.tolist() == pytest.approx([(2.5 / 4) ** 0.5, 2.5**0.5, 1.0])
    assert label_weights(dataset, [], 0.5).tolist() == [1.0, 1.0, 1.0]


def test_a_sure_and_right_candidate_counts_less_by_the_focal_factor() -> None:
    logits, targets = torch.tensor([3.0, -3.0, 0.0]), torch.tensor([1.0, 1.0, 1.0])
    plain, focal = focal_loss(logits, targets, 0.0), focal_loss(logits, targets, 2.0)
    ratio = focal / plain
    assert ratio[0] < 0.01 < ratio[2] < ratio[1]
    torch.testing.assert_close(plain, torch.nn.functional.softplus(-logits))


def _scores(maker: TargetMaker, indices: list[int]) -> tuple[Scores, Targets]:
    targets = maker.make(indices)
    count = len(targets.candidates)
    return Scores(
        torch.zeros(count), torch.zeros(len(indices), 1), torch.arange(len(indices)).float(), torch.zeros(0)
    ), targets


def test_every_head_with_something_to_learn_has_a_loss(dataset: Dataset) -> None:
    dataset = replace(dataset, pairs=(RankingPair(2, 0, 1.0), RankingPair(11, 0)))
    maker = TargetMaker(dataset, range(12), FitConfig(focal_gamma=0.0, label_balance=0.0))
    scores, targets = _scores(maker, [0, 1, 2])
    assert targets.pairs.tolist() == [[2, 0]]  # row numbers; the pair with an example outside is left out
    losses = head_losses(scores, targets, 0.0)
    assert list(losses) == ["security", "performance", "general", "smells", "ranking"]
    assert losses["ranking"].item() == pytest.approx(float(np.log1p(np.exp(-1.0))))
    assert losses["smells"].item() == pytest.approx(float(np.log(2)))


def test_a_batch_with_nothing_to_learn_gives_no_loss_and_no_gradient(dataset: Dataset) -> None:
    example = replace(dataset.examples[0], smell_targets=np.full(1, -1, dtype=np.int8))
    example = replace(example, weights=np.zeros(1, dtype=np.float32))
    alone = replace(dataset, examples=(example,), pairs=())
    maker = TargetMaker(alone, [0], FitConfig())
    scores, targets = _scores(maker, [0])
    losses = head_losses(scores, targets, 1.0)
    assert losses == {}
    assert not combine(losses, {}).requires_grad


def test_losses_are_combined_by_weight() -> None:
    losses = {"security": torch.tensor(2.0), "smells": torch.tensor(4.0)}
    assert combine(losses, {"smells": 0.5}).item() == 4.0


def test_a_configuration_is_read_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        'seed = 3\nlearning_rate = 1\n[unlabelled_weights]\n"security/sql-injection" = 1\n', encoding="utf-8"
    )
    config = load_config(path)
    assert (config.seed, config.learning_rate) == (3, 1.0)
    assert config.unlabelled_weights == {"security/sql-injection": 1.0}
    assert load_config(None) == FitConfig()
    for values, words in (
        ({"colour": 1}, "colour: expected one of"),
        ({"seed": "one"}, "seed: expected int, found 'one'"),
        ({"seed": True}, "seed: expected int"),
        ({"head_weights": {"smells": "much"}}, r"head_weights.smells: expected float"),
        ({"source_weights": {"rumour": 1.0}}, "source_weights"),
    ):
        with pytest.raises(ConfigError, match=words):
            parse_config(values)
    path.write_text("seed = ", encoding="utf-8")
    with pytest.raises(ConfigError, match="expected TOML"):
        load_config(path)
