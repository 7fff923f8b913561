"""The command line: `sealform`, or `python -m service.cli`.

Each process that reads files starts by importing the program that started it, which is this package; only who
runs a command loads the commands.
"""

import os
from typing import TYPE_CHECKING

from models.on_demand import loading, on_demand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.cli.commands import app
else:
    __getattr__ = on_demand(__name__, {"commands": "app"})

__all__ = ["app", "main"]


def main(arguments: "Sequence[str] | None" = None) -> None:
    """Runs the command line."""
    # Pydantic would look through every package that is installed for plugins, of which we use none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    with loading():
        from service.cli.commands import main as run

    run(arguments)
