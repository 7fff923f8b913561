"""Connections to SQLite or PostgreSQL, and the transactions in which everything is written."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from models.errors import BadUsage
from service.store import grouping_tables as _grouping_tables  # noqa: F401  So that the schema is whole.
from service.store import identity_tables as _identity_tables  # noqa: F401
from service.store import proof_tables as _proof_tables  # noqa: F401
from service.store.sealed import Values, seal_with
from service.store.tables import counters

_MIGRATIONS = Path(__file__).parent.parent / "migrations"
# Seconds that a writer waits for another process that is writing, before it gives up.
_BUSY = 30.0
# Seconds after which an unused connection is asked whether it still lives. To ask each time, as SQLAlchemy
# can, costs two more questions a step of review.
_UNASKED = 1.0
# Seconds after which a server that does not answer counts as unreachable. The system itself would wait for
# minutes.
_TO_CONNECT = 10
# Seconds after which this side and the server each give up a connection to a machine that does not answer any
# more; the system itself would wait for hours. Whatever the machine was writing is rolled back then.
_ALIVE = {
    "keepalives_idle": 5, "keepalives_interval": 3, "keepalives_count": 3, "tcp_user_timeout": 15_000,
}  # fmt: skip
_ALIVE_THERE = " ".join(
    f"-c {name.replace('keepalives', 'tcp_keepalives')}={value}" for name, value in _ALIVE.items()
)
# Milliseconds that a writer may do nothing in the middle of a transaction, and that it waits for a lock:
# every writer adds to the log, so that one which stands still would keep all others from writing.
_IDLE, _LOCKED = 15_000, 20_000
# How long those may whose transactions are work of hours, such as taking a backup back.
_IDLE_AT_WORK = 3_600_000
# Milliseconds that altering a table waits for those who work in it, while all who come later wait behind it;
# and seconds until it is tried again.
_TO_ALTER, _ALTERING_AGAIN = 3_000, (1.0, 2.0, 5.0, *([10.0] * 30))
_LOCK_NOT_AVAILABLE = "55P03"
# The counter that holds the newest revision of the oldest program that can work with the schema.
_OLDEST = "oldest-program"
# Seconds after which a connection is made anew.
_RENEWED = 600


class Database:
    """One database of the service. Safe for threads; a forked process must open its own."""

    # The time by the server's clock, and by this machine's steady one then.
    _clock: tuple[datetime, float] | None = None

    def __init__(self, url: str, values: Values | None = None) -> None:
        """`url` is a URL of SQLAlchemy: sqlite:///FILE or postgresql://…. `values` seals and opens what is
        kept in it; without, nothing is sealed, and nothing that is can be opened.

        Raises:
            BadUsage: there is no such kind of database.
        """
        parsed = _parsed(url)
        if parsed.get_backend_name() == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
            usual = {"connect_timeout": _TO_CONNECT, **_ALIVE, "options": _ALIVE_THERE}
            parsed = parsed.update_query_dict(
                {name: str(value) for name, value in usual.items() if name not in parsed.query}
            )
            self.engine = sa.create_engine(
                parsed, pool_size=10, max_overflow=10, pool_recycle=_RENEWED, hide_parameters=True
            )
            sa.event.listen(self.engine, "connect", self._set_clock)
            sa.event.listen(self.engine, "checkin", _note_use)
            sa.event.listen(self.engine, "checkout", partial(_ask_the_idle, self.engine.dialect))
        elif parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine = sa.create_engine(
                parsed, connect_args={"timeout": _BUSY, "check_same_thread": False}, hide_parameters=True
            )
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)
        else:
            raise BadUsage(
                f"不支持这种数据库：{parsed.get_backend_name()}", advice="请用 SQLite 或 PostgreSQL"
            )
        self.url = parsed
        if values is not None:
            seal_with(self.engine, values)

    def now(self) -> datetime:
        """Returns the time in UTC by the clock of the server, which all machines share: their own may be
        wrong. What is asked for once is known from then on without another question."""
        if self.is_sqlite:
            return datetime.now(UTC)
        if self._clock is None:
            self.engine.connect().close()
        assert self._clock is not None
        at, then = self._clock
        return at + timedelta(seconds=_steady() - then)

    def _set_clock(self, connection: Any, _: object) -> None:
        """Asks a new connection for the time. Connections are renewed, so that it stays right."""
        asked = _steady()
        with connection.cursor() as cursor:
            at = cursor.execute("SELECT clock_timestamp()").fetchone()[0]
        connection.rollback()
        self._clock = at.astimezone(UTC), (asked + _steady()) / 2

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def queue_url(self) -> str:
        """The URL for the queue, whose own transactions are short and stand still no longer than ours."""
        if self.is_sqlite:
            return self.url.render_as_string(hide_password=False)
        said = f"{self.url.query['options']} -c idle_in_transaction_session_timeout={_IDLE}"
        return self.url.update_query_dict({"options": said}).render_as_string(hide_password=False)

    @contextmanager
    def write(self, *, patient: bool = False) -> Iterator[sa.Connection]:
        """Opens a transaction that may write. It is committed when the block ends well, and rolled back
        otherwise, also where the block stands still for long, or waits for long for another that does, unless
        it is `patient`."""
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            if not self.is_sqlite:
                idle, locked = (_IDLE_AT_WORK, 0) if patient else (_IDLE, _LOCKED)
                connection.exec_driver_sql(
                    f"SET LOCAL idle_in_transaction_session_timeout={idle}; SET LOCAL lock_timeout={locked}"
                )
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Opens a transaction that sees one state of the database and writes nothing."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """Opens a transaction in which all statements see the same state of the database, even where others
        write meanwhile."""
        with self.engine.connect() as connection:
            if not self.is_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    def reach(self) -> None:
        """Checks that the database can be reached.

        Raises:
            BadUsage: it can't be reached. The message gives the reason in the words of the system or the
                server, without the password.
        """
        try:
            self.engine.connect().close()
        except (sa.exc.DBAPIError, sqlite3.Error) as error:
            # Only the first line of a server's answer is shown; the others ask whether the server is running.
            why = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
            if self.is_sqlite:
                raise BadUsage(
                    f"无法打开数据库 {self.url.database}：{why}", advice="请检查 SEALFORM_DATA 和文件的权限"
                ) from error
            place = f"{self.url.host or '本机'} 上的 {self.url.database}"
            advice = "请检查 SEALFORM_DATABASE_URL，以及数据库服务是否在运行"
            raise BadUsage(f"无法连接数据库 {place}：{why}", advice=advice) from error

    def migrate(self, revision: str = "head") -> None:
        """Brings the schema up to date, or to `revision`. Waits where another process is doing so. A schema
        that a newer program made stays as it is, where that program says that this one can work with it.

        Raises:
            BadUsage: the database can't be reached, or only newer programs can work with its schema.
        """
        self.reach()
        for pause in _ALTERING_AGAIN:
            try:
                return self._upgrade(revision)
            except sa.exc.OperationalError as error:
                if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                    raise
                # Others work in tables that are to be altered, and whoever comes after us waits for us.
                time.sleep(pause)
        return self._upgrade(revision)

    def _upgrade(self, revision: str) -> None:
        config = _alembic()
        with self.write(patient=True) as connection:
            if not self.is_sqlite:
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(7236115)"))
                connection.exec_driver_sql(f"SET LOCAL lock_timeout={_TO_ALTER}")
            present = revision_of(connection)
            if _is_newer(present):
                if not _bears(connection):
                    raise BadUsage(
                        "数据库已由更新的版本升级，这个版本不能再用",
                        advice="请改用新的版本，或从升级前的备份恢复",
                    )
                return
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            _note_oldest(connection)

    def is_current(self) -> bool:
        """Returns whether the schema is the one that this program was written for, or a newer one with which
        it can work."""
        with self.read() as connection:
            present = revision_of(connection)
            return present == revisions()[0] or (_is_newer(present) and _bears(connection))

    def close(self) -> None:
        self.engine.dispose()


def one_of(
    connection: sa.Connection, column: sa.Column[int], numbers: Sequence[int]
) -> sa.ColumnElement[bool]:
    """Returns the condition that `column` holds one of `numbers`. PostgreSQL gets them as one parameter, so
    that the statement is the same however many they are."""
    if connection.dialect.name == "sqlite":
        return column.in_(list(numbers))
    return column == sa.any_(sa.literal(list(numbers), sa.ARRAY(sa.BigInteger)))


def _steady() -> float:
    """A clock of this machine that nobody sets, and that goes on while it sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def is_there(url: str) -> bool:
    """Returns whether there may be a database at `url`, without making one. For SQLite it looks for the file;
    a server would have to be asked, so the answer is yes."""
    parsed = _parsed(url)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").is_file()


