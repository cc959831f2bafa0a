"""How much of real syntax trees the language tables know: the share of nodes of no normalised kind, by language."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.review import write_json
from graph_model.errors import LimitError
from graph_model.languages import find_language, load_table
from graph_model.syntax import parse_tree

_MAX_BYTES = 300_000
_MAX_NODES = 200_000


@dataclass(slots=True)
class Counts:
    """Files read and their nodes."""

    files: int = 0
    nodes: int = 0
    other: int = 0

    @property
    def share(self) -> float:
        """Share of nodes of kind OTHER."""
        return self.other / max(self.nodes, 1)


def count_kinds(folders: tuple[Path, ...], max_files: int) -> dict[str, Counts]:
    """Counts by language over at most `max_files` files each, by path."""
    counts: dict[str, Counts] = defaultdict(Counts)
    for path in (file for folder in folders for file in sorted(folder.rglob("*"))):
        language = find_language(path.name)
        if language is None or not path.is_file() or counts[language.name].files >= max_files:
            continue
        content = path.read_bytes()
        if len(content) > _MAX_BYTES:
            continue
        try:
            tree = parse_tree(content, load_table(language), _MAX_NODES)
        except LimitError:
            continue
        one = counts[language.name]
        one.files, one.nodes, one.other = one.files + 1, one.nodes + tree.num_nodes, one.other + tree.num_other
    return {name: one for name, one in sorted(counts.items()) if one.files}


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--max-files", type=click.IntRange(1), default=1_000, show_default=True, help="A language.")
@click.option("--output", type=click.Path(path_type=Path), default=None, help="JSON for machines.")
def kinds(folders: tuple[Path, ...], max_files: int, output: Path | None) -> None:
    """Share of syntax nodes without a normalised kind in work trees of FOLDERS, by language."""
    counts = count_kinds(folders, max_files)
    for name, one in counts.items():
        click.echo(f"{name:12} {one.files:6} files {one.nodes:10,} nodes {one.other:6} other {one.share:8.4%}")
    write_json(output, {name: [one.files, one.nodes, one.other] for name, one in counts.items()})
