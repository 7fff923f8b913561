"""Shares work out over the cores that a process may use.

One thread reads a page. Where the process may use more, others read lines of it, or the page before it,
meanwhile. What is found does not depend on how many there are: each piece of work is the same, and results
keep the order of what was asked.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from threading import Semaphore
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Cores:
    """So many threads of this process may work at once, the one that asks among them. Safe for threads."""

    def __init__(self, count: int) -> None:
        self._spare = Semaphore(max(1, count) - 1)
        # As many as there are cores, because who waits lends his own.
        self._threads = ThreadPoolExecutor(max(1, count), thread_name_prefix="cores")

    def beside(self, work: Callable[[], T]) -> "Future[T]":
        """Begin `work` on a spare core. Where none is spare, do it at once, and raise what it raises."""
        if self._spare.acquire(blocking=False):
            return self._threads.submit(self._releasing, work)
        done: Future[T] = Future()
        done.set_result(work())
        return done

    def ended(self, begun: "Sequence[Future[T]]") -> list[T]:
        """Return the results of what was begun. Others may use this thread's core meanwhile. Raises what the
        first that failed raises, after all have ended."""
        if not all(one.done() for one in begun):
            self._spare.release()
            wait(begun)
            self._spare.acquire()
        return [one.result() for one in begun]

    def each(self, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Return the result of `work` for each item, in their order. The items are begun in their order, so
        the longest should come first. Raises what `work` raises."""
        left = deque(enumerate(items))
        found: dict[int, R] = {}
        helpers: list[Future[None]] = []

        def work_one() -> bool:
            try:
                number, item = left.popleft()
            except IndexError:
                return False
            found[number] = work(item)
            return True

        def work_all() -> None:
            while work_one():
                pass

        try:
            # A core may become spare at any time. The last item is this thread's own.
            while left:
                if len(left) > 1 and self._spare.acquire(blocking=False):
                    helpers.append(self._threads.submit(self._releasing, work_all))
                work_one()
        finally:
            left.clear()
            wait(helpers)
        for helper in helpers:
            helper.result()
        return [found[number] for number in sorted(found)]

    def _releasing(self, work: Callable[[], T]) -> T:
        try:
            return work()
        finally:
            self._spare.release()


@cache
def cores(count: int) -> Cores:
    """Return the cores that all in this process share who may use so many."""
    return Cores(count)
