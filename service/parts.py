"""Tells which parts of a result belong to which application.

One upload may hold the files of several applications. Each application shows only its own parts, never those
of others. The functions here are pure.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Literal, TypedDict

from extractor import Belonging, Source, around
from models.record import PartState
from service.results import Line, Parted, PartJson

Standing = Literal["own", "shared", "other"]


class OutcomeJson(TypedDict):
    """The outcome of one uploaded file: the submissions that used it (`submissions`), its `state`, and the
    parts of it that no submission used (`left`)."""

    submissions: list[int]
    state: PartState | None
    left: list[str]


def standings(line: Parted) -> list[Standing]:
    """Tells for each part of `line` whether it is the application's own ("own"), a mail or an archive that
    also holds the files of other applications ("shared"), or another application's ("other"). Where
    everything that arrived is for one application, every part is "own"."""
    number = line.get("application", 1)
    belonging = Belonging({part["name"]: part.get("applications", ()) for part in line["parts"]})
    if not belonging:
        return ["own"] * len(line["parts"])
    found: list[Standing] = []
    for part in line["parts"]:
        owners = belonging.of(part["name"])
        is_own = owners == {number} or number in part.get("applications", ())
        found.append("own" if is_own else "shared" if number in owners else "other")
    return found


def own(line: Line) -> Line:
    """Returns `line` with only the parts that belong to its application alone."""
    return {**line, "parts": own_parts(line)}


def own_parts(line: Parted) -> list[PartJson]:
    """Returns the parts that belong to the application of `line` alone."""
    return [part for part, standing in zip(line["parts"], standings(line), strict=True) if standing == "own"]


def files_of(line: Parted) -> list[str]:
    """Returns the names of the files that an application was read from or that failed, without the other
    files that arrived with them. Returns all names where no file is marked with the application."""
    number, parts = line.get("application", 1), own_parts(line)
    return [part["name"] for part in parts if number in part.get("applications", ())] or [
        part["name"] for part in parts
    ]


def names_of(files: Sequence[str]) -> list[str]:
    """Returns the names that reading gives files: safe for a file system, and no two alike."""
    return [
        name
        for name, _ in Source.of("", Path(), [(name, Path(str(n))) for n, name in enumerate(files)]).parts
    ]


def file_of(part: str, files: Collection[str]) -> str:
    """Returns the one of `files` that a part is, or lies in."""
    return next(name for name in (part, *around(part)) if name in files)


def outcomes(files: Sequence[str], found: Sequence[tuple[int, Parted]]) -> list[OutcomeJson]:
    """Returns the outcome of each of the `files` of one upload. `found` holds each (submission, line) that
    was read from the upload."""
    owners: dict[str, set[int]] = {}
    states: dict[str, PartState] = {}
    for submission, line in found:
        states |= {part["name"]: part["state"] for part in line["parts"]}
        for part in own_parts(line):
            owners.setdefault(part["name"], set()).add(submission)
    holders = {outer for part in owners for outer in around(part)}
    return [_outcome(name, states, owners, holders) for name in names_of(files)]


def _outcome(
    name: str, states: Mapping[str, PartState], owners: Mapping[str, set[int]], holders: Collection[str]
) -> OutcomeJson:
    inside = [part for part in states if part == name or part.startswith(f"{name}/")]
    numbers = sorted({number for part in inside for number in owners.get(part, ())})
    return {
        "submissions": numbers, "state": states.get(name),
        "left": [part for part in inside if part not in owners and part not in holders],
    }  # fmt: skip
