"""What a mail holds besides files: other messages, pieces of one, and more attachments than anybody sends."""

import pytest

from extractor.limits import ContainerLimits
from models.errors import Damaged, TooMany
from tests.extractor.arrival.test_mail import FORM, attachment, files, mail, opened


def _holding(kind: bytes, inner: bytes) -> bytes:
    """A mail that holds another, with another boundary than that."""
    outer = mail(b"Content-Type: " + kind + b"\r\n\r\n\0")
    return outer.replace(b"--b", b"--c").replace(b'"b"', b'"c"').replace(b"\0", inner)


@pytest.mark.parametrize("kind", [b"message/global", b"message/news"])
def test_a_message_of_a_newer_kind_is_one_too(kind: bytes) -> None:
    inner = mail(attachment(b"attachment; filename=a.docx"))
    (data,) = files(_holding(kind, inner)).values()
    assert files(data) == {"a.docx": FORM}


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (b'message/partial; id="x"; number=1; total=2', "拆成几封"),
        (b"message/external-body", "没有随邮件发来"),
    ],
)
def test_what_did_not_come_with_a_message_is_told(kind: bytes, told: str) -> None:
    (file,) = opened(mail(b"Content-Type: " + kind + b"\r\n\r\nFrom: b@x.cn\r\nSubject: x\r\n\r\nbody")).files
    assert isinstance(file.error, Damaged)
    assert told in file.error.message


def test_more_attachments_than_anybody_sends_are_refused_however_they_are_packed() -> None:
    apart = mail(*(attachment(b"attachment; filename=%d" % number) for number in range(21)))
    typed = b"From: a@x.cn\r\nTo: b\r\n\r\n" + b"begin 644 a\n#86)C\n`\nend\n" * 200_000
    for data in (apart, typed):
        with pytest.raises(TooMany):
            opened(data, ContainerLimits(entries=20))
    assert len(opened(apart, ContainerLimits(entries=21)).files) == 21
