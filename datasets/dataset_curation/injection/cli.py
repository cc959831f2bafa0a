"""`curate injection-page`: what injection makes of the training repositories, for a person to read."""

import sys
from pathlib import Path

import click

from dataset_curation.cli_options import CLONES, MANIFESTS, ONLY, choose_entries, failures
from dataset_curation.injection.defect_kinds import load_kinds
from dataset_curation.injection.page import render_page, render_table
from dataset_curation.injection.survey import Survey, plan_survey, survey_entries


@click.command("injection-page")
@CLONES
@MANIFESTS
@ONLY
@click.option(
    "--kind", "kinds", multiple=True, metavar="KIND", type=click.Choice(list(load_kinds())), help="Only these kinds."
)
@click.option("--files", type=click.IntRange(min=1), default=12, show_default=True, help="Parsed, a repository.")
@click.option("--examples", type=click.IntRange(min=0), default=10, show_default=True, help="A kind.")
@click.option(
    "--to", "target", type=click.Path(dir_okay=False, path_type=Path), help="Page of examples; it holds fetched code."
)
def injection_page_command(  # noqa: PLR0913, PLR0917  # one option each
    clones: Path,
    manifests: Path,
    only: tuple[str, ...],
    kinds: tuple[str, ...],
    files: int,
    examples: int,
    target: Path | None,
) -> None:
    """Look for examples of each kind of defect, and write ten of each as diffs.

    Over the training repositories, then over those of pairs whose licence is permissive for what still lacks examples.
    """
    with failures():
        plan = plan_survey(choose_entries(manifests, (), only))
        table = ""
        with click.progressbar(
            survey_entries(plan, clones, files, examples, kinds), length=len(plan), label="surveying", show_pos=True,
            item_show_func=_show, file=sys.stderr,
        ) as bar:  # fmt: skip
            for survey in bar:
                table = render_table(survey)
                if target is not None:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text(f"{render_page(survey)}\n## Places\n\n{table}", "utf-8")
        click.echo(table)


def _show(survey: Survey | None) -> str:
    return f"{len(survey.lacking())} kinds lack examples" if survey is not None else ""
