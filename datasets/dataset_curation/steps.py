"""The steps of the pipeline as functions, each from folders to files; commands and the whole run call these."""

from collections.abc import Sequence
from pathlib import Path

from dataset_curation.assembly import CardCounts, collect_facts, keep_records, list_sources, thin
from dataset_curation.balance import Caps
from dataset_curation.sharding import make_header, write_shards
from dataset_curation.triage import TriageRow


def assemble(
    data: Path, rows: Sequence[TriageRow], target: Path, caps: Caps, unlabelled_share: float = 1.0
) -> tuple[list[tuple[str, str]], CardCounts]:
    """Shards of all records below `data`: their names and SHA-256, and the counts of what went into them."""
    sources = list_sources(data)
    counts = CardCounts()
    header = make_header(collect_facts(sources))
    kept = thin(keep_records(sources, rows, caps, counts.tally), unlabelled_share, counts.tally)
    return write_shards(counts.count(kept), header, target), counts
