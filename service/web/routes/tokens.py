"""API tokens for other systems, for administrators."""

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
    """A token without its secret; `prefix` is its beginning."""

    id: int
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class Tokens(BaseModel):
    """All tokens."""

    items: list[Token]


class NewToken(BaseModel):
    """The name of a system, and the rights that its token gets."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "档案系统", "scopes": ["export"]}})
    name: Annotated[str, Field(min_length=1, max_length=128)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(accounts.SCOPES))]


class NewTokenShown(BaseModel):
    """A new token, which is shown only this once."""

    id: int
    token: str


@router.get("")
def index(context: Here, who: Annotated[Actor, may("admin")]) -> Tokens:
    """Returns all tokens, including the revoked ones."""
    with context.database.read() as connection:
        rows = connection.execute(tokens.select().order_by(tokens.c.id))
        return Tokens(items=[Token.model_validate(row, from_attributes=True) for row in rows])


@router.post("", status_code=201)
def create(given: NewToken, context: Here, who: Annotated[Actor, may("admin")]) -> NewTokenShown:
    """Makes a new token, with no more rights than its maker has."""
    with context.database.write() as connection:
        number, token = accounts.create_token(connection, given.name, given.scopes, who, context.clock())
    return NewTokenShown(id=number, token=token)


@router.delete("/{token}", status_code=204)
def revoke(token: Number, context: Here, who: Annotated[Actor, may("admin")]) -> None:
    """Revokes a token at once."""
    with context.database.write() as connection:
        accounts.revoke_token(connection, token, who.id, context.clock())
