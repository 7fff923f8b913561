"""The application that a file belongs to, if it is not one itself: told by what it lay with (pure).

A mail, an archive or a folder with a single application belongs to that application, with everything in it.
Files attached to a form belong to the form. Where there are several applications, a file that belongs to none
of them by itself belongs to nobody: if it counted as the first one's, it might be held against a stranger.
"""

from collections.abc import Collection, Iterator, Mapping

Numbers = frozenset[int]
_NOBODY: Numbers = frozenset()


class Belonging:
    """The applications of each part. `numbers` are those of the applications that each part, by its path-like
    name, is known to belong to. `apart` says that the parts came together by chance, so that lying side by
    side says nothing."""

    def __init__(self, numbers: Mapping[str, Collection[int]], *, apart: bool = False) -> None:
        self._apart = apart
        self._own = {name: Numbers(known) for name, known in numbers.items() if known}
        self._within: dict[str, Numbers] = {}
        for name, known in self._own.items():
            for place in self._around(name):
                self._within[place] = self._within.get(place, _NOBODY) | known

    def __bool__(self) -> bool:
        """Tell whether any part is known to belong to an application."""
        return bool(self._own)

    def of(self, name: str) -> Numbers:
        """Return the applications of a part, or of the parts inside it. Where there are none, return the only
        application in the container around it."""
        if found := self._of(name):
            return found
        beside = next((found for place in self._around(name) if (found := self._of(place))), _NOBODY)
        return beside if len(beside) == 1 else _NOBODY

    def of_all(self, names: Collection[str]) -> Numbers:
        """Return the applications that all these parts share. Parts that belong to nobody don't count."""
        found = [known for name in names if (known := self.of(name))]
        return _NOBODY.union(*found).intersection(*found)

    def _of(self, name: str) -> Numbers:
        return self._own.get(name) or self._within.get(name, _NOBODY)

    def _around(self, name: str) -> Iterator[str]:
        """Yield what a part lay in, the innermost first; last comes "", which stands for everything."""
        yield from around(name)
        if not self._apart:
            yield ""


def around(name: str) -> Iterator[str]:
    """Yield the names of what a part of that name lay in, the innermost first."""
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name
