"""Reading an upload's files as persons put their pieces together: which files that takes, what reads them,
and whose lines come of it."""

from collections.abc import Collection, Sequence
from pathlib import Path

from extractor import Gathered, Piece, Source, around
from service.processes.readers import Arranging
from service.results import Line
from service.store.groupings import Group


def files_with(parts: Collection[str] | None, files: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Returns of `files` (name, SHA-256) those that hold one of `parts`, or all where that is None, by the
    names that their own parts get."""
    named = Source.of("", Path(), [(name, Path(str(number))) for number, (name, _) in enumerate(files)])
    every = [(name, digest) for (name, _), (_, digest) in zip(named.parts, files, strict=True)]
    if parts is None:
        return every
    wanted = {outer for name in parts for outer in (name, *around(name))}
    return [one for one in every if one[0] in wanted]


def reader_of(groups: Sequence[Group], form: str | None) -> Arranging:
    """Returns what reads each group as one application. `form` is what was said of the upload as a whole."""
    return Arranging(
        tuple(
            Gathered(
                tuple(
                    Piece(one.part, one.page or None, None if one.quarters < 0 else one.quarters)
                    for one in group.pieces
                ),
                group.form or form,
            )
            for group in groups
        )
    )


def lines_of_each(groups: Sequence[Group], lines: Sequence[Line]) -> list[tuple[Group, Line]]:
    """Returns each group with its line. What failed as a whole failed for each of them."""
    each = lines if len(lines) == len(groups) else [lines[0]] * len(groups)
    return list(zip(groups, each, strict=True))
