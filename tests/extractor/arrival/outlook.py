"""What Outlook writes, made here: winmail.dat, and the attachments of a message saved as .msg."""

import struct
from collections.abc import Mapping

from tests.extractor.compound import message


def tnef(*attachments: tuple[str, bytes], properties: bytes = b"", page: int = 936) -> bytes:
    data = b"\x78\x9f\x3e\x22\x01\x00"
    data += tnef_attribute(1, 0x00069007, struct.pack("<II", page, 0))
    data += tnef_attribute(1, 0x00018004, "申报".encode("gbk") + b"\0")
    if properties:
        data += tnef_attribute(1, 0x00069003, properties)
    for name, content in attachments:
        data += tnef_attribute(2, 0x00069002, bytes(14)) + tnef_attribute(
            2, 0x00018010, name.encode("gbk") + b"\0"
        )
        data += tnef_attribute(2, 0x0006800F, content)
    return data


def tnef_attribute(level: int, kind: int, value: bytes) -> bytes:
    return struct.pack("<BII", level, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def mapi_property(kind: int, number: int, value: bytes) -> bytes:
    return struct.pack("<HHII", kind, number, 1, len(value)) + value.ljust(-(-len(value) // 4) * 4, b"\0")


def outlook_attachment(
    name: str | bytes, data: bytes, number: int = 0, identity: str = ""
) -> dict[str, object]:
    texts: Mapping[int, str | bytes] = {
        0x3707: name,
        0x3701: data,
        **({0x3712: identity} if identity else {}),
    }
    return {f"__attach_version1.0_#{number:08X}": message(texts, header=8)}
