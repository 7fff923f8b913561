"""Whose a file is that is no application itself: told by what it lay with (pure).

A mail, an archive or a folder in which there is a single application is that one's, with all that is in it,
and what hangs on a form is the form's. Where there are several, what belongs to none of them by itself
belongs to nobody: told of the first, it would be held against a stranger.
"""

from collections.abc import Collection, Iterator, Mapping

Numbers = frozenset[int]
_NOBODY: Numbers = frozenset()


class Belonging:
    """Whose each part is. `numbers` are those of the applications that each part, by its path-like name, is
    known to belong to;
    `apart` says that the parts came together by chance, so that lying side by side says nothing."""

    def __init__(self, numbers: Mapping[str, Collection[int]], *, apart: bool = False) -> None:
        self._apart = apart
        self._own = {name: Numbers(known) for name, known in numbers.items() if known}
        self._within: dict[str, Numbers] = {}
        for name, known in self._own.items():
            for place in self._around(name):
                self._within[place] = self._within.get(place, _NOBODY) | known

    def __bool__(self) -> bool:
        """Whether any part is known to belong to any."""
        return bool(self._own)

    def of(self, name: str) -> Numbers:
        """The applications of a part, or of what is in it; where there are none, the one that is alone in
        what it lay in."""
        if found := self._of(name):
            return found
        beside = next((found for place in self._around(name) if (found := self._of(place))), _NOBODY)
        return beside if len(beside) == 1 else _NOBODY

    def of_all(self, names: Collection[str]) -> Numbers:
        """The applications that all of these parts belong to, those aside that belong to nobody."""
        found = [known for name in names if (known := self.of(name))]
        return _NOBODY.union(*found).intersection(*found)

    def _of(self, name: str) -> Numbers:
        return self._own.get(name) or self._within.get(name, _NOBODY)

    def _around(self, name: str) -> Iterator[str]:
        """What a part lay in, the innermost first; last, as "", all that came."""
        yield from around(name)
        if not self._apart:
            yield ""


def around(name: str) -> Iterator[str]:
    """The names of what a part of that name lay in, the innermost first."""
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name
