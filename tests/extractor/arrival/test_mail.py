"""Mail in every shape it comes in: what is attached is read under the name that was meant, and the message
goes with it."""

import base64
import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.arrival.containers import open_container
from extractor.arrival.containers.base import Contents
from extractor.arrival.containers.body import disks
from extractor.arrival.kinds import kind_of
from extractor.limits import ContainerLimits
from models.errors import Hostile, TooMany, UnreadableFile
from models.record import Message
from tests.extractor.arrival.outlook import mapi_property, outlook_attachment, tnef
from tests.extractor.compound import compound, message

FORM = b"PK\x03\x04 a form"
NAME = "某单位申请表（盖章）.docx"
LONG = "关于某某某某某某某某某某某某某某某某某某某某某某某某某某某某某某某某某某单位试点申请表.docx"
SENT = 132_000_000_000_000_000  # 2019-04-17, in 100 ns since 1601


def opened(data: bytes, limits: ContainerLimits | None = None) -> Contents:
    return open_container(data, kind_of(data), "x", limits or ContainerLimits())


def files(data: bytes) -> dict[str, bytes]:
    return {file.name: file.data for file in opened(data).files}


def mail(*parts: bytes, headers: bytes = b"", kind: bytes = b'multipart/mixed; boundary="b"') -> bytes:
    """A message of `parts`, each with its headers; `headers` are added to the usual ones."""
    start = (
        b"From: a@x.cn\r\nTo: b@x.cn\r\n"
        + headers
        + b"MIME-Version: 1.0\r\nContent-Type: "
        + kind
        + b"\r\n\r\n"
    )
    return start + b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


def attachment(
    disposition: bytes, data: bytes = FORM, kind: bytes = b"application/octet-stream", more: bytes = b""
) -> bytes:
    head = (
        b"Content-Type: "
        + kind
        + b"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: "
        + disposition
        + b"\r\n"
    )
    return head + more + b"\r\n" + base64.encodebytes(data)


def encoded(text: str, charset: str, cut: int = 1000) -> bytes:
    """Encoded words of RFC 2047, cut without regard to characters, as programs do."""
    data = text.encode(charset)
    pieces = [data[at : at + cut] for at in range(0, len(data), cut)]
    return b"\r\n ".join(
        b"=?" + charset.encode() + b"?B?" + base64.b64encode(piece) + b"?=" for piece in pieces
    )


def percent(data: bytes) -> bytes:
    return b"".join(b"%%%02X" % byte for byte in data)


@pytest.mark.parametrize(
    "disposition",
    [
        b'attachment; filename="' + NAME.encode("gbk") + b'"',
        b'attachment; filename="' + NAME.encode() + b'"',
        b"attachment; filename=" + NAME.encode("gb18030"),
        b'attachment; filename="' + encoded(NAME, "gb2312") + b'"',
        b"attachment; filename=" + encoded(NAME, "gbk", cut=7),
        b'attachment;\r\n filename="' + encoded(NAME, "utf-8", cut=10) + b'"',
        b"attachment; filename*=UTF-8''" + percent(NAME.encode()),
        b"attachment; filename*=gb18030'zh-cn'" + percent(NAME.encode("gbk")),
        b"attachment; filename*=" + percent(NAME.encode("gbk")),
        b"attachment; filename=\"?.docx\"; filename*=utf-8''" + percent(NAME.encode()),
        b"attachment; filename*0*=utf-8''"
        + percent(NAME.encode()[:8])
        + b";\r\n filename*1*="
        + percent(NAME.encode()[8:]),
        b'attachment; filename="C:\\\\Users\\\\wang\\\\' + NAME.encode("gbk") + b'"',
        b'attachment; filename="../../etc/' + NAME.encode() + b'"',
    ],
)
def test_the_name_of_an_attachment_is_the_one_that_was_meant(disposition: bytes) -> None:
    assert files(mail(attachment(disposition))) == {NAME: FORM}


def test_a_long_name_in_many_pieces_in_the_wrong_order_is_joined() -> None:
    data = LONG.encode()
    pieces = [
        b" filename*%d*=%s%s" % (n, b"utf-8''" if n == 0 else b"", percent(data[n * 9 : n * 9 + 9]))
        for n in range(20)
    ]
    assert files(mail(attachment(b"attachment;" + b";\r\n".join(reversed(pieces))))) == {LONG: FORM}


def test_a_name_in_the_content_type_alone_will_do() -> None:
    part = attachment(b"attachment", kind=b'application/msword; name="' + NAME.encode("gbk") + b'"')
    assert files(mail(part)) == {NAME: FORM}


def test_what_has_no_name_gets_one() -> None:
    assert list(files(mail(attachment(b"attachment"), attachment(b"inline", kind=b"image/png")))) == [
        "附件1",
        "附件2.png",
    ]


