"""`python -m benchmarks.machines.rolling [FILES]` brings three machines to a next version one by one, and
back again, while FILES (300 unless said) are uploaded, read and reviewed. The next version is this one with a
step of the schema more, which adds a column that it writes and reads, a table and an index, and says that
this version may work on; the first machine of the next version brings the schema up to date while the others
work. Prints what was done in each stretch; ends with 1 where anything was lost or doubled, the log is not
whole, or a decision that was confirmed to somebody is not there."""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa

from benchmarks.machines import acts, network, shared
from benchmarks.machines.site import MACHINES, ROOT, Site, compiler, site
from service.forms.definitions import load_forms
from service.store.database import Database, revision_of, revisions
from service.store.tables import submissions

FILES = 300
NEXT = "9001"
_SENDERS, _STRETCH, _TO_STOP, _MOST = 2, 10.0, 30.0, 900.0
_STEP = f'''"""What the next version adds"""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{NEXT}", "{{newest}}", None, None
oldest = "{{newest}}"


def upgrade() -> None:
    """Adds."""
    op.add_column("submissions", sa.Column("later", sa.String(length=16), nullable=True))
    op.create_table("laters", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_index("ix_submissions_later", "submissions", ["later"])


def downgrade() -> None:
    """Takes away."""
    op.drop_table("laters")
    op.drop_column("submissions", "later")
'''
_FOLDERS = ("models", "generator", "extractor", "service", "sealform", "fixtures", "docs")
# All of this version, three machines forth, three back.
_STRETCHES = 1 + 2 * len(MACHINES)
_TABLE = '    "submissions", metadata, _id(),\n'


def next_version(folder: Path) -> Path:
    """A copy of the program in `folder`, with a step more."""
    for name in _FOLDERS:
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "inbox", "screenshots")
        )
    step = folder / f"service/migrations/versions/{NEXT}_what_comes_next.py"
    step.write_text(_STEP.format(newest=revisions()[0]))
    tables = folder / "service/store/tables.py"
    text = tables.read_text("utf-8")
    assert text.count(_TABLE) == 1
    tables.write_text(
        text.replace(_TABLE, f'{_TABLE}    Column("later", String(16), default="next"),\n'), "utf-8"
    )
    return folder


def main(count: int = FILES) -> int:
    """Goes forth and back, and judges."""
    if not network.is_possible() or shared.binaries() is None or compiler() is None:
        print("needs root, ip, the programs of PostgreSQL, and a compiler of C", file=sys.stderr)
        return 2
    program = shared.s3_server(ROOT / ".venv-machines")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        files = make_shares(folder, count)
        with site(folder, program) as running:
            return roll(running, files, next_version(folder / "next"))


def make_shares(folder: Path, count: int) -> list[Path]:
    """Makes a folder of files in `folder` for each stretch."""
    form, shares = next(iter(load_forms().values())), []
    for number in range(_STRETCHES):
        shares.append(folder / f"files-{number}")
        acts.make_files(shares[-1], count // _STRETCHES + (number < count % _STRETCHES), form, number)
    return shares


def roll(running: Site, files: Sequence[Path], newer: Path) -> int:
    """Brings the machines of `running` to the version in `newer` and back, while the files of a folder of
    `files` are sent in each stretch."""
    for name in MACHINES:
        running.start(name)
    running.wait_until_ready()
    out, reviewed = running.folder / "files.jsonl", running.folder / "reviewed.jsonl"
    running.start_reviewers(reviewed)
    senders = []
    for (what, machine, code), share in zip(_steps(newer), files, strict=True):
        senders.append(running.start_senders(share, _SENDERS, out))
        before = _done(running.database)
        if machine:
            running.network[machine].end(_TO_STOP)
            running.code[machine] = code
            running.start(machine)
            running.wait_until_ready()
        time.sleep(_STRETCH)
        after = _done(running.database)
        with running.database.read() as connection:
            schema = revision_of(connection)
        read, accepted = (now - then for now, then in zip(after, before, strict=True))
        print(f"{what:36} schema {schema}, {read} read, {accepted} accepted meanwhile", flush=True)
    deadline = time.monotonic() + _MOST
    count = sum(len(list(share.iterdir())) for share in files)
    while any(one.poll() is None for one in senders) or running.done() != count:
        if time.monotonic() > deadline:
            raise TimeoutError(running.said())
        time.sleep(0.5)
    time.sleep(_STRETCH)
    verdict = acts.judge(running.database, [out])
    missing = _not_accepted(running.database, reviewed)
    print(verdict)
    print(f"{len(reviewed.read_text().splitlines())} decisions confirmed, {len(missing)} not there")
    with running.database.read() as connection:
        wrote = dict(
            map(tuple, connection.execute(sa.text("SELECT later, count(*) FROM submissions GROUP BY 1")))
        )
    print(f"submissions made by the next version: {wrote.get('next', 0)}, by this one: {wrote.get(None, 0)}")
    return int(bool(verdict.lost or verdict.doubled or verdict.amiss or missing) or len(wrote) < 2)


def _steps(newer: Path) -> Iterator[tuple[str, str, Path]]:
    yield "all of this version", "", ROOT
    for name in reversed(MACHINES):
        yield f"{name} to the next version", name, newer
    for name in MACHINES:
        yield f"{name} back to this version", name, ROOT


def _done(database: Database) -> tuple[int, int]:
    """How many were read, and how many accepted."""
    with database.read() as connection:
        states = [row.status for row in connection.execute(sa.select(submissions.c.status))]
    return sum(one not in ("received", "reading") for one in states), states.count("accepted")


def _not_accepted(database: Database, reviewed: Path) -> list[int]:
    told = [json.loads(line)["submission"] for line in reviewed.read_text().splitlines()]
    with database.read() as connection:
        accepted = set(
            connection.scalars(sa.select(submissions.c.id).where(submissions.c.status == "accepted"))
        )
    return [one for one in told if one not in accepted]


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else FILES))
