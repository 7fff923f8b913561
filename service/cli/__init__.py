"""The command line: `sealform`, or `python -m service.cli`."""

from service.cli.commands import app, main

__all__ = ["app", "main"]
