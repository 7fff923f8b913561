"""Calls into pebble that are not part of its public interface. `pyproject.toml` bounds its version because of
them, and `tests/service/processes/test_pebble_contract.py` says what they must do."""

from pebble import ProcessPool


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