def _parsed(url: str) -> sa.URL:
    try:
        return sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise BadUsage(
            "数据库地址有误", advice="应为 sqlite:///文件 或 postgresql://用户@主机/库名"
        ) from error


def revision_of(connection: sa.Connection) -> str | None:
    """Returns the revision of the schema, or None where there is no schema."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def revisions() -> Sequence[str]:
    """Returns all revisions of the schema that this program knows, the newest first."""
    return [script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()]


def _is_newer(revision: str | None) -> bool:
    """Whether a newer program than this made a schema of that revision."""
    return revision is not None and revision > revisions()[0]


def _bears(connection: sa.Connection) -> bool:
    """Whether a schema that this program doesn't know is one that it can work with."""
    oldest = connection.scalar(sa.select(counters.c.value).where(counters.c.name == _OLDEST))
    return oldest is not None and int(oldest) <= int(revisions()[0])


def _note_oldest(connection: sa.Connection) -> None:
    """Notes which programs can work with the schema as it is now: each step of it names the newest revision
    of the oldest program that can (`oldest`), or means that none but its own can."""
    present = revision_of(connection)
    steps = [
        one
        for one in ScriptDirectory.from_config(_alembic()).walk_revisions()
        if one.revision <= str(present)
    ]
    oldest = max((int(getattr(one.module, "oldest", one.revision)) for one in steps), default=0)
    mine = counters.c.name == _OLDEST
    known = connection.scalar(sa.select(counters.c.value).where(mine))
    if known is None:
        connection.execute(counters.insert().values(name=_OLDEST, value=oldest))
    elif known != oldest:
        connection.execute(counters.update().where(mine).values(value=oldest))


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _note_use(_: object, record: Any) -> None:
    """Notes on a connection that goes back to the pool when that was."""
    record.info["used"] = time.monotonic()


def _ask_the_idle(dialect: sa.Dialect, connection: Any, record: Any, _: object) -> None:
    """Has the pool replace a connection that was unused for a while and is dead, because the server was
    restarted meanwhile."""
    if time.monotonic() - record.info.get("used", time.monotonic()) > _UNASKED:
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise sa.exc.DisconnectionError from error


def _prepare_sqlite(connection: Any, _: object) -> None:
    """Prepares a SQLite connection. SQLAlchemy, not the driver, begins the transactions. Readers and one
    writer don't wait for each other."""
    assert isinstance(connection, sqlite3.Connection)
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={int(_BUSY * 1000)}",
        "cache_size=-65536",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: sa.Connection) -> None:
    """Begins a transaction. A writer takes its place in the queue at once, because SQLite refuses a reader
    that starts to write half-way, instead of letting it wait."""
    connection.exec_driver_sql(
        "BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN"
    )
