import threading
import time
from functools import partial

import pytest

from extractor.scan.cores import Cores


class Watch:
    """Work that notes how many do it at once, and on which threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0
        self.threads = set()

    def __call__(self, item):
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
            self.threads.add(threading.get_ident())
        time.sleep(0.01)
        with self._lock:
            self._now -= 1
        return -item


def test_results_keep_the_order_of_what_was_asked():
    def slowest_first(item):
        time.sleep(0.02 - item / 500)
        return item * 2

    assert Cores(3).each(slowest_first, range(10)) == [item * 2 for item in range(10)]


def test_all_work_is_done_by_the_thread_that_asks_where_there_is_one_core():
    watch = Watch()
    shared = Cores(1)
    assert shared.each(watch, range(4)) == [0, -1, -2, -3]
    assert shared.ended([shared.beside(partial(watch, 7))]) == [-7]
    assert watch.threads == {threading.get_ident()}


def test_two_cores_work_at_once_and_never_three():
    watch = Watch()
    shared = Cores(2)
    begun = [shared.beside(partial(shared.each, watch, range(8))) for _ in range(3)]
    assert shared.ended(begun) == [[-item for item in range(8)]] * 3
    assert watch.most == 2
    assert shared.each(watch, range(4)) == [0, -1, -2, -3]


def test_who_waits_lends_his_core():
    watch = Watch()
    shared = Cores(2)
    go = threading.Event()

    def page():
        go.wait()
        return shared.each(watch, range(6))

    begun = [shared.beside(page)]
    threading.Timer(0.05, go.set).start()
    assert shared.ended(begun) == [[-item for item in range(6)]]
    assert watch.most == 2


@pytest.mark.parametrize("count", [1, 2])
def test_what_fails_is_raised_and_the_cores_are_free_again(count):
    shared = Cores(count)

    def fail(item):
        if item == 3:
            raise ValueError(item)
        return item

    with pytest.raises(ValueError, match="3"):
        shared.each(fail, range(6))
    with pytest.raises(ValueError, match="3"):
        shared.ended([shared.beside(partial(fail, 3))])
    watch = Watch()
    shared.each(watch, range(6))
    assert watch.most == count
