"""One trouble after the other, each with files of its own; what came of each, and of all."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from benchmarks.machines.site import MACHINES, Site
from benchmarks.machines.troubles import Trouble
from generator import generate, new_identity
from models.form import FormDefinition
from service.store import audit, replay
from service.store.database import Database
from service.store.tables import results, submissions, uploads, versions
from tests.records import random_record

_SENDERS = 6
_BEFORE = 3.0  # seconds of sending before the trouble begins
_MOST = 600.0


@dataclass
class Act:
    """How an act went: seconds in all; the longest time in which nothing was read while something waited;
    how often files were sent, and the longest wait of a sender; and who read how many."""

    name: str
    files: int
    seconds: float = 0.0
    longest_stall: float = 0.0
    sendings: int = 0
    longest_wait: float = 0.0
    read_by: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        shares = ", ".join(f"{name} {self.read_by[name]}" for name in MACHINES)
        return (
            f"{self.name:46} {self.files:4} files in {self.seconds:4.0f} s, sent {self.sendings} times, "
            f"longest wait {self.longest_wait:3.0f} s, nothing read for {self.longest_stall:3.0f} s, "
            f"read by {shares}"
        )


def make_files(folder: Path, count: int, form: FormDefinition, seed: int) -> None:
    """Filled forms, each with other answers and a number of its own."""
    folder.mkdir()
    for number in range(count):
        record = random_record(form, seed * 100_000 + number)
        data = generate(form, "docx", new_identity(form), record).data
        (folder / f"{seed:02}-{number:05}.docx").write_bytes(data)


def play(site: Site, trouble: Trouble, files: Path) -> Act:
    """Sends the files, lets the trouble come and go meanwhile, and waits until all were read."""
    act = Act(trouble.name, sum(1 for _ in files.iterdir()))
    out = site.folder / f"{files.name}.jsonl"
    before, by_before = _expect(site.done()), _read_by(site.database)
    started = time.monotonic()
    senders = site.start_senders(files, _SENDERS, out)
    begun = ended = False
    progress, since, lasts = before, started, started
    while True:
        now = time.monotonic()
        if not begun and now - started > _BEFORE:
            trouble.begin(site)
            begun, lasts = True, time.monotonic() + trouble.seconds
        if begun and not ended and now > lasts:
            trouble.end(site)
            ended = True
        done = site.done()
        if done is not None and done != progress:
            progress, since = done, now
        is_all = progress - before == act.files
        if not is_all:
            act.longest_stall = max(act.longest_stall, now - since)
        elif not act.seconds:
            act.seconds = now - started
        if is_all and ended and senders.poll() is not None:
            break
        if now - started > _MOST:
            raise TimeoutError(f"{trouble.name}: {progress - before} of {act.files} read\n{site.said()}")
        time.sleep(0.2)
    for line in map(json.loads, out.read_text().splitlines()):
        act.sendings += line["tries"]
        act.longest_wait = max(act.longest_wait, line["seconds"])
        act.refused.update(line["refused"])
    act.read_by = _read_by(site.database) - by_before
    return act


def _expect(number: int | None) -> int:
    assert number is not None, "the database does not answer"
    return number


def _read_by(database: Database) -> Counter[str]:
    with database.read() as connection:
        query = sa.select(results.c.worker, sa.func.count()).group_by(results.c.worker)
        return Counter(
            {str(worker).removeprefix("worker:"): count for worker, count in connection.execute(query)}
        )


@dataclass(frozen=True)
class Verdict:
    """What became of all that was taken. `amiss` says what the log, or the records held against it, show."""

    files: int
    lost: list[str]
    doubled: list[str]
    amiss: list[str]

    def __str__(self) -> str:
        log = "the log is whole, and so are the records" if not self.amiss else f"amiss: {self.amiss[:5]}"
        return f"{self.files} files: {len(self.lost)} lost, {len(self.doubled)} doubled, {log}"


def judge(database: Database, outs: Sequence[Path]) -> Verdict:
    """Holds what the senders were told against what is there."""
    told = [json.loads(line) for out in outs for line in out.read_text().splitlines()]
    by_upload = {line["upload"]: line["name"] for line in told}
    with database.snapshot() as connection:
        rows = connection.execute(
            sa.select(uploads.c.id, uploads.c.state, submissions.c.id.label("submission"))
            .join(submissions, submissions.c.upload_id == uploads.c.id)
        ).all()  # fmt: skip
        reads = Counter(
            connection.scalars(sa.select(versions.c.submission_id).where(versions.c.action == "read"))
        )
        stored = Counter(connection.scalars(sa.select(results.c.submission_id)))
        amiss = [f"log {one.seq}: {one.why}" for one in audit.verify(connection)[2]]
        amiss += map(str, replay.departures(connection))
    seen, whole = Counter(row.id for row in rows), {row.id for row in rows if row.state == "done"}
    lost = [name for upload, name in by_upload.items() if upload not in whole]
    lost += [f"{row.id}: not stored" for row in rows if not stored[row.submission]]
    doubled = [f"upload {row.id}" for row in rows if row.id not in by_upload or seen[row.id] > 1]
    doubled += [f"{row.id}: read {reads[row.submission]} times" for row in rows if reads[row.submission] > 1]
    return Verdict(len(told), lost, doubled, amiss)
