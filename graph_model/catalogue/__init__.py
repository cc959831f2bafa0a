"""The label catalogue: every thing the model can find, with its words, severity and examples.

One TOML file a category beside this module, one entry a label. Labels with their candidates come from packs and
`graph_model.candidates`; what is said about a finding comes from here.
"""

from graph_model.catalogue.loading import build_catalogue, load_catalogue, parse_labels
from graph_model.catalogue.model import PLACEHOLDERS, Catalogue, Category, Label, LabelExample, Severity

__all__ = [
    "PLACEHOLDERS",
    "Catalogue",
    "Category",
    "Label",
    "LabelExample",
    "Severity",
    "build_catalogue",
    "load_catalogue",
    "parse_labels",
]
