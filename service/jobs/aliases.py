"""Looking for aliases of what forms print, once somebody asked for it: in the applications in which a
field was not found and a person put in what stands there. Each alias is tried on what is kept, from the
recorded readings of pictures, before it is proposed."""

import logging
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from extractor import Kept as Readings
from extractor import Options, Source
from models.aliases import with_aliases
from models.errors import NotFound, SealformError
from models.form import FormDefinition
from service.blobs import lay_out
from service.jobs.arranging import files_with, reader_of
from service.jobs.desk import Desk
from service.processes.pool import Call, Stopped, T
from service.processes.readers import SeekingAliases, Variants
from service.proof import aliases
from service.proof.aliases import Kept
from service.proof.judgement.aliases import Proposal, Seen, Tried, proposals
from service.results import Line
from service.store import groupings
from service.store.groupings import Group
from service.store.uploads import files_of

_log = logging.getLogger(__name__)

_PAUSE = 2.0  # seconds between two looks whether somebody asked
_LEFT = timedelta(hours=1)  # after which a run is another worker's
_Forms = Mapping[str, FormDefinition]


def run(desk: Desk, stop: threading.Event) -> None:
    """Looks for aliases whenever somebody asked for it, until `stop` is set. Several workers may do so."""
    while not stop.is_set():
        try:
            seek(desk)
        except Stopped:
            return
        except Exception as error:
            # A database that is out of reach comes back; the run is then begun again.
            _log.error("aliases: %s", type(error).__name__)
        stop.wait(_PAUSE)


def seek(desk: Desk) -> bool:
    """Does what was asked for, and returns whether there was anything."""
    now = desk.clock()
    with desk.database.read() as connection:
        if not aliases.is_waiting(connection):
            return False
    with desk.database.write() as connection:
        number = aliases.begin(connection, now, now - _LEFT)
    if number is None:
        return False
    forms = aliases.current(desk.database, desk.forms)
    with desk.database.read() as connection:
        every = list(aliases.kept(connection, forms))
    seen = [
        one for kept in _by_upload([one for one in every if one.lost]) for one in _seen(desk, kept, forms)
    ]
    found = [(one, list(_tried(desk, one, every, forms))) for one in proposals(seen)]
    with desk.database.write() as connection:
        aliases.end(connection, number, found, desk.clock())
    return True


def _by_upload(some: Sequence[Kept]) -> list[list[Kept]]:
    found: dict[int, list[Kept]] = {}
    for one in some:
        found.setdefault(one.upload, []).append(one)
    return list(found.values())


def _seen(desk: Desk, some: Sequence[Kept], forms: _Forms) -> Iterator[Seen]:
    """Yields the aliases in the applications of one upload."""
    laid = _laid(desk, some)
    right = tuple({name: text for name, (text, _) in one.lost.items()} for one, _ in laid.pairs)
    found = _called(desk, laid, forms, SeekingAliases(reader_of(laid.groups, laid.said).gathered, right))
    for (one, _), own in zip(laid.pairs, found or (), strict=False):
        yield from (Seen(alias, one.submission, one.lost[alias.field][1]) for alias in own)


def _tried(desk: Desk, proposal: Proposal, every: Sequence[Kept], forms: _Forms) -> Iterator[Tried]:
    """Yields the fields of what is kept of the alias's form, read without it and with it."""
    form = forms[proposal.alias.form]
    with_it = {**forms, form.name: with_aliases(form, [proposal.alias])}
    of_form = [one for one in every if one.form == form.name]
    for some in _by_upload(aliases.chosen(of_form, proposal.submissions)):
        laid = _laid(desk, some)
        lines = _called(desk, laid, forms, Variants(reader_of(laid.groups, laid.said), (forms, with_it)))
        if lines is None:
            continue
        for (one, _), before, after in zip(laid.pairs, *lines, strict=False):
            if not _is_other(before, form) and not _is_other(after, form):
                yield from aliases.tried(one, form, before, after)


def _is_other(line: Line, form: FormDefinition) -> bool:
    return bool(line["error"]) or line["form"] != form.name


@dataclass(frozen=True)
class _Laid:
    """Applications of one upload with their pieces, its files, and what is kept of their pictures."""

    pairs: tuple[tuple[Kept, Group], ...]
    said: str | None
    files: tuple[tuple[str, str], ...]
    readings: Mapping[str, bytes]

    @property
    def groups(self) -> list[Group]:
        return [group for _, group in self.pairs]


def _laid(desk: Desk, some: Sequence[Kept]) -> _Laid:
    upload = some[0].upload
    with desk.database.read() as connection:
        present = groupings.present(connection, upload)
        readings = groupings.readings_of(connection, upload)
        files = tuple((file.name, file.sha256) for file in files_of(connection, upload))
    # What was read of pictures is taken as it is kept; nothing is recognised anew for this.
    pairs = ((one, present.of(one.submission)) for one in some)
    return _Laid(
        tuple((one, replace(group, form=one.form)) for one, group in pairs if group.pieces),
        None, files, readings,
    )  # fmt: skip


def _called(desk: Desk, laid: _Laid, forms: _Forms, call: Call[T]) -> T | None:
    """Returns what a process finds in the files of an upload; None where they can't be opened any more."""
    parts = {piece.part for group in laid.groups for piece in group.pieces}
    if not parts:
        return None
    with tempfile.TemporaryDirectory(prefix="aliases-", dir=desk.scratch) as place:
        folder = Path(place)
        readings = Readings(folder / "kept")
        for key, data in laid.readings.items():
            readings.lay(key, data)
        try:
            source = Source.of("", folder, lay_out(desk.blobs, files_with(parts, laid.files), folder))
        except NotFound:
            return None
        options: Options = replace(desk.options, form=None, kept=readings)
        outcome = desk.pool.call(source, forms, options, call, lambda: None).outcome
    return None if isinstance(outcome, SealformError) else outcome
