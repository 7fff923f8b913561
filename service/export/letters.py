"""What letters of a bureau have in common: how they write a day, and the draft of a mail that carries
them."""

from collections.abc import Iterable
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime

from models.writing import one_line

_WORD = "vnd.openxmlformats-officedocument.wordprocessingml.document"


def chinese_date(day: date) -> str:
    """Return the day as a Chinese letter writes it."""
    return f"{day.year}年{day.month}月{day.day}日"


def draft_mail(
    subject: str,
    text: str,
    files: Iterable[tuple[str, bytes]],
    *,
    sender: str | None = None,
    to: str | None = None,
    boundary: str | None = None,
    message_id: str | None = None,
) -> bytes:
    """Return a mail that nobody has sent yet, with documents (name, bytes) attached, Word or PDF. Mail
    programs open it to be edited and sent, because of X-Unsent. Its `boundary` is random unless it is
    given. With a `message_id` it is no draft, but fit to be sent."""
    mail = EmailMessage(policy=SMTP)
    if message_id is None:
        mail["X-Unsent"] = "1"
    else:
        mail["Message-ID"], mail["Date"] = message_id, localtime()
    if sender:
        mail["From"] = sender
    if to:
        mail["To"] = one_line(to)
    mail["Subject"] = one_line(subject)
    mail.set_content(text)
    for name, data in files:
        kind = "pdf" if name.endswith(".pdf") else _WORD
        mail.add_attachment(data, maintype="application", subtype=kind, filename=name)
    if boundary:
        mail.set_boundary(boundary)
    return mail.as_bytes()
