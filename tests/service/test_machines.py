"""A few files on three machines that break down, are cut off or have wrong clocks, and that are brought to a
next version and back: `benchmarks/machines` in small."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.machines import acts, network, rolling, shared
from benchmarks.machines.site import MACHINES, ROOT, Site, compiler, site
from benchmarks.machines.troubles import TROUBLES
from service.forms.definitions import load_forms

FILES = 8
BEFALLS = ("breaks down", "is cut off", "clock")

pytestmark = pytest.mark.accept


@pytest.fixture
def running() -> Iterator[Site]:
    if not network.is_possible():
        pytest.skip("needs root, ip and unshare, to make machines in network namespaces")
    if shared.binaries() is None or compiler() is None:
        pytest.skip("needs the programs of PostgreSQL, and a compiler of C")
    try:
        program = shared.s3_server(ROOT / ".venv-machines")
    except subprocess.CalledProcessError:
        pytest.skip("no package index, from which the S3 server would come")
    with tempfile.TemporaryDirectory() as name:
        # PostgreSQL runs as another user, to whom pytest's own folders are closed.
        Path(name).chmod(0o755)
        with site(Path(name), program) as made:
            yield made


def test_what_befalls_machines_loses_and_doubles_nothing(running: Site) -> None:
    form, outs = next(iter(load_forms().values())), []
    for name in MACHINES:
        running.start(name)
    for number, part in enumerate(BEFALLS):
        running.wait_until_ready()
        (trouble,) = (one for one in TROUBLES if part in one.name)
        files = running.folder / f"files-{number}"
        acts.make_files(files, FILES, form, number)
        act = acts.play(running, trouble, files)
        assert act.longest_stall < 120, f"{act}\n{running.said()}"
        outs.append(running.folder / f"{files.name}.jsonl")
    verdict = acts.judge(running.database, outs)
    assert verdict.files == FILES * len(BEFALLS)
    assert (verdict.lost, verdict.doubled, verdict.amiss) == ([], [], [])


def test_machines_are_brought_to_a_next_version_and_back_while_they_work(
    running: Site,
) -> None:
    files = rolling.make_shares(running.folder, FILES * 4)
    assert rolling.roll(running, files, rolling.next_version(running.folder / "next")) == 0