@pytest.mark.parametrize(
    ("header", "charset"),
    [
        ("gb2312", "gbk"),
        ("GBK", "gb18030"),
        ("gb18030", "gb18030"),
        ("utf-8", "utf-8"),
        ("utf-8", "gbk"),
        ("x-no", "gbk"),
    ],
)
def test_sender_time_subject_and_words_go_with_the_files(header: str, charset: str) -> None:
    words = (
        "您好：\r\n\r\n\r\n附件是我单位的申请表，请查收。㐂"
        if charset == "gb18030"
        else "您好：\r\n\r\n\r\n附件是我单位的申请表，请查收。"
    )
    text = f"Content-Type: text/plain; charset={header}\r\n\r\n".encode() + words.encode(charset)
    head = (
        b"Subject: "
        + encoded("申报材料-某单位", "gb2312", cut=5)
        + b"\r\nDate: Fri, 5 Feb 2021 10:00:00 +0800\r\n"
    )
    data = mail(text, attachment(b"attachment; filename=a.docx"), headers=head)
    data = data.replace(b"From: a@x.cn", b"From: " + encoded("王小明", "gbk") + b" <wang@163.com>")
    found = opened(data).message
    assert found is not None
    assert found.to_json() == {
        "sender": "王小明", "address": "wang@163.com", "time": "2021-02-05T10:00:00+08:00",
        "subject": "申报材料-某单位",
        "body": words.replace("\r\n\r\n\r\n", "\n"),
    }  # fmt: skip


def test_the_line_of_the_last_server_tells_when_it_had_the_message() -> None:
    lines = (
        b"Received: from a by mx.gov.example with SMTP id 1; Tue, 9 Feb 2021 23:59:30 +0800\r\n"
        b"Received: from b by a; Mon, 1 Feb 2021 08:00:00 +0800\r\n"
    )
    found = opened(lines + mail(attachment(b"attachment; filename=a"))).message
    assert found is not None
    assert found.to_json()["received"] == "2021-02-09T23:59:30+08:00"


def test_raw_bytes_in_headers_are_read() -> None:
    data = mail(attachment(b"attachment; filename=a"))
    found = opened(b"Subject: " + "申报材料".encode("gbk") + b"\r\n" + data).message
    assert found is not None
    assert found.subject == "申报材料"
    assert opened(
        b'Subject: x\r\nFrom: "' + "王小明".encode("gbk") + b'" <w@x.cn>\r\n\r\nx'
    ).message == Message(sender="王小明", address="w@x.cn", subject="x", body="x")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"wang@163.com", ("", "wang@163.com")),
        (b"<wang@163.com>", ("", "wang@163.com")),
        (b"wang@163.com (Wang)", ("Wang", "wang@163.com")),
        (b'"Wang <boss@evil.cn>" <wang@163.com>', None),
        (b"Wang", ("Wang", "")),
        (b"", ("", "")),
    ],
)
def test_a_sender_is_a_name_and_an_address(header: bytes, expected: tuple[str, str] | None) -> None:
    found = opened(b"Subject: x\r\nTo: y\r\nFrom: " + header + b"\r\n\r\nx").message
    assert found is not None
    if expected is not None:
        assert (found.sender or "", found.address or "") == expected


def test_a_time_that_is_none_is_left_out_and_the_servers_taken() -> None:
    received = b"Received: from a by b; Fri, 05 Feb 2021 02:00:00 +0000\r\n"
    found = opened(received + b"From: a@x.cn\r\nTo: b\r\nDate: yesterday\r\n\r\nx").message
    assert found is not None
    assert found.time == datetime(2021, 2, 5, 2, tzinfo=UTC)
    nothing = opened(b"From: a@x.cn\r\nTo: b\r\nDate: Fri, 99 Feb 99999 10:00\r\n\r\nx").message
    assert nothing is not None
    assert nothing.time is None


def test_of_a_web_page_the_words_are_kept() -> None:
    page = (
        "<html><head><title>t</title><style>x</style></head><body><p>您好</"
        "p><div>附件<br>请查收</div><script>x</script>"
    )
    found = opened(mail(b"Content-Type: text/html; charset=gb2312\r\n\r\n" + page.encode("gbk"))).message
    assert found is not None
    assert found.body.split() == ["您好", "附件", "请查收"]


def test_a_long_text_is_cut() -> None:
    found = opened(b"From: a@x.cn\r\nTo: b\r\n\r\n" + "很长".encode() * 100_000).message
    assert found is not None
    assert 1000 < len(found.body) < 5000


