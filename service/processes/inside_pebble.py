"""All that is reached inside pebble past its public interface. `pyproject.toml` bounds its version because of
this, and
`tests/service/processes/test_pebble_contract.py` says what it must do."""

from pebble import ProcessPool


def end_at_once(pool: ProcessPool) -> None:
    """Ends all processes of a pool that was stopped, so that joining it takes no time.

    Joining alone ends one after the other, waiting for each, and takes away before what those need that still
    start.
    """
    if pool._pool_manager_loop is not None:
        # It would start others meanwhile.
        pool._pool_manager_loop.join()
    for process in list(pool._pool_manager.worker_manager.workers.values()):
        process.terminate()
