"""Compares reading returned Word forms with docx2python and mammoth: CPU time a file, and ticks read right.

The peers run in an environment of their own (`.venv-peers`) and give a document's text. Whether an option is
ticked in it is then judged by the simplest rule that their users write: a ticked sign of Unicode just before
the option's words. Sealform's time is that of the whole way to a decided record. All read the same files,
round by round.
"""

import json
import re
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from extractor import Source, extract
from models.fields import ChoiceField
from models.form import FormDefinition
from service.forms.definitions import load_forms

_ROUNDS = 15
_ROOT = Path(__file__).parent.parent
_INBOX = _ROOT / "fixtures" / "inbox"
_PEERS = _ROOT / ".venv-peers" / "bin" / "python"
_SIGNS = "☑☒√✔✓■●✅"


@dataclass(frozen=True)
class Contestant:
    """The result of one contestant: the median `milliseconds` of CPU a file, and how many of `files` are
    `right`, that is, have their ticks read right or were rightly left to a person."""

    name: str
    milliseconds: float
    right: int
    files: int


def run() -> list[Contestant]:
    """Returns Sealform's result first, then its peers'."""
    truth = json.loads((_ROOT / "fixtures" / "inbox-truth.json").read_text("utf-8"))
    files = {
        path: truth[path.name] for path in sorted(_INBOX.glob("*.docx")) if not truth[path.name]["refused"]
    }
    forms = load_forms(None)
    field = _question(forms, files)
    ours = _ours(files, forms, field)
    answer = subprocess.run(
        [str(_PEERS), str(Path(__file__).parent / "peers" / "word.py"), str(_ROUNDS), *map(str, files)],
        check=True,
        capture_output=True,
    )
    theirs = [_theirs(name, found, files, field) for name, found in json.loads(answer.stdout).items()]
    return [ours, *theirs]


def _question(forms: dict[str, FormDefinition], files: dict[Path, dict]) -> ChoiceField:
    """Returns the first question with options of the form that the truth is about."""
    names = next(iter(files.values()))["fields"].keys()
    form = max(forms.values(), key=lambda form: len(names & form.fields.keys()))
    return next(field for field in form.fields.values() if isinstance(field, ChoiceField))


def _ours(files: dict[Path, dict], forms: dict[str, FormDefinition], field: ChoiceField) -> Contestant:
    times, right = [], 0
    extract(Source.at(next(iter(files))), forms)
    for _ in range(_ROUNDS):
        for path in files:
            start = time.process_time()
            extract(Source.at(path), forms)
            times.append(time.process_time() - start)
    for path, truth in files.items():
        read = extract(Source.at(path), forms)[0].fields[field.name]
        right += (
            read.decision == "review"
            if truth["types_to_review"]
            else sorted(read.value or ()) == sorted(truth["fields"][field.name])
        )
    return Contestant("sealform", statistics.median(times) * 1000, right, len(files))


def _theirs(name: str, found: dict, files: dict[Path, dict], field: ChoiceField) -> Contestant:
    times = [seconds for one in found.values() for seconds in one["seconds"]]
    right = 0
    for path, truth in files.items():
        text = found[str(path)]["text"]
        ticked = [option for option in field.options if re.search(rf"[{_SIGNS}]\s*{option}", text)]
        # A peer has no review. Where the form is in doubt, no answer at all counts as right.
        right += (
            not ticked if truth["types_to_review"] else sorted(ticked) == sorted(truth["fields"][field.name])
        )
    return Contestant(name, statistics.median(times) * 1000, right, len(files))
