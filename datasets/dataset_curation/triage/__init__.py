"""Candidates read by people: samples, sheets, verdicts and how far readers agree."""
