"""Measurements that anybody can repeat: speed, false alarms, OWASP BenchmarkPython, syntax kinds. Never run as tests.

Each command prints a table for people and, with `--output`, JSON for machines. Clones are the caller's: a command names
the repositories it wants and says what is missing. Nothing is downloaded here.
"""
