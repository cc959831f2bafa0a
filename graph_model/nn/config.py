"""Sizes of the network: everything that is needed to build one with the same parameter shapes."""

from dataclasses import dataclass

from graph_model.encoding import NUM_EDGE_TYPES, NUM_TOKENS

CANDIDATE_HEADS = ("security", "performance", "general")


def head_of(label: str) -> int:
    """Index in CANDIDATE_HEADS of the head that judges candidates of this label (`category/name`)."""
    category = label.partition("/")[0]
    return CANDIDATE_HEADS.index(category) if category in CANDIDATE_HEADS else CANDIDATE_HEADS.index("general")


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """`labels` and `smells` are label ids in output order; the numbers of features are those of the encoder."""

    labels: tuple[str, ...]
    smells: tuple[str, ...]
    num_path_features: int
    num_metrics: int
    num_tokens: int = NUM_TOKENS
    num_relations: int = 2 * NUM_EDGE_TYPES
    token_width: int = 32
    width: int = 64
    num_layers: int = 5
    num_heads: int = 4
    dropout: float = 0.1
    token_dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.width % self.num_heads:
            raise ValueError(f"width: expected a multiple of num_heads={self.num_heads}, found {self.width}")
        if not self.labels or not self.smells:
            raise ValueError("labels, smells: expected at least one each, found none")
