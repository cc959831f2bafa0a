"""`curate triage-sample`, `triage-merge` and `triage-agreement`: candidates read by people."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from dataset_curation.cli_options import CLONES, DATA, FILE, FOLDER, MANIFESTS, ONLY, TRIAGE, choose_entries, failures
from dataset_curation.clones import find_clone
from dataset_curation.harvesting import file_name
from dataset_curation.manifests import Entry, Role
from dataset_curation.records import FunctionRecord, load_records
from dataset_curation.triage.sheets import SourceReader, make_sheets
from dataset_curation.triage.verdicts import (
    TriageItem,
    choose_all,
    draw_sample,
    list_items,
    measure_agreement,
    merge_verdicts,
    read_jsonl,
    read_rows,
    shown_chooser,
    write_rows,
)
from graph_model.prediction import Predictor


@click.command("triage-sample")
@CLONES
@MANIFESTS
@TRIAGE
@DATA
@ONLY
@click.option("--number", type=click.IntRange(min=1), default=100, show_default=True, help="Candidates to draw.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--category", "categories", multiple=True, default=("security", "performance"), show_default=True)
@click.option("--label", "labels", multiple=True, help="Only these labels.")
@click.option("--family", "families", multiple=True, help="Only these families of languages.")
@click.option(
    "--role", type=click.Choice([Role.GATE.value, Role.READING.value, Role.TRAIN.value]), default=Role.GATE.value
)
@click.option("--shown", is_flag=True, help="Only what a review with the shipped bundle shows by default.")
@click.option("--again", is_flag=True, help="Draw what one reader has read and no other.")
@click.option(
    "--to", "target", type=FOLDER, required=True, help="Folder for sample.jsonl and sample.md; never committed."
)
def sample_command(  # noqa: PLR0913, PLR0917  # one option each
    clones: Path, manifests: Path, triage: Path, data: Path, only: tuple[str, ...], number: int, seed: int,
    categories: tuple[str, ...], labels: tuple[str, ...], families: tuple[str, ...], role: str,
    target: Path, *, shown: bool, again: bool,
) -> None:  # fmt: skip
    """Draw harvested candidates, balanced over languages and labels, for people to read."""
    with failures():
        entries = choose_entries(manifests, (role,), only)
        choose = shown_chooser(Predictor.load()) if shown else choose_all
        items = _wanted(list_items(_records(entries, data), categories, choose), labels, families)
        readers = _count_readers(triage)
        chosen = draw_sample([one for one in items if readers[_key(one)] == int(again)], number, seed)
        reader = SourceReader({entry.repository: find_clone(clones, entry.repository) for entry in entries})
        sheets = list(make_sheets(chosen, _records(entries, data), reader))
        target.mkdir(parents=True, exist_ok=True)
        (target / "sample.jsonl").write_text("".join(f"{sheet.to_json()}\n" for sheet in sheets), "utf-8")
        text = "\n".join(sheet.to_markdown(idx) for idx, sheet in enumerate(sheets, 1))
        (target / "sample.md").write_text(text, "utf-8")
        click.echo(f"{len(sheets)} candidates in {target}")


def _records(entries: Iterable[Entry], data: Path) -> Iterator[FunctionRecord]:
    for entry in entries:
        path = data / "harvest" / f"{file_name(entry.repository)}.records"
        if path.is_file():
            yield from load_records(path)


def _wanted(items: Iterable[TriageItem], labels: tuple[str, ...], families: tuple[str, ...]) -> Iterator[TriageItem]:
    for item in items:
        if (not labels or item.label in labels) and (not families or item.stratum[0] in families):
            yield item


def _key(item: TriageItem) -> tuple[str, str, str, int, int, str]:
    return (item.repository, item.commit, item.path, item.line, item.column, item.label)


def _count_readers(triage: Path) -> Counter[tuple[str, str, str, int, int, str]]:
    return Counter(key for key, _ in {(row.key, row.reader) for row in read_rows(triage)})


@click.command("triage-merge")
@TRIAGE
@click.option("--sample", type=FILE, required=True, help="The sample.jsonl that was read.")
@click.option("--verdicts", type=FILE, required=True, help="JSON lines of id, verdict, reason.")
@click.option("--reader", required=True, help="Who read; `adjudicator` settles what others disagree on.")
@click.option("--name", default="verdicts", show_default=True, help="File below the triage folder.")
def merge_command(triage: Path, sample: Path, verdicts: Path, reader: str, name: str) -> None:
    """Add a reader's verdicts to the committed ones: places and words, no code."""
    with failures():
        rows = merge_verdicts(read_jsonl(sample), read_jsonl(verdicts), reader)
        total = write_rows(triage / f"{name}.jsonl", rows)
        click.echo(f"{len(rows)} verdicts of {reader}, {total} in {name}.jsonl")
        _print_agreement(triage)


@click.command("triage-agreement")
@TRIAGE
def agreement_command(triage: Path) -> None:
    """Print how far readers agree on what several read."""
    with failures():
        _print_agreement(triage)


def _print_agreement(triage: Path) -> None:
    for one in measure_agreement(read_rows(triage)):
        kappa = "undefined" if one.kappa is None else f"{one.kappa:.2f}"
        click.echo(
            f"{one.first} and {one.second}: {one.num_items} in common, agree on {one.observed:.0%}, kappa {kappa}"
        )
