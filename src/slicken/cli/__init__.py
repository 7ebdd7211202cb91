"""The command line: one file a command; nothing heavy is imported before a command runs."""

from slicken.cli.main import main

__all__ = ["main"]
