"""What tests of parts share."""

from pathlib import Path

from benchmarks.evaluation.parts import Context
from graph_model.bundle import default_folder, load_bundle
from graph_model.catalogue import load_catalogue


def make_context(place: Path) -> Context:
    """The shipped bundle, and folders of a place: clones, data, manifests, triage."""
    folder = Path(str(default_folder()))
    return Context(
        load_bundle(folder, load_catalogue().hash),
        folder,
        place / "clones",
        place / "data",
        place / "manifests",
        place / "triage",
        num_samples=20,
    )
