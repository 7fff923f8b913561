"""Keeps every definition that forms were read with, by name and version, so that an old record is always
shown with its own definition."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.errors import Conflict, UnknownForm
from models.form import FormDefinition
from service.store import audit
from service.store.database import Database
from service.store.tables import audit_log, audit_values, forms


@dataclass(frozen=True)
class KnownVersion:
    """A definition that was in force at some time, `current` if it is now."""

    form: FormDefinition
    current: bool
    added_at: datetime


class FormStore:
    """The definitions of one database. The definition of a name and version never changes, so it is kept in
    memory once parsed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._parsed: dict[tuple[str, str], FormDefinition] = {}

    def current(self) -> dict[str, FormDefinition]:
        """Returns for each name the definition in force."""
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(forms.c.name, forms.c.version).where(forms.c.current).order_by(forms.c.name)
            ).all()
        return {row.name: self.get(row.name, row.version) for row in rows}

    def get(self, name: str, version: str) -> FormDefinition:
        """Returns one definition.

        Raises:
            UnknownForm: there is none of that name and version.
        """
        known = self._parsed.get((name, version))
        if known is None:
            with self._database.read() as connection:
                data = connection.scalar(
                    sa.select(forms.c.definition).where(forms.c.name == name, forms.c.version == version)
                )
            if data is None:
                raise UnknownForm(f"没有名为“{name}”、版本 {version} 的表格")
            known = self._parsed[name, version] = FormDefinition.model_validate(data)
        return known

    def versions(self, name: str | None = None) -> list[KnownVersion]:
        """Returns the versions of a form, or of all forms, the newest first."""
        rows = sa.select(forms.c.name, forms.c.version, forms.c.current, forms.c.added_at)
        if name is not None:
            rows = rows.where(forms.c.name == name)
        with self._database.read() as connection:
            found = connection.execute(rows.order_by(forms.c.added_at.desc(), forms.c.name)).all()
        return [KnownVersion(self.get(row.name, row.version), row.current, row.added_at) for row in found]

    def knows(self, form: FormDefinition) -> bool:
        """Returns whether this very definition was in force before.

        Raises:
            Conflict: it differs from the known one of its name and version.
        """
        with self._database.read() as connection:
            return _known(connection, form) is not None

    def untried(self) -> list[FormDefinition]:
        """Returns the definitions in force of which the log tells neither a trial nor why there was none: the
        service took them from a folder."""
        with self._database.read() as connection:
            found = connection.execute(
                sa.select(forms.c.name, forms.c.version).where(forms.c.current).order_by(forms.c.name)
            ).all()
            tried = _tried(connection)
        return [self.get(row.name, row.version) for row in found if (row.name, row.version) not in tried]

    def add(
        self,
        definitions: Mapping[str, FormDefinition],
        actor: str,
        now: datetime,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Puts `definitions` in force. A definition that is already in force stays as it is. `details` go
        into the log with it, also where it stays.

        Raises:
            Conflict: a definition differs from the known one of its name and version.
        """
        with self._database.write() as connection:
            for form in definitions.values():
                _add(connection, form, actor, now, details or {})


def _tried(connection: sa.Connection) -> set[tuple[str, str]]:
    """The names and versions of which the log tells a trial, or the reason why there was none."""
    trial, version = audit_values.alias(), audit_values.alias()
    query = (
        sa.select(audit_log.c.subject, version.c.value)
        .join(version, (version.c.seq == audit_log.c.seq) & (version.c.label == "version"))
        .join(trial, (trial.c.seq == audit_log.c.seq) & (trial.c.label == "trial"))
        .where(audit_log.c.action == "form")
    )
    return {
        (subject.removeprefix("form:"), json.loads(value))
        for subject, value in connection.execute(query)
        if value is not None
    }


def _known(connection: sa.Connection, form: FormDefinition) -> sa.Row[Any] | None:
    same = (forms.c.name == form.name) & (forms.c.version == form.version)
    known = connection.execute(forms.select().where(same)).one_or_none()
    if known is not None and FormDefinition.model_validate(known.definition) != form:
        raise Conflict(
            f"表格“{form.name}”的版本 {form.version} 已有，内容却不同",
            advice="已用过的定义不能改动；请给修改后的定义一个新的 version",
        )
    return known


def _add(
    connection: sa.Connection, form: FormDefinition, actor: str, now: datetime, details: Mapping[str, Any]
) -> None:
    data, same = form.model_dump(mode="json"), (forms.c.name == form.name) & (forms.c.version == form.version)
    known = _known(connection, form)
    stays = known is not None and known.current
    if stays and not details:
        return
    if not stays:
        connection.execute(forms.update().where(forms.c.name == form.name).values(current=False))
    if known is not None:
        connection.execute(forms.update().where(same).values(current=True))
    else:
        row = {
            "name": form.name,
            "version": form.version,
            "definition": data,
            "current": True,
            "added_at": now,
            "added_by": actor,
        }
        connection.execute(forms.insert().values(row))
    audit.append(connection, now, actor, "form", f"form:{form.name}", {"version": form.version, **details})
