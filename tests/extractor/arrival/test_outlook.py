"""What Outlook makes of a mail: winmail.dat, and messages saved as .msg."""

import struct

from tests.extractor.arrival.outlook import mapi_property, outlook_attachment, tnef, tnef_attribute
from tests.extractor.arrival.test_mail import FORM, NAME, SENT, attachment, files, mail, opened
from tests.extractor.compound import compound, message


def test_winmail_dat_gives_its_files_under_their_names() -> None:
    long = struct.pack("<I", 1) + mapi_property(0x001F, 0x3707, "很长的名字.docx\0".encode("utf-16-le"))
    data = tnef((NAME, FORM), ("b.docx", b"2")) + tnef_attribute(2, 0x00069005, long)
    assert files(data) == {NAME: FORM, "很长的名字.docx": b"2"}
    assert files(mail(attachment(b"attachment; filename=winmail.dat", data)))["winmail.dat"] == data


def test_the_message_in_winmail_dat_is_read() -> None:
    named = struct.pack("<HH16sII", 0x0003, 0x8001, bytes(16), 0, 7) + struct.pack("<I", 1)
    body = mapi_property(0x001E, 0x1000, "见附件".encode("gbk"))
    found = opened(tnef(("a", b"x"), properties=struct.pack("<I", 2) + named + body)).message
    assert found is not None
    assert (found.subject, found.body) == ("申报", "见附件")


def test_winmail_dat_that_is_cut_off_gives_what_is_whole_and_says_so() -> None:
    found = opened(tnef(("a.docx", FORM), ("b.docx", bytes(500)))[:-100]).files
    assert found[0].data == FORM
    assert found[-1].error is not None


def test_a_message_of_outlook_is_read() -> None:
    inner = message({0x0037: "转发", 0x0C1A: "李四"}, outlook_attachment("inner.docx", b"3"), header=24)
    tree = message(
        {
            0x0037: "申报材料".encode("gbk"),
            0x0C1A: "王小明",
            0x0C1F: "wang@163.com",
            0x1000: "见附件".encode("gbk"),
            0x1013: b'<img src="cid:logo">',
        },
        {
            **outlook_attachment(NAME.encode("gbk"), FORM),
            **outlook_attachment("big.docx", b"x" * 5000, number=1),
            **outlook_attachment("logo.png", b"\x89PNG", number=2, identity="<logo>"),
            "__attach_version1.0_#00000003": {
                **message({0x3001: "转发的邮件"}, header=8),
                "__substg1.0_3701000D": inner,
            },
        },
        page=936,
        sent=SENT,
    )
    contents = opened(compound(tree))
    assert contents.message is not None
    assert contents.message.to_json() == {
        "sender": "王小明", "address": "wang@163.com", "time": "2019-04-17T18:40:00+00:00",
        "subject": "申报材料", "body": "见附件",
    }  # fmt: skip
    found = {file.name: file for file in contents.files}
    assert list(found) == [NAME, "big.docx", "logo.png", "转发的邮件", "转发的邮件/inner.docx"]
    assert (found[NAME].data, len(found["big.docx"].data), found["转发的邮件/inner.docx"].data) == (
        FORM,
        5000,
        b"3",
    )
    assert [file.inline for file in contents.files] == [False, False, True, False, False]
    assert found["转发的邮件"].opened
    said = found["转发的邮件/inner.docx"].message
    assert said is not None
    assert said.sender == "李四"


def test_an_address_inside_an_organisation_is_looked_up_in_the_headers() -> None:
    tree = message(
        {0x0C1A: "王", 0x0C1F: "/O=X/CN=WANG", 0x007D: "Received: x\r\nFrom: 王 <wang@x.gov.cn>\r\nTo: y\r\n"}
    )
    found = opened(compound(tree)).message
    assert found is not None
    assert found.address == "wang@x.gov.cn"
