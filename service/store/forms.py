"""Keeps every definition that forms were read with, by name and version, so that an old record is always
shown with its own definition."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from models.errors import Conflict, UnknownForm
from models.form import FormDefinition
from service.store import audit
from service.store.database import Database
from service.store.tables import forms


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

    def add(self, definitions: Mapping[str, FormDefinition], actor: str, now: datetime) -> None:
        """Puts `definitions` in force. A definition that is already in force stays as it is.

        Raises:
            Conflict: a definition differs from the known one of its name and version.
        """
        with self._database.write() as connection:
            for form in definitions.values():
                _add(connection, form, actor, now)


def _add(connection: sa.Connection, form: FormDefinition, actor: str, now: datetime) -> None:
    data, same = form.model_dump(mode="json"), (forms.c.name == form.name) & (forms.c.version == form.version)
    known = connection.execute(forms.select().where(same)).one_or_none()
    if known is not None and FormDefinition.model_validate(known.definition) != form:
        raise Conflict(
            f"表格“{form.name}”的版本 {form.version} 已有，内容却不同",
            advice="已用过的定义不能改动；请给修改后的定义一个新的 version",
        )
    if known is not None and known.current:
        return
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
    audit.append(connection, now, actor, "form", f"form:{form.name}", {"version": form.version})
