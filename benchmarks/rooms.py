"""Prints figures on the structure of the code: its folders, what is long or branches much in them, and the
imports between its rooms."""

import json
import subprocess
import sys
from collections import Counter

from tests import rooms


def main() -> None:
    """Counts and prints."""
    folders = Counter(path.relative_to(rooms.ROOT).parent.as_posix() for path in rooms.MODULES.values())
    print(f"{len(folders)} packages with {len(rooms.MODULES)} modules")
    for folder, modules in sorted(folders.items()):
        print(f"  {modules:4} {folder}")
    print(f"{_branching()} functions that branch more than ruff lets them")
    longest, where = max(
        (len(line), path) for path in rooms.MODULES.values() for line in path.read_text("utf-8").splitlines()
    )
    print(f"{longest} characters in the longest line, in {where.relative_to(rooms.ROOT)}")
    most, where = max((len(path.read_text("utf-8").splitlines()), path) for path in rooms.MODULES.values())
    print(f"{most} lines in the longest file, {where.relative_to(rooms.ROOT)}")
    arrows = rooms.arrows_of(rooms.imports())
    for top in rooms.TOPS:
        inner = [ends for ends in arrows if all(end.partition(".")[0] == top for end in ends)]
        held = [room for room in rooms.ROOMS if room.partition(".")[0] == top]
        print(f"{top}: {len(held)} rooms, {len(inner)} arrows between them")
    print(
        f"{len(rooms.backward(arrows))} imports back up, "
        f"{len(rooms.strays(arrows))} that the table does not allow"
    )
    print(f"{len(rooms.past_doors(arrows))} imports past a door")


def _branching() -> int:
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--select",
        "C901",
        "--output-format",
        "json",
        *rooms.TOPS,
    ]
    return len(
        json.loads(
            subprocess.run(command, cwd=rooms.ROOT, capture_output=True, text=True, check=False).stdout
        )
    )


if __name__ == "__main__":
    main()
