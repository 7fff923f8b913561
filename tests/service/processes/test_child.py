"""What a worker does to itself."""

import subprocess
import sys
from pathlib import Path

import pytest

from service.processes.child import give_back_memory


def _resident() -> int:
    """MiB of this process that lie in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux's C library is asked to")
def test_much_freed_memory_goes_back_though_a_piece_behind_it_is_in_use() -> None:
    give_back_memory()
    pieces = [b"%d" % number * 20_000 for number in range(10_000, 16_000)]
    full, last = _resident(), pieces[-1]
    del pieces
    held = _resident()
    give_back_memory()
    assert held > full - 100  # the library keeps it by itself
    assert _resident() < full - 400
    assert last[-5:] == b"15999"


_THREADS = """
import sys, threading
from service.processes.child import share_freed_memory

def work():
    pieces = [b"x" * (100_000 + number) for number in range(1_000)]
    del pieces[:-1]  # the library gives back only what lies behind all that is in use
    done.wait()

share_freed_memory()
done = threading.Barrier(4)
for number in range(3):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    while done.n_waiting <= number:
        pass
print(int(open("/proc/self/statm").read().split()[1]) * 4096 >> 20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux's C library is asked to")
def test_threads_one_after_the_other_hold_no_more_memory_than_one() -> None:
    """Each takes 100 MB and frees them again."""
    done = subprocess.run([sys.executable, "-c", _THREADS], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200
