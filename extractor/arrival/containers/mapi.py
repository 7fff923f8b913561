"""The common part of Outlook's two formats, .msg and TNEF: properties by number ([MS-OXPROPS]), and the
message that they describe."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from extractor.arrival.containers.body import from_html, from_rtf, make_message
from extractor.arrival.containers.charsets import last_step
from extractor.arrival.containers.headers import sender
from models.record import Message

Properties = Mapping[int, Any]

# Types of values
OBJECT, STRING8, UNICODE, TIME, BINARY = 0x000D, 0x001E, 0x001F, 0x0040, 0x0102
# Properties
SUBJECT, SENDER, SENDER_ADDRESS, SENDER_SMTP = 0x0037, 0x0C1A, 0x0C1F, 0x5D01
REPRESENTED, REPRESENTED_ADDRESS, REPRESENTED_SMTP = 0x0042, 0x0065, 0x5D02
SUBMITTED, DELIVERED = 0x0039, 0x0E06
BODY, RTF, HTML, HEADERS = 0x1000, 0x1009, 0x1013, 0x007D
MESSAGE_CODE_PAGE, INTERNET_CODE_PAGE = 0x3FFD, 0x3FDE
DATA, SHORT_NAME, LONG_NAME, DISPLAY_NAME = 0x3701, 0x3704, 0x3707, 0x3001
REPLIED_TO, REFERENCES = 0x1042, 0x1039
CONTENT_ID, HIDDEN = 0x3712, 0x7FFE


def filetime(value: int) -> datetime | None:
    """Return a Windows time, 100 ns since 1601, as UTC; None where no calendar has it."""
    try:
        return datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=value // 10) if value else None
    except OverflowError:
        return None


def message_of(properties: Properties) -> Message:
    """Return the sender, time, subject and body of a message."""
    known = (
        _text(properties, number)
        for number in (SENDER_SMTP, REPRESENTED_SMTP, SENDER_ADDRESS, REPRESENTED_ADDRESS)
    )
    # Inside one organisation an address is a path in its directory; the headers may still have the mail
    # address.
    header = re.search(r"(?im)^from:([^\n]*(?:\n[ \t][^\n]*)*)", _text(properties, HEADERS))
    address = next((one for one in known if "@" in one), "") or sender(header[1] if header else "")[1]
    html = page_of(properties)
    delivered = properties.get(DELIVERED)
    sent = properties.get(SUBMITTED) or delivered
    return make_message(
        sender=_text(properties, SENDER) or _text(properties, REPRESENTED),
        address=address,
        time=sent if isinstance(sent, datetime) else None,
        received=delivered if isinstance(delivered, datetime) else None,
        subject=_text(properties, SUBJECT),
        body=_text(properties, BODY) or (from_html(html) if html else from_rtf(properties.get(RTF))),
        replied=" ".join([_text(properties, REPLIED_TO), *reversed(_text(properties, REFERENCES).split())]),
    )


def page_of(properties: Properties) -> bytes | str:
    """Return the message as a web page; empty where it is none."""
    html = properties.get(HTML)
    return html if isinstance(html, (bytes, str)) else ""


def name_of(properties: Properties, otherwise: str) -> str:
    """Return the name of an attachment."""
    names = (
        _text(properties, number).replace("\0", "").strip()
        for number in (LONG_NAME, SHORT_NAME, DISPLAY_NAME)
    )
    return last_step(next((name for name in names if name), otherwise))


def _text(properties: Properties, number: int) -> str:
    value = properties.get(number)
    return value.rstrip("\0") if isinstance(value, str) else ""
