"""Tokens by which other systems ask: the administrator's."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from service.store import accounts
from service.store.accounts import Actor, Scope
from service.store.tables import tokens
from service.web.context import Here
from service.web.routes.users import Number
from service.web.security import may

router = APIRouter(tags=["tokens"], prefix="/tokens")


class Token(BaseModel):
    """A token, without what makes it work; `prefix` is how it begins."""

    id: int
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class Tokens(BaseModel):
    """All of them."""

    items: list[Token]


class NewToken(BaseModel):
    """What a system is called, and what it may do."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "档案系统", "scopes": ["export"]}})
    name: Annotated[str, Field(min_length=1, max_length=128)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(accounts.SCOPES))]


class NewTokenShown(BaseModel):
    """A new token, which is shown this once."""

    id: int
    token: str


@router.get("")
def index(context: Here, who: Annotated[Actor, may("admin")]) -> Tokens:
    """All tokens, the revoked ones too."""
    with context.database.read() as connection:
        rows = connection.execute(tokens.select().order_by(tokens.c.id))
        return Tokens(items=[Token.model_validate(row, from_attributes=True) for row in rows])


@router.post("", status_code=201)
def create(given: NewToken, context: Here, who: Annotated[Actor, may("admin")]) -> NewTokenShown:
    """A new token, with no more rights than its maker's."""
    with context.database.write() as connection:
        number, token = accounts.create_token(connection, given.name, given.scopes, who, context.clock())
    return NewTokenShown(id=number, token=token)


@router.delete("/{token}", status_code=204)
def revoke(token: Number, context: Here, who: Annotated[Actor, may("admin")]) -> None:
    """Makes a token worthless at once."""
    with context.database.write() as connection:
        accounts.revoke_token(connection, token, who.id, context.clock())
