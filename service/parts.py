"""Whose the parts of a result are: of what arrived together, an application is shown its own and nothing of
others (pure)."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Literal, TypedDict

from extractor import Belonging, Source, around
from models.record import PartState
from service.results import Line, Parted, PartJson

Standing = Literal["own", "shared", "other"]


class OutcomeJson(TypedDict):
    """What became of one file of an upload: the submissions that it went into, its state, and what is left of
    it that went into none."""

    submissions: list[int]
    state: PartState | None
    left: list[str]


def standings(line: Parted) -> list[Standing]:
    """Of each part in `line` whether it is the application's own; or shared, as a mail or an archive with the
    papers of others in it too; or no concern of it. Where all came for one application, all is its own."""
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
    """`line` with the parts that are its application's own alone."""
    return {**line, "parts": own_parts(line)}


def own_parts(line: Parted) -> list[PartJson]:
    """The parts that are the application's own alone."""
    return [part for part, standing in zip(line["parts"], standings(line), strict=True) if standing == "own"]


def files_of(line: Parted) -> list[str]:
    """The names of the files that an application was read from, or that failed, without what came along; all,
    where none is named."""
    number, parts = line.get("application", 1), own_parts(line)
    return [part["name"] for part in parts if number in part.get("applications", ())] or [
        part["name"] for part in parts
    ]


def outcomes(files: Sequence[str], found: Sequence[tuple[int, Parted]]) -> list[OutcomeJson]:
    """What became of each of the `files` of an upload, of which each (submission, line) of `found` was read:
    `submissions` that it went into, its `state`, and what is `left` of it that went into none."""
    owners: dict[str, set[int]] = {}
    states: dict[str, PartState] = {}
    for submission, line in found:
        states |= {part["name"]: part["state"] for part in line["parts"]}
        for part in own_parts(line):
            owners.setdefault(part["name"], set()).add(submission)
    # Reading makes names safe and tells them apart; it is by those that parts are known.
    named = Source.of("", Path(), [(name, Path(str(number))) for number, name in enumerate(files)]).parts
    holders = {outer for part in owners for outer in around(part)}
    return [_outcome(name, states, owners, holders) for name, _ in named]


def _outcome(
    name: str, states: Mapping[str, PartState], owners: Mapping[str, set[int]], holders: Collection[str]
) -> OutcomeJson:
    inside = [part for part in states if part == name or part.startswith(f"{name}/")]
    numbers = sorted({number for part in inside for number in owners.get(part, ())})
    return {
        "submissions": numbers, "state": states.get(name),
        "left": [part for part in inside if part not in owners and part not in holders],
    }  # fmt: skip
