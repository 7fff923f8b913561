"""A signal breaks off a wait and nothing else."""

import os
import signal
from collections.abc import Iterator

import pytest

from service.signals import Stop


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """Whoever runs the tests in the background may have these ignored."""
    before = {
        name: signal.signal(name, signal.default_int_handler) for name in (signal.SIGINT, signal.SIGHUP)
    }
    yield
    for name, handler in before.items():
        signal.signal(name, handler)


def _signal(name: signal.Signals) -> None:
    os.kill(os.getpid(), name)


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_wait(name: signal.Signals) -> None:
    with Stop() as stop, pytest.raises(KeyboardInterrupt):
        stop.wait(lambda: _signal(name))


def test_a_signal_between_two_waits_ends_the_next_and_no_write() -> None:
    written = []
    with Stop() as stop:
        assert stop.wait(lambda: 1) == 1
        _signal(signal.SIGINT)
        written.append("whole")
        with pytest.raises(KeyboardInterrupt):
            stop.wait(lambda: written.append("never"))
        _signal(signal.SIGINT)
        written.append("tidied up")
    assert written == ["whole", "tidied up"]


def test_signals_mean_afterwards_what_they_meant_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Stop():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_what_is_to_be_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Stop() as stop:
            assert stop.wait(lambda: _signal(signal.SIGHUP)) is None
    finally:
        signal.signal(signal.SIGHUP, before)
