"""Full-text search in Chinese. Every text is indexed as overlapping pairs of characters, and a query is
searched as the phrase of its own pairs.

Neither FTS5's tokenizers nor PostgreSQL's split Chinese into words. Pairs find every substring of two
characters or more, whatever the words are. A single character is found as a prefix.

Where values are sealed there is no index, because from its pairs a text could be put together again, keyed or
not. Then every text is opened and looked through, which finds the same and takes as long as there are many.
"""

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from service.store import sealed
from service.store.tables import records, submissions

# This token stands between two texts, so that no phrase spans them. It is longer than any pair.
_BREAK = "xxx"
# A tsvector holds no position beyond 16,383.
_MOST = 16_000
# By the server's own guess: so many rows are quickly found, or such a part of all, which is what it says of
# pairs that are too seldom for its statistics.
_FEW, _SELDOM = 5_000, 0.005
# So many are fetched to be sorted. Of more, a walk along a million finds a page's 50 as soon, unless only a
# few of them hold the pairs one behind the other.
_MOST_SORTED, _MOST_IN_PIECES = 5_000, 50_000
# What a submission is found by.
_TEXTS = (
    sa.select(submissions.c.id, submissions.c.name, records.c.content)
    .join(records, isouter=True)
    .where(submissions.c.purged_at.is_(None))
)
STREAM = {"yield_per": 500}


def pairs(text: str) -> list[str]:
    """Returns the pairs of the letters and digits of `text`, without white space and punctuation. The last
    character also stands alone, at the end."""
    plain = _plain(text)
    return [plain[i : i + 2] for i in range(len(plain))]


def index(connection: sa.Connection, submission: int, texts: Iterable[str]) -> None:
    """Makes `submission` findable by `texts`, and by none of its earlier texts."""
    if sealed.is_on(connection):
        forget(connection, submission)
        return
    tokens: list[str] = []
    for text in texts:
        tokens += [*pairs(text), _BREAK]
    tokens = tokens[:_MOST]
    forget(connection, submission)
    if connection.dialect.name == "sqlite":
        statement, value = "INSERT INTO search (rowid, tokens) VALUES (:id, :tokens)", " ".join(tokens)
    else:
        statement = "INSERT INTO search (submission_id, tokens) VALUES (:id, CAST(:tokens AS tsvector))"
        value = " ".join(f"'{token}':{place}" for place, token in enumerate(tokens, 1))
    connection.execute(sa.text(statement), {"id": submission, "tokens": value})


def forget(connection: sa.Connection, submission: int) -> None:
    """Makes `submission` impossible to find."""
    key = "rowid" if connection.dialect.name == "sqlite" else "submission_id"
    connection.execute(sa.text(f"DELETE FROM search WHERE {key} = :id"), {"id": submission})


def matches(connection: sa.Connection, query: str) -> sa.Select[int] | None:
    """Returns a selection of the submissions in which every word of `query` occurs, or None where the query
    has no letter or digit."""
    words = [_plain(word) for word in query.split()]
    words = [word for word in words if word]
    if not words:
        return None
    dialect = connection.dialect.name
    if sealed.is_on(connection):
        return numbers(dialect, _looked_through(connection, words))
    number = sa.column("rowid" if dialect == "sqlite" else "submission_id", sa.BigInteger)
    if dialect == "sqlite":
        told = " AND ".join(
            f'"{word}"*' if len(word) == 1 else '"' + " ".join(_phrase(word)) + '"' for word in words
        )
        condition = sa.text("search MATCH :query").bindparams(query=told)
    else:
        condition = sa.text("tokens @@ CAST(:query AS tsquery)").bindparams(query=_told(words))
    return sa.select(number).select_from(sa.table("search")).where(condition)


def _looked_through(connection: sa.Connection, words: Sequence[str]) -> list[int]:
    found = []
    for row in connection.execute(_TEXTS, execution_options=STREAM):
        texts = [_plain(text) for text in (row.name, *texts_of(row.content))]
        if all(any(word in text for text in texts) for word in words):
            found.append(row.id)
    return found


