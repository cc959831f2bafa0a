"""The command line. This module starts fast: each subcommand is imported when it is called."""

from reviewer.cli.group import main

__all__ = ["main"]