@pytest.mark.parametrize("encoding", ["", "base64"])
def test_a_message_in_a_message_is_a_file_of_its_own(encoding: str) -> None:
    inner = mail(
        attachment(b"attachment; filename=" + encoded(NAME, "gbk")),
        headers=b"Subject: " + "转发".encode("gbk") + b"\r\n",
    )
    body = base64.encodebytes(inner) if encoding else inner
    outer = mail(
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: "
        + (encoding or "8bit").encode()
        + b"\r\n\r\n"
        + body
    )
    (name, data), *more = (
        files(outer.replace(b"\r\n--b--\r\n", b"\r\n--b--\r\n")).items()
        if encoding
        else files(_other(outer, inner)).items()
    )
    assert name == "附件1.eml"
    assert more == []
    assert files(data) == {NAME: FORM}
    found = opened(data).message
    assert found is not None
    assert found.subject == "转发"


def _other(outer: bytes, inner: bytes) -> bytes:
    """The message with another boundary than the one that it holds."""
    return outer.replace(inner, b"\0").replace(b"--b", b"--c").replace(b'"b"', b'"c"').replace(b"\0", inner)


@pytest.mark.parametrize(
    "kind", [b"multipart/mixed", b'multipart/mixed; boundary="wrong"', b'multipart/mixed; boundary=""']
)
def test_a_boundary_that_is_missing_or_wrong_is_found(kind: bytes) -> None:
    data = mail(
        b"Content-Type: text/plain\r\n\r\nhello", attachment(b"attachment; filename=a.docx"), kind=kind
    )
    assert files(data) == {"a.docx": FORM}


def test_a_message_that_breaks_off_gives_what_is_there() -> None:
    data = mail(
        attachment(b"attachment; filename=a.docx"), attachment(b"attachment; filename=b.docx", b"x" * 3000)
    )[:-900]
    assert files(data)["a.docx"] == FORM
    assert len(files(data)["b.docx"]) > 1000


def test_damaged_base64_is_read_as_far_as_it_goes() -> None:
    part = attachment(b"attachment; filename=a.docx").replace(
        base64.b64encode(FORM), b"!" + base64.b64encode(FORM)[:6] + b"\r\n \t" + base64.b64encode(FORM)[6:]
    )
    assert files(mail(part)) == {"a.docx": FORM}
    plain = attachment(b"attachment; filename=a.docx").replace(
        base64.encodebytes(FORM), b"%PDF-1.4 <</a [1 2]>> #~~ {not base64 at all} **"
    )
    assert files(mail(plain))["a.docx"].startswith(b"%PDF")


def test_base64_in_several_runs_is_read_whole() -> None:
    data = bytes(range(256)) * 20
    pieces = [base64.b64encode(data[at : at + 1000]) for at in range(0, len(data), 1000)]
    assert all(piece.endswith(b"=") for piece in pieces[:-1])
    for between in (b"\r\n", b""):
        part = attachment(b"attachment; filename=a.docx", data).replace(
            base64.encodebytes(data), between.join(pieces)
        )
        assert files(mail(part)) == {"a.docx": data}


def test_a_sign_that_pads_nothing_does_not_shift_what_follows() -> None:
    whole = base64.b64encode(bytes(range(256)))
    part = attachment(b"attachment; filename=a.docx", b"?").replace(
        base64.encodebytes(b"?"), whole[:90] + b"=\r\n" + whole[90:]
    )
    assert files(mail(part)) == {"a.docx": bytes(range(256))}


def test_other_encodings_of_files_are_known() -> None:
    quoted = (
        b"Content-Type: application/x; name=q\r\nContent-Transfer-Encoding: "
        b"Quoted-Printable\r\n\r\na=3Db=\r\nc"
    )
    assert files(mail(quoted))["q"].strip() == b"a=bc"
    old = b"From: a@x.cn\r\nTo: b\r\n\r\nhello\n\nbegin 644 a.bin\n#86)C\n`\nend\n"
    assert files(old) == {"a.bin": b"abc"}
    assert files(old.replace(b"`\nend\n", b"`\n")) == {}


def test_a_header_of_any_length_is_read_in_the_time_that_others_take() -> None:
    data = mail(
        attachment(b"attachment; filename=a.docx"),
        kind=b'multipart/mixed; boundary="b"' + b"; a*0*=b" * 200_000,
    )
    assert files(data) == {"a.docx": FORM}


def test_pictures_in_the_text_are_told_from_attachments() -> None:
    page = b'Content-Type: text/html\r\n\r\n<p>x<img src="cid:logo@1"></p>'
    shown = attachment(b"inline; filename=logo.png", b"\x89PNG", b"image/png", b"Content-ID: <logo@1>\r\n")
    plain = attachment(b"attachment; filename=page.png", b"\x89PNG", b"image/png", b"Content-ID: <other>\r\n")
    found = {file.name: file.inline for file in opened(mail(page, shown, plain)).files}
    assert found == {"logo.png": True, "page.png": False}


