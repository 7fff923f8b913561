"""The condition that a submission is one of those that a small index names."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


def among(number: sa.ColumnElement[int], numbers: sa.Select[int]) -> sa.ColumnElement[bool]:
    """Returns the condition that `number` is one of `numbers`. PostgreSQL knows by its statistics how many
    these are: few it fetches, for many it walks along the index of the order until the page is full. SQLite
    would fetch them in any case, and sort them all to show one page, so that it must not look rows up by
    their numbers."""
    return _Unkeyed(number).in_(numbers)


class _Unkeyed(FunctionElement[int]):
    """A number that SQLite finds no row by."""

    type = sa.BigInteger()
    inherit_cache = True


@compiles(_Unkeyed)
def _plain(element: Any, compiler: Any, **more: Any) -> str:
    return str(compiler.process(*element.clauses, **more))


@compiles(_Unkeyed, "sqlite")
def _reckoned(element: Any, compiler: Any, **more: Any) -> str:
    return f"({compiler.process(*element.clauses, **more)} + 0)"
