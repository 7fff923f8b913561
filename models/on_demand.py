"""Packages that load a module only when one of its names is asked for, so that a process that needs one name
of a package doesn't wait for all of it; and loading without looking for garbage."""

import gc
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module


def on_demand(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Return the `__getattr__` of `package`. `homes` maps each of its modules to the names, parted by blanks,
    that the package has from there."""
    places = {name: module for module, names in homes.items() for name in names.split()}

    def find(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(f"{package}.{places[name]}"), name)
        setattr(sys.modules[package], name, found)  # nobody asks twice
        return found

    return find


@contextmanager
def loading() -> Iterator[None]:
    """Inside, nobody looks for garbage, and afterwards not in what was made by then: what modules make lasts.
    Looking costs a tenth of the time that loading takes. It is meant for the start of a process."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
