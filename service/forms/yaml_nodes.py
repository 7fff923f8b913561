"""Reads YAML as nodes, which know their lines, and turns the nodes into plain data.

The file may be hostile: its size, its depth and the growth of its aliases are limited, and no tag can make an
object.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from service.atomic_files import in_words

MAX_BYTES = 1 << 20
MAX_DEPTH = 40
# The nodes are counted with every alias expanded, because aliases let a few lines of YAML become gigabytes.
MAX_NODES = 50_000

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STANDARD = "tag:yaml.org,2002:"
_SCALARS = {
    _STANDARD + name for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")
}
_COLLECTIONS = {_STANDARD + "map", _STANDARD + "seq"}
_SYNTAX = {
    "cannot start any token": "此处不应有这个字符；缩进应使用空格，不能使用制表符",
    "mapping values are not allowed": "此处不应有冒号；文字中有冒号的，应加引号",
    "could not find expected ':'": "键的后面应有冒号",
    "found duplicate anchor": "锚点重名",
    "found undefined alias": "别名没有对应的锚点",
    "another document": "一个文件应只有一份定义",
    "did not find expected": "缩进、括号或引号没有配对",
    "found unexpected end of stream": "引号没有配对",
    "special characters are not allowed": "不应有控制字符",
    "control characters are not allowed": "不应有控制字符",
}

Place = tuple[str | int, ...]


class Faults:
    """Collects the problems of one file, and sorts them by line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found: set[tuple[int, int, str]] = set()
        self._without_data: set[int] = set()

    def add(self, line: int, column: int, message: str) -> None:
        """Adds a problem; `line` and `column` count from 1."""
        self._found.add((line, column, message))

    def at(self, node: Node | yaml.Event, message: str) -> None:
        mark = node.start_mark
        self.add(mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, message)

    def no_data(self, node: Node, message: str) -> None:
        """Reports that `node` can't be turned into data. What the form then misses at that place is not
        reported as well."""
        self.at(node, message)
        self._without_data.add(id(node))

    def has_data(self, node: Node) -> bool:
        return id(node) not in self._without_data

    def lines(self) -> list[str]:
        return [f"{self.path}:{line}:{column}: {message}" for line, column, message in sorted(self._found)]


def compose(path: Path, faults: Faults) -> Node | None:
    """Returns the node tree, or None where there is none. Sizes are checked before anything is built."""
    text = _text(path, faults)
    if text is None:
        return None
    try:
        _limit_depth(text, faults)
        root = None if faults.lines() else yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = _chinese(error.problem or error.context or "")
        faults.add(mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, f"YAML 语法错误：{words}")
        return None
    except yaml.YAMLError as error:
        faults.add(1, 1, f"YAML 语法错误：{_chinese(str(error))}")
        return None
    if root is None and not faults.lines():
        faults.add(1, 1, "文件是空的")
    if root is not None and _size(root) > MAX_NODES:
        faults.at(root, f"别名展开后过大，应不超过 {MAX_NODES} 项，且不能引用自身")
        return None
    return root


def _text(path: Path, faults: Faults) -> str | None:
    try:
        if path.stat().st_size > MAX_BYTES:
            faults.add(1, 1, f"文件应小于 {MAX_BYTES >> 20} MiB")
            return None
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        faults.add(1, 1, f"无法打开文件（{in_words(error)}）")
    except UnicodeDecodeError as error:
        faults.add(error.object[: error.start].count(b"\n") + 1, 1, "文件应以 UTF-8 编码保存")
    return None


