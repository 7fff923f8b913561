"""Writes `service/proof/reference.jsonl`, the readings that came with the program, from samples that
`python -m benchmarks.calibration collect` wrote.

    python -m benchmarks.reference samples.jsonl...
"""

import json
import sys
from pathlib import Path

from benchmarks.calibration import load

TARGET = Path(__file__).parent.parent / "service" / "proof" / "reference.jsonl"


def main() -> None:
    lines = [
        {
            "kind": one.kind,
            "signs": {name: round(value, 2) for name, value in one.signs.items()},
            "right": one.right,
            "doubted": one.doubted,
        }
        for one in load(map(Path, sys.argv[1:]))
    ]
    TARGET.write_text("".join(json.dumps(one, separators=(",", ":")) + "\n" for one in lines), "utf-8")
    print(f"{len(lines)} readings")


if __name__ == "__main__":
    main()
