"""The table of detectors: each looks at one unit and proposes candidates. Flows are joined by `graph_model.linking`."""

from collections.abc import Callable, Iterable

from graph_model.candidates.settings import find_properties, find_settings
from graph_model.candidates.view import Draft, UnitView

DETECTORS: tuple[Callable[[UnitView], Iterable[Draft]], ...] = (find_settings, find_properties)
