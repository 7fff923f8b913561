"""The clock that all machines of a service share."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.machines.site import compiler, make_clock
from service.store.database import Database
from tests.service.databases import postgresql

HOUR = 3600
ASK = """
import os, time
from service.store.database import Database
database = Database(os.environ["ASKED"])
print(time.time(), database.now().timestamp())
"""


@pytest.mark.parametrize("wrong", [HOUR, -HOUR])
def test_a_machine_whose_clock_is_wrong_goes_by_the_databases(wrong: int, tmp_path: Path) -> None:
    if compiler() is None:
        pytest.skip("needs a compiler of C (Debian: gcc, libc6-dev)")
    (tmp_path / "clock").write_bytes(wrong.to_bytes(8, sys.byteorder, signed=True))
    with postgresql() as kept:
        environment = {
            **os.environ, "LD_PRELOAD": str(make_clock(tmp_path)), "MACHINE_CLOCK": str(tmp_path / "clock"),
            "ASKED": kept.url.render_as_string(hide_password=False),
        }  # fmt: skip
        said = subprocess.run(
            [sys.executable, "-c", ASK], env=environment, check=True, capture_output=True, text=True
        )
    own, shared = map(float, said.stdout.split())
    assert own - time.time() == pytest.approx(wrong, abs=60)
    assert shared == pytest.approx(time.time(), abs=60)


def test_the_time_goes_on_without_a_question(tmp_path: Path) -> None:
    with postgresql() as kept:
        first = kept.now()
        kept.close()
        time.sleep(0.2)
        assert 0.1 < (kept.now() - first).total_seconds() < 60
        assert abs((datetime.now(UTC) - kept.now()).total_seconds()) < 60
    alone = Database(f"sqlite:///{tmp_path / 'a.db'}")
    assert abs((datetime.now(UTC) - alone.now()).total_seconds()) < 60
    alone.close()
