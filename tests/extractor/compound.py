"""Compound files ([MS-CFB]) and messages of Outlook in them, written by hand, so that a test can hold any
property at all."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_END, _FREE, _FAT_SECTOR = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD

Tree = Mapping[str, "bytes | Tree"]


@dataclass
class _Entry:
    name: str
    kind: int
    data: bytes = b""
    children: list[int] = field(default_factory=list)


def compound(tree: Tree) -> bytes:
    """A compound file of storages and streams."""
    entries = [_Entry("Root Entry", 5)]
    _grow(entries, 0, tree)
    chain: list[int] = []  # the FAT
    sectors = bytearray()
    mini, mini_fat = bytearray(), []
    starts = []
    for entry in entries:
        start = _END
        if entry.kind == 2 and len(entry.data) >= _CUTOFF:
            start = _put(sectors, chain, entry.data)
        elif entry.kind == 2 and entry.data:
            start = len(mini_fat)
            count = -(-len(entry.data) // _MINI)
            mini += entry.data.ljust(count * _MINI, b"\0")
            mini_fat += [*range(start + 1, start + count), _END]
        starts.append(start)
    if mini:
        starts[0], entries[0].data = _put(sectors, chain, bytes(mini)), bytes(mini)
    mini_start = (
        _put(sectors, chain, struct.pack(f"<{len(mini_fat)}I", *mini_fat), b"\xff") if mini_fat else _END
    )
    directory = b"".join(_directory(entries, number, start) for number, start in enumerate(starts))
    directory_start = _put(sectors, chain, directory)
    count = 1
    while (len(chain) + count) * 4 > count * _SECTOR:
        count += 1
    first = len(chain)
    chain += [_FAT_SECTOR] * count
    fat = struct.pack(f"<{len(chain)}I", *chain).ljust(count * _SECTOR, b"\xff")
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII", bytes.fromhex("d0cf11e0a1b11ae1"), 0x3E, 3, 0xFFFE, 9, 6, 0, count,
        directory_start, 0, _CUTOFF,
        mini_start, -(-len(mini_fat) * 4 // _SECTOR), _END, 0,
    )  # fmt: skip
    header += struct.pack("<109I", *range(first, first + count), *[_FREE] * (109 - count))
    return header + bytes(sectors) + fat


def _grow(entries: list[_Entry], parent: int, tree: Tree) -> None:
    for name, value in tree.items():
        entries.append(_Entry(name, 2, value) if isinstance(value, bytes) else _Entry(name, 1))
        entries[parent].children.append(len(entries) - 1)
        if not isinstance(value, bytes):
            _grow(entries, len(entries) - 1, value)


def _put(sectors: bytearray, chain: list[int], data: bytes, padding: bytes = b"\0") -> int:
    start, count = len(chain), max(1, -(-len(data) // _SECTOR))
    sectors += data.ljust(count * _SECTOR, padding)
    chain += [*range(start + 1, start + count), _END]
    return start


def _directory(entries: Sequence[_Entry], number: int, start: int) -> bytes:
    """An entry; siblings hang on each other as a list, in the order of their names."""
    entry = entries[number]
    order = {
        one: sorted(
            parent.children, key=lambda child: (len(entries[child].name), entries[child].name.upper())
        )
        for parent in entries
        for one in parent.children
    }
    siblings = order.get(number, [number])
    after = siblings[siblings.index(number) + 1 :]
    first = order[entry.children[0]][0] if entry.children else _FREE
    name = entry.name.encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII16xI16xIQ",
        name,
        len(name),
        entry.kind,
        1,
        _FREE,
        after[0] if after else _FREE,
        first,
        0,
        start,
        len(entry.data),
    )


def message(
    texts: Mapping[int, "str | bytes"],
    inside: Tree | None = None,
    header: int = 32,
    page: int = 0,
    sent: int = 0,
) -> Tree:
    """A message of Outlook: `texts` are properties, str in Unicode, bytes in the code page `page`; 0x1013 and
    0x3701 are binary."""
    tree: dict[str, bytes | Tree] = {}
    for number, text in texts.items():
        kind = 0x0102 if number in (0x1013, 0x3701, 0x1009) else 0x001F if isinstance(text, str) else 0x001E
        tree[f"__substg1.0_{number:04X}{kind:04X}"] = (
            text.encode("utf-16-le") if isinstance(text, str) else text
        )
    fixed = struct.pack("<HHIQ", 0x0003, 0x3FFD, 6, page) if page else b""
    fixed += struct.pack("<HHIQ", 0x0040, 0x0039, 6, sent) if sent else b""
    tree["__properties_version1.0"] = bytes(header) + fixed
    return {**tree, **(inside or {})}
