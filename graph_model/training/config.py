"""Everything that decides a training run, with a default for every field; read from TOML, kept in every checkpoint."""

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any  # TOML values are what the file says until checked here

from graph_model.errors import GraphModelError
from graph_model.nn.config import NetworkConfig
from graph_model.training.shards import SOURCES, ShardHeader


class ConfigError(GraphModelError):
    """A training configuration names an unknown field or a value of the wrong type."""


@dataclass(frozen=True, slots=True)
class FitConfig:
    """One training run.

    Unlabelled candidates (harvested code) are positives with probability `unlabelled_prior` and negatives otherwise:
    their target is that number, their loss counts `unlabelled_weight` times (by label in `unlabelled_weights`). An
    unbiased positive-unlabelled risk (nnPU) needs the share of positives of each label and many positives per batch;
    we have neither at first, and the calibration on triaged candidates mends the level that this choice gets wrong.

    An epoch takes every labelled function and, for each, `start_ratio` functions without any label, growing to
    `end_ratio` in the last epoch: from balanced to the natural ratio, which is what restores precision.
    """

    seed: int = 0
    max_epochs: int = 30
    patience: int = 6
    batch_cost: int = 12_000  # nodes plus edges
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    warmup_share: float = 0.05
    clip_norm: float = 1.0
    focal_gamma: float = 1.5
    positive_weight: float = 1.0
    label_balance: float = 0.5  # weight of a label ~ (median positives / its positives) ** label_balance, in 1/4..4
    unlabelled_weight: float = 0.1
    unlabelled_prior: float = 0.05
    unlabelled_weights: Mapping[str, float] = field(default_factory=dict)
    source_weights: Mapping[str, float] = field(
        default_factory=lambda: {"fixture": 0.05, "injected": 0.2, "fix": 0.8, "read": 4.0}
    )
    head_weights: Mapping[str, float] = field(default_factory=lambda: {"smells": 0.3, "ranking": 0.3})
    start_ratio: float = 1.0
    end_ratio: float = 20.0
    validation_share: float = 0.15
    checkpoint_steps: int = 200
    num_threads: int = 2
    shuffle_edges: bool = False  # the ablation: the same features, edges between random nodes
    token_width: int = 32
    width: int = 64
    num_layers: int = 5
    num_heads: int = 4
    dropout: float = 0.1
    token_dropout: float = 0.1

    def __post_init__(self) -> None:
        unknown = set(self.source_weights) - set(SOURCES)
        if unknown:
            raise ConfigError(f"source_weights: expected {SOURCES}, found {sorted(unknown)}")

    def to_json(self) -> str:
        """One line, keys sorted: equal configurations give equal text."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    def network(self, header: ShardHeader) -> NetworkConfig:
        """The network for these shards."""
        return NetworkConfig(
            labels=header.labels,
            smells=header.smells,
            num_path_features=len(header.path_features),
            num_metrics=len(header.metrics),
            token_width=self.token_width,
            width=self.width,
            num_layers=self.num_layers,
            num_heads=self.num_heads,
            dropout=self.dropout,
            token_dropout=self.token_dropout,
        )


def load_config(path: Path | None) -> FitConfig:
    """The configuration of a TOML file, or the defaults. Raises ConfigError naming the field."""
    if path is None:
        return FitConfig()
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: expected TOML, found {error}") from error
    return parse_config(values)


def parse_config(values: Mapping[str, Any]) -> FitConfig:
    """The configuration of plain values. Raises ConfigError for an unknown field or a value of another type."""
    defaults = {one.name: getattr(FitConfig(), one.name) for one in dataclasses.fields(FitConfig)}
    checked: dict[str, Any] = {}
    for name, value in values.items():
        if name not in defaults:
            raise ConfigError(f"{name}: expected one of {sorted(defaults)}")
        checked[name] = _typed(name, value, type(defaults[name]))
    return FitConfig(**checked)


def _typed(name: str, value: Any, kind: type) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if kind is dict and isinstance(value, dict):
        return {key: _typed(f"{name}.{key}", one, float) for key, one in value.items()}
    if type(value) is not kind:
        raise ConfigError(f"{name}: expected {kind.__name__}, found {value!r}")
    return value