def numbers(dialect: str, found: Sequence[int]) -> sa.Select[int]:
    """Selects `found`, however many they are."""
    told = sa.bindparam(None, json.dumps(list(found)), sa.Text)
    if dialect == "sqlite":
        each = sa.func.json_each(told)
    else:
        each = sa.func.json_array_elements_text(sa.cast(told, postgresql.JSON))
    return sa.select(sa.cast(each.table_valued("value").c.value, sa.BigInteger))


@dataclass(frozen=True)
class Rough:
    """A search on PostgreSQL in two steps. `candidates` have all pairs, wherever they stand, which the index
    tells alone; whether they stand one behind the other is asked of each row, so it should be asked late, of
    those rows only that are shown (`is_exact`). They are numbers, not a query, so that the server knows how
    many there are: by its guess it would walk along the whole list for what is found nowhere."""

    candidates: Sequence[int]
    told: str

    def is_exact(self, submission: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
        """Whether the words of the query stand in a submission, asked of its own row of the index."""
        own = sa.select(sa.text("tokens @@ CAST(:exact AS tsquery)").bindparams(exact=self.told))
        found = own.select_from(sa.table("search", sa.column("submission_id", sa.BigInteger)))
        mine = sa.column("submission_id", sa.BigInteger) == submission
        return sa.type_coerce(found.where(mine).scalar_subquery(), sa.Boolean)


def rough(connection: sa.Connection, query: str) -> Rough | None:
    """Returns how to search in two steps, or None where there would be too many candidates to sort. Then one
    walks along the list until enough were found."""
    words = [word for word in map(_plain, query.split()) if word]
    if not words or connection.dialect.name == "sqlite" or sealed.is_on(connection):
        return None
    every = [f"'{word}':*" if len(word) == 1 else " & ".join(map(_quoted, _phrase(word))) for word in words]
    asked = {"pairs": " & ".join(every)}
    found = "SELECT submission_id FROM search WHERE tokens @@ CAST(:pairs AS tsquery)"
    (plan,) = connection.scalar(sa.text(f"EXPLAIN (FORMAT JSON) {found}"), asked)
    if plan["Plan"]["Plan Rows"] > max(_FEW, _SELDOM * _all(connection)):
        return None
    most = _MOST_IN_PIECES if any(len(word) > 2 for word in words) else _MOST_SORTED
    candidates = connection.scalars(sa.text(f"{found} LIMIT {most + 1}"), asked).all()
    return Rough(candidates, _told(words)) if len(candidates) <= most else None


def _all(connection: sa.Connection) -> float:
    """How many rows the index has, as the server guesses: -1 before it looked."""
    return connection.scalar(sa.text("SELECT reltuples FROM pg_class WHERE oid = 'search'::regclass")) or 0


def _told(words: Sequence[str]) -> str:
    """Returns words as PostgreSQL searches for all of them."""
    phrases = {word: " <-> ".join(map(_quoted, _phrase(word))) for word in words}
    return " & ".join(f"'{word}':*" if len(word) == 1 else f"({phrases[word]})" for word in words)


def _quoted(pair: str) -> str:
    return f"'{pair}'"


def _phrase(word: str) -> list[str]:
    return [word[i : i + 2] for i in range(len(word) - 1)]


def _plain(text: str) -> str:
    return "".join(
        character for character in unicodedata.normalize("NFKC", text).lower() if character.isalnum()
    )


def index_again(connection: sa.Connection) -> None:
    """Makes the search index anew, from the submissions and their records."""
    connection.execute(sa.text("DELETE FROM search"))
    last = 0
    while (after := index_some(connection, last)) is not None:
        last = after


def index_some(connection: sa.Connection, last: int, count: int = 1000) -> int | None:
    """Indexes up to `count` submissions after the one numbered `last`, as they are kept; returns the number
    of the last of them, None where there are no more."""
    query = _TEXTS.where(submissions.c.id > last).order_by(submissions.c.id).limit(count)
    rows = connection.execute(query).all()
    for row in rows:
        index(connection, row.id, [row.name, *texts_of(row.content)])
    return rows[-1].id if rows else None


def texts_of(values: Any) -> list[str]:
    """Returns every text in JSON values."""
    if isinstance(values, str):
        return [values]
    inner = values.values() if isinstance(values, Mapping) else values if isinstance(values, list) else ()
    return [text for value in inner for text in texts_of(value)]
