"""Calls into pebble that are not part of its public interface. `pyproject.toml` bounds its version because of
them, and `tests/service/processes/test_pebble_contract.py` says what they must do."""

from pebble import ProcessPool
from pebble.common.types import CONSTS

# Seconds. Pebble's own tenth would be waited for up to three times where a pool ends.
_GLANCE = 0.02


def end_at_once(pool: ProcessPool) -> None:
    """Ends all processes of a pool that was stopped, so that joining it takes no time.

    Joining alone ends the processes one after the other and waits for each. It would also take away what
    processes that are still starting need.
    """
    if pool._pool_manager_loop is not None:
        # The pool's manager would start further processes meanwhile.
        pool._pool_manager_loop.join()
    for process in list(pool._pool_manager.worker_manager.workers.values()):
        process.terminate()


def look_often() -> None:
    """Lets the pools of this process look often what their processes do, so that they end without a wait. It
    costs a four-hundredth of a core, which is nothing to a command and too much for a service that waits."""
    CONSTS.sleep_unit = _GLANCE