def test_a_form_in_the_text_itself_is_a_file() -> None:
    rows = "".join(f"<tr><td>{n}</td><td>甲</td></tr>" for n in range(8))
    found = opened(
        mail(b"Content-Type: text/html; charset=gbk\r\n\r\n" + f"<table>{rows}</table>".encode("gbk"))
    ).files
    assert [(file.name, file.body) for file in found] == [("正文.html", True)]
    assert "甲".encode() in found[0].data


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("材料见 https://pan.baidu.com/s/1abc 提取码：x1y2", ("pan.baidu.com",)),
        (
            "https://drive.weixin.qq.com/s?k=AB，http://pan.baidu.com/s/1",
            ("drive.weixin.qq.com", "pan.baidu.com"),
        ),
        ("https://wx.mail.qq.com/ftn/download?func=3&key=1", ("wx.mail.qq.com",)),
        ("http://mail.qq.com/ 登录", ()),
        ("https://pan.baidu.com.evil.cn/x https://www.gov.cn/", ()),
        ("没有链接", ()),
    ],
)
def test_links_to_cloud_disks_are_noticed(text: str, hosts: tuple[str, ...]) -> None:
    assert disks(text) == hosts
    page = f'<p><a href="{text.split(" ")[-1] if hosts else "x"}">{text}</a></p>'
    assert opened(mail(b"Content-Type: text/html; charset=utf-8\r\n\r\n" + page.encode())).links == hosts


def test_a_mailbox_gives_its_messages() -> None:
    one, two = mail(attachment(b"attachment; filename=a.docx")), mail(b"\r\n>From the start\r\n")
    mbox = b"From a@x Fri Feb  5\n" + one + b"\nFrom b@x Fri Feb  5\n" + two
    assert list(files(mbox)) == ["第1封.eml", "第2封.eml"]
    assert files(files(mbox)["第1封.eml"]) == {"a.docx": FORM}
    assert b"\nFrom the start" in files(mbox)["第2封.eml"]
    mark = b"\x10" * 7 + b"\x11" * 6 + b"S\r\n"
    assert files(files(mark + one + mark + two)["第1封.eml"]) == {"a.docx": FORM}
    assert files(b"From a@x Fri Feb  5\n" + one) == {"a.docx": FORM}


def test_a_web_archive_is_no_mail() -> None:
    assert kind_of(b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n") == "html"
    assert kind_of(b"From: <Saved by Blink>\r\nSubject: x\r\nDate: y\r\nMIME-Version: 1.0\r\n\r\n") == "html"
    assert kind_of(b"X-QQ-mid: 1\r\nReceived: a\r\n by b\r\nMIME-Version: 1.0\r\n\r\n") == "mail"


def test_messages_that_are_built_to_do_harm_are_refused() -> None:
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(2000)
    )
    with pytest.raises(Hostile):
        opened(b"From: a@x.cn\r\nTo: b\r\n" + deep)
    many = b"From: a@x.cn\r\nTo: b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\n\n" * 5000
    with pytest.raises((TooMany, Hostile)):
        opened(many, ContainerLimits(entries=20))


SAMPLES = [
    mail(
        b"Content-Type: text/html\r\n\r\n<p>x",
        attachment(b"attachment; filename=" + encoded(NAME, "gbk", 5)),
        headers=b"Subject: x\r\n",
    ),
    tnef((NAME, FORM), ("b", b"2"), properties=struct.pack("<I", 1) + mapi_property(0x001F, 0x0037, b"x\0")),
    compound(message({0x0037: "x", 0x1000: b"y"}, {**outlook_attachment("a", b"z")}, page=936)),
    b"From a@x Fri\n" + mail(b"\r\nx") + b"\nFrom b@x Fri\n" + mail(b"\r\ny"),
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_damaged_mail_ends_in_an_error_of_ours_or_is_read(sample: bytes, data: st.DataObject) -> None:
    damaged = bytearray(sample)
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=6))
        if not damaged:
            return
    del damaged[data.draw(st.integers(1, len(damaged))) :]
    try:
        contents = opened(bytes(damaged))
    except UnreadableFile:
        return
    assert all(
        "\n" not in file.name and not file.name.startswith("/") and ".." not in file.name.split("/")
        for file in contents.files
    )


def test_what_a_mail_replies_to_is_told_the_nearest_first_and_nothing_that_is_no_id() -> None:
    head = (
        b"Subject: Re: x\r\nIn-Reply-To: <two@a.cn>\r\n"
        b"References: <one@a.cn>\r\n <two@a.cn> junk <" + b"x" * 300 + b"@a.cn> <>\r\n"
    )
    found = opened(mail(attachment(b"attachment; filename=a.docx"), headers=head)).message
    assert found is not None
    assert found.to_json()["references"] == ["<two@a.cn>", "<one@a.cn>"]
    alone = opened(mail(attachment(b"attachment; filename=a.docx"))).message
    assert alone is not None
    assert "references" not in alone.to_json()
