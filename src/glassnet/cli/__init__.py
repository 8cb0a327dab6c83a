"""The command line: thin commands that parse, call and print."""

from glassnet.cli.app import main

__all__ = ["main"]
