"""Answers that take long to make where there is much, such as counts of everything: one that was just made is
given again."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Annotated, Any, TypeVar

import sqlalchemy as sa
from fastapi import Depends, Request

from service.store import listing

T = TypeVar("T")
# An answer is given again for so many times as long as it took to make: what takes 0.5 s is never older than
# 10 s.
_TIMES = 20
# What is made in so many seconds is made anew whenever something has changed.
_QUICK = 0.1
# Whoever asks may word questions without end, so that only so many answers are kept: those given last.
_MOST = 256


class Recent:
    """The last answer to each of the questions that were asked last. Safe for threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._made: OrderedDict[Hashable, tuple[Any, int, float, float]] = OrderedDict()

    def answer(self, connection: sa.Connection, question: Hashable, make: Callable[[], T]) -> T:
        """Returns the answer to `question`: the last one, where nothing has changed since or it was just made
        and took long, and otherwise what `make` returns."""
        change, asked = listing.last_change(connection), self._clock()
        with self._lock:
            known = self._made.get(question)
            if known is not None:
                self._made.move_to_end(question)
        if known is not None:
            answer, then, made_at, took = known
            if change == then or (took > _QUICK and asked < made_at + _TIMES * took):
                return answer  # type: ignore[no-any-return]
        made = make()
        ended = self._clock()
        with self._lock:
            self._made[question] = made, change, ended, ended - asked
            self._made.move_to_end(question)
            while len(self._made) > _MOST:
                self._made.popitem(last=False)
        return made


async def _recent(request: Request) -> Recent:
    found = request.app.state.recent
    assert isinstance(found, Recent)
    return found


Lately = Annotated[Recent, Depends(_recent)]
