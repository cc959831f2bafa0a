"""Analyses of a file that is being edited. They say what `graph_model.analysis` says."""

from graph_model.incremental.analyser import IncrementalAnalyser

__all__ = ["IncrementalAnalyser"]
