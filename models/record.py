"""The results of reading an application: observations, the decision on each field, and its evidence."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field as Constraint

from models.base import Model
from models.fields import Value
from models.findings import Finding
from models.form import FormDefinition
from models.page import Box, CellAddress, Frame, Page, Run

Source = Literal["table", "control", "ocr", "seal", "twin"]
Decision = Literal["accept", "review"]
PartState = Literal["read", "not-a-form", "duplicate", "unreadable", "too-large", "encrypted"]
Values = Mapping[str, Any]


class Record(Model):
    """The values of one application. A field that is absent or None was not filled in."""

    form: str
    version: str
    values: Mapping[str, Any]

    def to_json(self, form: FormDefinition) -> dict[str, Any]:
        """Return {field: JSON value} for every field of `form`."""
        return {name: field.to_json(self.values.get(name)) for name, field in form.fields.items()}


class Evidence(Model):
    """The place where a value was seen: a box on a page, a cell of a Word table, or both."""

    part: str
    page: int | None = None
    box: Box | None = None
    cell: CellAddress | None = None

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {"part": self.part}
        if self.page is not None:
            data["page"] = self.page
        if self.box is not None:
            data["box"] = [self.box.x0, self.box.y0, self.box.x1, self.box.y1]
        if self.cell is not None:
            data["cell"] = {"table": self.cell.table, "row": self.cell.row, "column": self.cell.column}
        return data


class Observation(Model):
    """One reading of one field. `doubts` are reasons why a person should look, whatever the confidence.

    `signs` are the signs that speak for a reading from a picture, by name; from them follows the probability
    that it is right. Without any signs, `confidence` is that probability. `readings` are the characters of
    such a reading with their rivals; a seal may have several readings. `unweighed` are the parts of the value
    that another witness, which bears out the rest, does not cover.
    """

    field: str
    value: Any
    raw: str
    source: Source
    confidence: float = Constraint(ge=0, le=1)
    evidence: tuple[Evidence, ...] = ()
    alternatives: tuple[Any, ...] = ()
    doubts: tuple[Finding, ...] = ()
    signs: Mapping[str, float] = {}
    readings: tuple[tuple[Run, ...], ...] = ()
    unweighed: tuple[str, ...] = ()

    def doubted(self, doubts: Iterable[Finding]) -> "Observation":
        """Return the observation with more doubts."""
        return self.model_copy(update={"doubts": (*self.doubts, *doubts)})


class FieldResult(Model):
    """The value decided on for a field. `accept` means that nobody needs to look. `signs` are those of its
    observation.

    `unweighed` are the parts of the value that the decision does not cover. They are shown as unchecked,
    whatever was decided.
    """

    value: Any
    raw: str | None
    confidence: float = Constraint(ge=0, le=1)
    decision: Decision
    evidence: tuple[Evidence, ...] = ()
    alternatives: tuple[Any, ...] = ()
    signs: Mapping[str, float] = {}
    unweighed: tuple[str, ...] = ()


class PartPage(Model):
    """A page of a file. Its size is in points, as boxes on it are.

    `frame` tells how the page came out of a picture. For another page, `quarters` tells how many quarter
    turns it was turned counter-clockwise from how the file shows it.
    """

    number: int = Constraint(ge=1)
    width: float = Constraint(gt=0)
    height: float = Constraint(gt=0)
    frame: Frame | None = None
    quarters: int = Constraint(default=0, ge=0, le=3)

    @classmethod
    def of(cls, page: Page, number: int | None = None) -> Self:
        """Return the page as it was read. `number` is its place in the file, where the page's own differs."""
        return cls(
            number=number or page.number,
            width=page.width or 1,
            height=page.height or 1,
            frame=page.frame,
            quarters=page.quarters,
        )


class Part(Model):
    """A file that arrived, the named state it ended in, and the numbers of the applications it belongs to.
    `pages` are the pages that were looked at; a file without pages has none."""

    name: str
    sha256: str
    state: PartState
    applications: tuple[int, ...] = ()
    pages: tuple[PartPage, ...] = ()


class Message(Model):
    """The mail that brought a file. `time` is when its sender says that it was sent, `received` when the last
    server on its way says that it had it. `body` is its text, cut where it gets long; `references`
    are the ids of the mails that it replies to, the nearest first."""

    sender: str | None = None
    address: str | None = None
    time: datetime | None = None
    received: datetime | None = None
    subject: str | None = None
    body: str = ""
    references: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the message as it stands in a result; one that replies to none has no `references`."""
        told = self.model_dump(exclude={"received", "references"})
        received = {"received": self.received.isoformat()} if self.received else {}
        replied = {"references": list(self.references)} if self.references else {}
        return {**told, "time": self.time.isoformat() if self.time else None, **received, **replied}


class Failure(Model):
    """The reason why there is no record."""

    code: str
    message: str


class Result(Model):
    """One application as it was read; `error` is set where it could not be read."""

    source: str
    application: int = 1
    parts: tuple[Part, ...] = ()
    form: FormDefinition | None = None
    instance: str | None = None
    fields: Mapping[str, FieldResult] = {}
    findings: tuple[Finding, ...] = ()
    error: Failure | None = None
    message: Message | None = None

    @property
    def status(self) -> Literal["clear", "review", "failed"]:
        """`clear`: every field is accepted and no finding is an error. A person decides whether the bureau
        accepts the application."""
        if self.error is not None:
            return "failed"
        doubtful = any(field.decision == "review" for field in self.fields.values())
        return (
            "review" if doubtful or any(finding.severity == "error" for finding in self.findings) else "clear"
        )

    def record(self) -> Record:
        """Return the values alone.

        Raises:
            ValueError: there is no record, because reading failed.
        """
        if self.form is None:
            raise ValueError(f"{self.source} was not read")
        values: dict[str, Value | None] = {name: field.value for name, field in self.fields.items()}
        return Record(form=self.form.name, version=self.form.version, values=values)

    def to_json(self) -> dict[str, Any]:
        """Return the object of one line of the results file; its keys are a contract."""
        return {
            "source": self.source,
            "application": self.application,
            "parts": [part.model_dump() for part in self.parts],
            "form": self.form.name if self.form else None,
            "version": self.form.version if self.form else None,
            "instance": self.instance,
            "message": self.message.to_json() if self.message else None,
            "status": self.status,
            "fields": {name: self._field_json(name, field) for name, field in self.fields.items()},
            "findings": [finding.model_dump() for finding in self.findings],
            "error": self.error.model_dump() if self.error else None,
        }

    def _field_json(self, name: str, result: FieldResult) -> dict[str, Any]:
        assert self.form is not None, "a result with fields has a form"
        kind = self.form.fields[name]
        return {
            "value": kind.to_json(result.value),
            "raw": result.raw,
            "confidence": round(result.confidence, 4),
            "decision": result.decision,
            "evidence": [evidence.to_json() for evidence in result.evidence],
            "alternatives": [kind.to_json(value) for value in result.alternatives],
            **({"unweighed": list(result.unweighed)} if result.unweighed else {}),
        }
