"""Candidates: places where a label may hold, each with its evidence. `model` is the vocabulary."""
