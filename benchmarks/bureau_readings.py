"""Records how the reader reads returned forms whose truth is known, for the simulated bureau of the tests
(`tests/service/proof/bureau.py`), so that it lives on real readings without reading anything.

    python -m benchmarks.bureau_readings record SCORER FOLDER... -o raw.jsonl
        reads FOLDER/scans (or FOLDER itself) of FOLDER/truth.json, one application at a time; those that
        raw.jsonl holds already are left out, so that it can be stopped and gone on with
    python -m benchmarks.bureau_readings pack raw.jsonl
        writes fixtures/readings/worn.json.gz

SCORER is the corpus's own `score.py`, which knows what counts as right. `fixtures/README.md` names the
corpora and the seeds of what is packed.
"""

import argparse
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.calibration import load_scorer
from extractor import Source, extract
from models.findings import CATALOGUE
from models.form import FormDefinition
from service.forms.definitions import load_forms
from service.proof.judgement.strata import source_of
from service.results import Line, line_of

TARGET = Path(__file__).parent.parent / "fixtures" / "readings" / "worn.json.gz"
# Longer values are not kept: the bureau only asks which digits stand in a value.
_LONGEST = 40


def record(scorer: Path, folder: Path, raw: Path) -> None:
    """Reads what `raw` lacks of `folder`, and appends a line for each application."""
    score, forms = load_scorer(scorer), load_forms(None)
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    done = (
        {json.loads(line)["case"] for line in raw.read_text("utf-8").splitlines()} if raw.exists() else set()
    )
    files = folder / "scans" if (folder / "scans").is_dir() else folder
    for name, case in truth.items():
        path = files / Path(case["files"][0]).parts[0]
        called = f"{folder.name}/{name}"
        # A file that has to be refused, or whose ticks say two things, has no truth to hold a value against.
        if called in done or case.get("route", "read") != "read":
            continue
        result = extract(Source.at(path), forms)[0]
        line = line_of(result)
        made = {
            "case": called,
            "wear": case.get("condition") or case.get("profile"),
            "status": line["status"],
        }
        fields = list(_fields(score, case, line, result.form)) if result.form else []
        with raw.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**made, "fields": fields}, ensure_ascii=False) + "\n")


def _fields(score: Any, case: dict[str, Any], line: Line, form: FormDefinition) -> Iterator[dict[str, Any]]:
    for name, want in score.expected(case).items():
        read = line["fields"].get(name)
        if read is None or name not in form.fields:
            continue
        value = read["value"]
        yield {
            "field": name,
            "kind": form.fields[name].kind,
            "source": source_of(read, line["parts"]),
            "said": read["confidence"],
            "right": bool(score.right(name, want, value)),
            "decision": read["decision"],
            "doubts": sorted(
                one["code"] for one in line["findings"]
                if one["field"] == name and CATALOGUE[one["code"]].doubt
            ),
            "value": value if isinstance(value, str) and len(value) <= _LONGEST else None,
        }  # fmt: skip


def pack(raw: Path) -> None:
    """Writes what was recorded as the fixture."""
    lines = [json.loads(line) for line in raw.read_text("utf-8").splitlines()]
    text = json.dumps(
        {"form": "pilot-application", "applications": lines}, ensure_ascii=False, separators=(",", ":")
    )
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    # Without its time, so that the same readings make the same file.
    TARGET.write_bytes(gzip.compress(text.encode("utf-8"), 9, mtime=0))
    count = sum(len(line["fields"]) for line in lines)
    print(f"{len(lines)} applications, {count} fields, {TARGET.stat().st_size} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record")
    recording.add_argument("scorer", type=Path)
    recording.add_argument("folders", type=Path, nargs="+")
    recording.add_argument("-o", "--output", type=Path, required=True)
    commands.add_parser("pack").add_argument("raw", type=Path)
    asked = parser.parse_args()
    if asked.command == "pack":
        pack(asked.raw)
        return
    for folder in asked.folders:
        record(asked.scorer, folder, asked.output)


if __name__ == "__main__":
    main()
