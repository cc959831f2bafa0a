"""`python -m benchmarks evaluation`: reads what to measure, runs the parts, prints tables."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import click

from benchmarks.evaluation.alarms import AlarmsPart
from benchmarks.evaluation.fix_pairs import FixPairsPart
from benchmarks.evaluation.fixtures import FixturesPart
from benchmarks.evaluation.maintainability import MaintainabilityPart
from benchmarks.evaluation.owasp_python import OwaspPythonPart
from benchmarks.evaluation.parts import Context, EvaluationError, MissingSetError, Part, Section, to_text
from benchmarks.evaluation.plots import draw_section
from benchmarks.evaluation.real_bugs import BugsPart
from benchmarks.evaluation.recall import RecallPart
from benchmarks.evaluation.replayed import ReplaysPart
from benchmarks.evaluation.speed_pairs import SpeedPairsPart
from benchmarks.evaluation.sven import SvenPart
from benchmarks.evaluation.triaged import TriagedPart
from benchmarks.review import write_json
from graph_model.bundle import default_folder, load_bundle
from graph_model.catalogue import load_catalogue
from graph_model.errors import BundleError

PARTS: tuple[Part, ...] = (
    TriagedPart(),
    SvenPart(),
    FixPairsPart(),
    FixturesPart(),
    OwaspPythonPart(),
    SpeedPairsPart(),
    MaintainabilityPart(),
    BugsPart(),
    RecallPart(),
    AlarmsPart(),
    ReplaysPart(),
)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_EXISTING = click.Path(path_type=Path, file_okay=False, exists=True)


def _read_tools(values: Iterable[str]) -> dict[str, list[Path]]:
    tools: dict[str, list[Path]] = defaultdict(list)
    for value in values:
        name, is_given, path = value.partition("=")
        if not is_given or not name or not Path(path).is_file():
            raise click.BadParameter(f"--sarif: expected NAME=FILE with a file that exists, found {value}")
        tools[name].append(Path(path))
    return dict(tools)


@click.command()
@click.option("--bundle", type=_EXISTING, default=None, help="Folder of a bundle; the shipped one by default.")
@click.option("--clones", type=_EXISTING, required=True, help="Folder of clones: owner/name or owner+name.")
@click.option("--data", type=_FOLDER, required=True, help="Folder for what is made; outside the checkout.")
@click.option("--manifests", type=_EXISTING, default=Path("datasets/manifests"), show_default=True)
@click.option("--triage", type=_EXISTING, default=Path("datasets/triage"), show_default=True)
@click.option("--part", "parts", type=click.Choice([one.name for one in PARTS]), multiple=True, help="Only these.")
@click.option("--sarif", multiple=True, metavar="NAME=FILE", help="Another tool's results over the same trees.")
@click.option("--eslint", type=_EXISTING, default=None, help="Folder where npm installed ESLint and its plugins.")
@click.option("--samples", type=click.IntRange(min=1), default=500, show_default=True, help="Bootstrap samples.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--plots", type=_FOLDER, default=None, help="Folder for pictures.")
@click.option("--output", type=click.Path(path_type=Path), default=None, help="JSON for machines.")
def evaluation(  # noqa: PLR0913, PLR0917  # one option each
    bundle: Path | None, clones: Path, data: Path, manifests: Path, triage: Path, parts: tuple[str, ...],
    sarif: tuple[str, ...], eslint: Path | None, samples: int, seed: int, plots: Path | None,
    output: Path | None,
) -> None:  # fmt: skip
    """The frozen evaluation of a bundle, its rungs, dummies and other tools on the same rows."""
    try:
        folder = Path(str(default_folder())) if bundle is None else bundle
        loaded = load_bundle(folder, load_catalogue().hash)
        context = Context(loaded, folder, clones, data, manifests, triage, _read_tools(sarif), samples, seed, eslint)
        sections = {one.name: _measure(one, context) for one in PARTS if not parts or one.name in parts}
    except (BundleError, EvaluationError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"bundle {loaded.identity}; intervals: {samples} bootstrap samples of repositories, 95 %, seed {seed}")
    for name, section in sections.items():
        _print(name, section)
        if plots is not None:
            draw_section(name, section, plots)
    write_json(output, {name: section.document for name, section in sections.items()})


def _measure(part: Part, context: Context) -> Section:
    try:
        return part.measure(context)
    except MissingSetError as error:
        return Section((f"not measured: {error}",), (), {"missing": str(error)})


def _print(name: str, section: Section) -> None:
    click.echo(f"\n## {name}\n")
    for note in section.notes:
        click.echo(f"- {note}")
    for table in section.tables:
        click.echo(f"\n{to_text(table)}")
