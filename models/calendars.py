"""The calendar of a year, as data: which days are worked, beside what the week itself says."""

import datetime
from typing import Self

from pydantic import Field as Constraint
from pydantic import model_validator

from models.base import Model, Wrong, refuse
from models.fields.base import Words


class Calendar(Model):
    """The days of a year that differ from the week's own order: days off, and weekends at work."""

    year: int = Constraint(ge=1900, le=2200)
    source: Words | None = None
    holidays: tuple["Holiday", ...] = ()
    workdays: tuple[datetime.date, ...] = ()

    @model_validator(mode="after")
    def _is_of_its_year(self) -> Self:
        wrong = [
            Wrong(("holidays", number), f"“{one.name}”应在 {self.year} 年内，且不应先结束后开始")
            for number, one in enumerate(self.holidays)
            if not one.first <= one.last or {one.first.year, one.last.year} != {self.year}
        ]
        wrong += [
            Wrong(("workdays", number), f"应为 {self.year} 年内的周六或周日，且不在假期中")
            for number, day in enumerate(self.workdays)
            if day.year != self.year
            or day.weekday() < 5
            or any(one.first <= day <= one.last for one in self.holidays)
        ]
        refuse(type(self).__name__, wrong, self)
        return self


class Holiday(Model):
    """Days off in a row, the first and the last among them."""

    name: Words
    first: datetime.date
    last: datetime.date
