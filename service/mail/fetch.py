"""One run of `sealform mail`: it finds the new messages, fetches each into the folder, reconnects after a
broken connection, and prints a summary."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

from models.errors import MailboxError, MailboxUnreachable, MessageUnreadable
from service.mail.folder import STATE, MailFolder, Record, TooLong, held
from service.mail.head import read_head
from service.mail.imap import Address, Listed, Session, connected
from service.terminal import progress

_MOST_NAMED = 50


@dataclass(frozen=True)
class Wishes:
    """What to fetch: messages that came on `since` or later, at most `limit` of them in this run, none larger
    than `max_bytes`."""

    since: date | None = None
    limit: int | None = None
    max_bytes: int = 100 << 20


@dataclass(frozen=True)
class Patience:
    """How patient a run is. Each wait may take `timeout` seconds. The run ends after `tries` broken
    connections with nothing fetched between them. A message is left out after `tries_a_message` connections
    broke over it. The second try comes after `pause` seconds, and each later pause is twice as long."""

    timeout: float = 60.0
    tries: int = 5
    tries_a_message: int = 2
    pause: float = 2.0


@dataclass
class Outcome:
    """The outcome of a run. `new` holds the records of this run in order. `left_out` holds the messages still
    in the mailbox that no run could fetch. `remaining` counts the messages that `limit` left for the next
    run. `interrupted` says that Ctrl-C ended the run."""

    new: list[Record] = field(default_factory=list)
    left_out: list[Record] = field(default_factory=list)
    remaining: int = 0
    interrupted: bool = False


def fetch(
    address: Address,
    password: str,
    target: Path,
    wishes: Wishes,
    emit: Callable[[Record], Any],
    console: Console,
    authority: Path | None = None,
    patience: Patience = Patience(),
) -> Outcome:
    """Fetches the new messages of `address` into `target`. `emit` gets the record of each message as soon as
    it is done.

    Ctrl-C ends the run early. What was fetched until then is kept, also where an error ends the run.

    Raises:
        BadUsage: `target` or `authority` can't be used.
        MailboxError: the server refuses, or can't be trusted or reached.
        OSError: `target` can't be written.
    """
    with held(target, f"{address.account}/{address.folder}") as folder:
        run = _Run(folder, wishes, emit, console)
        try:
            _persist(
                run,
                lambda: connected(address, password, authority, patience.timeout, wishes.max_bytes),
                patience,
            )
        except KeyboardInterrupt:
            run.outcome.interrupted = True
        finally:
            _summarise(run.outcome, target, console)
    return run.outcome


class _Run:
    """The state that lasts from one connection to the next."""

    def __init__(
        self, folder: MailFolder, wishes: Wishes, emit: Callable[[Record], Any], console: Console
    ) -> None:
        self.outcome = Outcome()
        self.console = console
        self._folder = folder
        self._wishes = wishes
        self._emit = emit
        self._uidvalidity = 0
        # The UIDs that this run has dealt with. A message that failed is tried again by the next run.
        self._done: set[int] = set()
        # The message being fetched, and how often the connection broke over each message.
        self._current: Listed | None = None
        self._breaks: Counter[int] = Counter()

    def go(self, session: Session) -> None:
        """Does everything that there is to do, over one connection."""
        if self._uidvalidity != session.uidvalidity:
            self._uidvalidity, self._done = session.uidvalidity, set()
        uids = session.uids(self._wishes.since)
        self.outcome.left_out = [
            record for uid in uids if (record := self._known(uid)) and not record.settled
        ]
        wanted = [uid for uid in uids if self._is_wanted(uid)]
        now = (
            wanted
            if self._wishes.limit is None
            else wanted[: max(0, self._wishes.limit - len(self.outcome.new))]
        )
        self.outcome.remaining = len(wanted) - len(now)
        with progress(self.console, "收取", len(now)) as advance:
            for listed in session.listed(now):
                self._current = listed
                record = self._one(session, listed)
                self._current = None
                if record is not None:
                    self._settle(record)
                advance(f"未能收取 {len(self.outcome.left_out)}" if self.outcome.left_out else "")

    def blame(self, error: MailboxError, most: int) -> None:
        """Leaves the current message out if the connection has broken over it `most` times, so that it does
        not hold up the messages after it."""
        listed, self._current = self._current, None
        if listed is not None:
            self._breaks[listed.uid] += 1
            if self._breaks[listed.uid] >= most:
                self._settle(self._unread(listed, error))

    def _known(self, uid: int) -> Record | None:
        return self._folder.records.get((self._uidvalidity, uid))

    def _is_wanted(self, uid: int) -> bool:
        known = self._known(uid)
        is_too_large = (
            known is not None and known.state == "too-large" and known.size > self._wishes.max_bytes
        )
        return not (uid in self._done or (known and known.settled) or is_too_large)

    def _one(self, session: Session, listed: Listed) -> Record | None:
        """Fetches the message into the folder, or records why it was not fetched. Returns None where the
        message has gone from the server."""
        try:
            return self._fetched(session, listed)
        except TooLong as error:
            head = read_head(session.head(listed.uid))
            return Record.of(self._uidvalidity, listed, "too-large", head, size=error.size)
        except MessageUnreadable as error:
            return self._unread(listed, error)

    def _fetched(self, session: Session, listed: Listed) -> Record | None:
        most, validity = self._wishes.max_bytes, self._uidvalidity
        if listed.size > most:
            raise TooLong(listed.size)
        adopted = self._folder.adopt(validity, listed, lambda: session.head(listed.uid))
        return adopted or self._folder.keep(validity, listed, session.pieces(listed.uid, listed.size), most)

    def _unread(self, listed: Listed, error: MailboxError) -> Record:
        return Record.of(self._uidvalidity, listed, "failed", read_head(b""), reason=error.message)

    def _settle(self, record: Record) -> None:
        """Notes what became of a message, before anything is printed about it."""
        known = self._known(record.uid)
        self._folder.note(record)
        self._done.add(record.uid)
        self.outcome.new.append(record)
        if known in self.outcome.left_out:
            self.outcome.left_out.remove(known)
        if not record.settled:
            self.outcome.left_out.append(record)
        self._emit(record)


def _persist(run: _Run, connect: Callable[[], AbstractContextManager[Session]], patience: Patience) -> None:
    """Lets `run` go on until it is done, over as many connections as that takes."""
    breaks = before = 0
    while True:
        try:
            with connect() as session:
                run.go(session)
            return
        except MailboxUnreachable as error:
            run.blame(error, patience.tries_a_message)
            now = sum(record.settled for record in run.outcome.new)
            breaks, before = (1 if now > before else breaks + 1), now
            if breaks >= patience.tries:
                raise
            pause = patience.pause * 2 ** (breaks - 1)
            run.console.print(f"{error.message}，{pause:g} 秒后重新连接")
            time.sleep(pause)


def _summarise(outcome: Outcome, target: Path, console: Console) -> None:
    for record in outcome.left_out[:_MOST_NAMED]:
        name = f"UID {record.uid}《{record.subject[:60]}》{record.sender[:60]} {record.arrived[:10]}"
        console.print(f"未收取 {name}：{_why(record)}")
    if len(outcome.left_out) > _MOST_NAMED:
        console.print(f"未收取的还有 {len(outcome.left_out) - _MOST_NAMED} 封，见 {target / STATE}")
    counts = Counter(record.state for record in outcome.new)
    said = [f"新收取 {counts['fetched']} 封"]
    said += [f"与已有的相同 {counts['duplicate']} 封"] if counts["duplicate"] else []
    said += [f"未能收取 {len(outcome.left_out)} 封"] if outcome.left_out else []
    said += [f"留待下次 {outcome.remaining} 封"] if outcome.remaining else []
    console.print(f"{'已中断，' if outcome.interrupted else ''}{'，'.join(said)}；邮件在 {target}")


def _why(record: Record) -> str:
    if record.state == "too-large":
        return f"{record.size / (1 << 20):.1f} MiB，超过大小上限；可用 --max-bytes 放宽后再运行，或在邮箱网页中另存"
    return record.reason or ""
