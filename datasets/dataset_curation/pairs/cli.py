"""`curate fix-pairs`: functions before and after the commits that advisories name."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from dataset_curation.cli_options import CLONES, DATA, JOBS, MANIFESTS, ONLY, choose_entries, failures, perform_all
from dataset_curation.clones import find_clone
from dataset_curation.harvesting import run_parallel
from dataset_curation.manifests import Entry, Role
from dataset_curation.pairs.advisory_sources import (
    ADVISORIES_NAME,
    Advisory,
    find_refused,
    keep_allowed,
    merge_advisories,
    read_databases,
    read_listed,
)
from dataset_curation.pairs.facts import (
    FIX_PAIRS_NAME,
    PairFact,
    drop_repeats,
    mark_fixed_again,
    read_facts,
    write_facts,
)
from dataset_curation.pairs.fix_pairs import FOLDER_NAME, PairJob, load_file, mine_pairs
from dataset_curation.pairs.statement_pairs import StatementJob, mine_statement_pairs
from dataset_curation.pairs.tables import count_labels, render_pairs, tally_files
from dataset_curation.selection import Tally

_MINED = (Role.TRAIN, Role.FIXES, Role.PAIRS)
_HELD_OUT = (Role.GATE, Role.MEASURE, Role.READING)
_STATEMENTS = "SAP/project-kb"


@click.command("fix-pairs")
@CLONES
@MANIFESTS
@DATA
@ONLY
@JOBS
def fix_pairs_command(clones: Path, manifests: Path, data: Path, only: tuple[str, ...], jobs: int) -> None:
    """Pair functions before and after the commits that advisories name, and list the pairs in the manifests."""
    with failures():
        tally = Tally()
        advisories, refused = _read_advisories(clones, manifests, tally)
        known = merge_advisories(advisories)
        target = data / FOLDER_NAME
        mined = _by_size(choose_entries(manifests, _MINED, only), advisories)
        own = [PairJob(one, _about(one, advisories), known, refused) for one in mined]
        perform_all("pairing", (len(own), run_parallel(mine_pairs, own, clones, target, jobs)))
        held_out = frozenset(one.repository.lower() for one in choose_entries(manifests, _HELD_OUT, ()))
        cloned = frozenset(one.repository.lower() for one in choose_entries(manifests, _MINED, ()))
        bases = [one for one in choose_entries(manifests, (Role.ADVISORIES,), only) if one.repository == _STATEMENTS]
        copied = [StatementJob(one, held_out, cloned, known, refused) for one in bases]
        perform_all("reading statements", (len(copied), run_parallel(mine_statement_pairs, copied, clones, target, 1)))
        facts = [pair.fact for path in sorted(target.glob("*.records")) for pair in load_file(path)]
        kept = list(mark_fixed_again(drop_repeats(facts, tally)))
        write_facts(manifests / FIX_PAIRS_NAME, kept)
        _show(kept, tally, target)


@click.command("fix-pair-tables")
@MANIFESTS
@DATA
def fix_pair_tables_command(manifests: Path, data: Path) -> None:
    """Say what the listed fix pairs are and why commits gave none."""
    with failures():
        _show(read_facts(manifests / FIX_PAIRS_NAME), Tally(), data / FOLDER_NAME)


def _show(facts: Sequence[PairFact], tally: Tally, folder: Path) -> None:
    tally.merge(tally_files(folder))
    click.echo(render_pairs(facts, tally))
    for label, number in count_labels(facts).most_common():
        click.echo(f"{number:5} {label}")


def _read_advisories(clones: Path, manifests: Path, tally: Tally) -> tuple[list[Advisory], frozenset[str]]:
    bases = choose_entries(manifests, (Role.ADVISORIES,), ())
    read = [(find_clone(clones, one.repository), one.repository, one.commit) for one in bases]
    records = [*read_databases(read), *read_listed(manifests / ADVISORIES_NAME)]
    refused = find_refused(records)
    return list(keep_allowed(records, refused, tally)), refused


def _about(entry: Entry, advisories: Sequence[Advisory]) -> tuple[Advisory, ...]:
    name = entry.repository.lower()
    return tuple(one for one in advisories if any(repository == name for repository, _ in one.commits))


def _by_size(entries: Sequence[Entry], advisories: Sequence[Advisory]) -> list[Entry]:
    """Those first that most advisories name, so that the last process does not wait for a long one."""
    numbers = Counter(repository for one in advisories for repository, _ in one.commits)
    return sorted(entries, key=lambda one: -numbers[one.repository.lower()])