def _limit_depth(text: str, faults: Faults) -> None:
    """Checks the depth. It reads events one by one, because composing recurses in C and would exhaust the
    stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            faults.at(event, f"嵌套应不超过 {MAX_DEPTH} 层")
            return


def _chinese(problem: str) -> str:
    return next((words for start, words in _SYNTAX.items() if start in problem), problem)


def _size(root: Node) -> int:
    """Counts the nodes with every alias expanded. A node that contains itself counts as over the limit."""
    sizes: dict[int, int] = {}

    def size(node: Node) -> int:
        known = sizes.get(id(node))
        if known is None:
            sizes[id(node)] = MAX_NODES + 1  # stands until the size is known, for a node that contains itself
            known = sizes[id(node)] = 1 + sum(size(child) for child in _children(node))
        return known

    return size(root)


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, SequenceNode):
        yield from node.value
    elif isinstance(node, MappingNode):
        for pair in node.value:
            yield from pair


def to_data(node: Node, faults: Faults, place: Place) -> Any:
    """Returns the plain data of `node`. YAML that a definition may not use is reported."""
    shown = shown_place(place)
    if node.tag not in (_SCALARS if isinstance(node, ScalarNode) else _COLLECTIONS):
        faults.no_data(node, f"{shown}：不应有标签 {node.tag.replace(_STANDARD, '!!')}")
        return None
    if isinstance(node, SequenceNode):
        return [to_data(child, faults, (*place, i)) for i, child in enumerate(node.value)]
    if isinstance(node, MappingNode):
        return _mapping(node, faults, place)
    # No kind has a date as a property: 2021-02-05 is a version that was written without quotes.
    if node.tag in (_STANDARD + "timestamp", _STANDARD + "merge", _STANDARD + "value"):
        return node.value
    try:
        value = SafeConstructor().construct_object(node)
    except (ValueError, yaml.YAMLError):
        value = None
    unreadable = value is None and node.tag != _STANDARD + "null"
    # Python refuses to print an integer of thousands of digits, which YAML's hexadecimal notation allows.
    if unreadable or (isinstance(value, int) and value.bit_length() > 64):
        faults.no_data(node, f"{shown}：数字写法有误")
        return None
    return value


def _mapping(node: MappingNode, faults: Faults, place: Place) -> dict[str, Any]:
    data: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for key, value in node.value:
        if not isinstance(key, ScalarNode) or key.tag not in _SCALARS:
            faults.at(key, f"{shown_place(place)}：键应为文字")
            continue
        name = key.value
        if name in data:
            faults.at(
                key, f"{shown_place((*place, name))}：键应各不相同，“{name}”已在第 {lines[name]} 行写过"
            )
            continue
        data[name], lines[name] = to_data(value, faults, (*place, name)), key.start_mark.line + 1
    return data


def locate(root: Node, place: Place) -> tuple[Node, str]:
    """Returns the node nearest to a pydantic location, and the location as a person writes it.

    A location also names the kind of a field, which is not a step in the file. Its last steps may be missing
    in the file.
    """
    node, steps, lost, tag_due = root, list[str | int](), False, False
    for step in place:
        entries = _entries(node)
        if tag_due and isinstance(entries.get("kind"), ScalarNode) and entries["kind"].value == step:
            tag_due = False
            continue
        tag_due = False
        steps.append(step)
        if not lost and step in entries:
            node, tag_due = entries[step], True
        else:
            lost = True
    return node, shown_place(tuple(steps))


def _entries(node: Node) -> Mapping[str | int, Node]:
    if isinstance(node, SequenceNode):
        return dict(enumerate(node.value))
    if isinstance(node, MappingNode):
        return {key.value: value for key, value in reversed(node.value) if isinstance(key, ScalarNode)}
    return {}


def shown_place(place: Place) -> str:
    """Returns the place in the form `rows[3].cells[0].label`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return text.removeprefix(".") or "（整个文件）"


def key_at(root: Node, place: Place) -> Node | None:
    """Returns the node of an unknown key itself."""
    parent, _ = locate(root, place[:-1])
    if not isinstance(parent, MappingNode):
        return None
    return next(
        (key for key, _ in parent.value if isinstance(key, ScalarNode) and key.value == place[-1]), None
    )
