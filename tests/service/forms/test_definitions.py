"""Definitions are loaded strictly, and every problem is told with its place."""

import re
from pathlib import Path

import pytest

from models.errors import DefinitionError
from service.forms.definitions import load_form, load_forms, problems, problems_of
from service.forms.shipped import FORMS as SHIPPED
from service.forms.yaml_nodes import MAX_BYTES

SHIPPED_FILES = sorted(SHIPPED.glob("*.yaml"))


def _laughs(levels: int = 9) -> bytes:
    """Each line holds the one before it nine times."""
    lines = ["l0: &l0 [x]", *(f"l{n}: &l{n} [{','.join([f'*l{n - 1}'] * 9)}]" for n in range(1, levels))]
    return "\n".join(lines).encode()


SOUND = """\
name: small
version: "1"
title: 小表
columns: [4, 12]
rows:
  - cells:
      - label: 单位
        content:
          - {kind: text, name: unit}
  - cells:
      - label: 类型
        content:
          - {kind: choice, name: sort, options: [甲, 乙], max: 1}
"""


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str | bytes, name: str = "form.yaml") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.mark.parametrize("path", SHIPPED_FILES, ids=lambda path: path.stem)
def test_every_shipped_definition_is_sound(path: Path) -> None:
    assert problems(path) == []


def test_the_shipped_definitions_are_known_by_their_names() -> None:
    assert set(load_forms()) == {load_form(path).name for path in SHIPPED_FILES}


def test_a_sound_definition_has_no_problem(written) -> None:
    assert problems(written(SOUND)) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "place", "words"),
    [
        ("title: 小表\n", "", 1, "title", "缺少这一项"),
        ("title: 小表", "title: 12", 3, "title", "应为文字"),
        ('version: "1"', "version: 1", 2, "version", "应加引号"),
        ("name: small", "name: Small", 1, "name", "格式"),
        ("columns: [4, 12]", "columns: 4", 4, "columns", "应为列表"),
        ("columns: [4, 12]", "columns: [4, wide]", 4, "columns[1]", "应为数字"),
        ("columns: [4, 12]", "columns: [4, -1]", 4, "columns[1]", "应大于 0"),
        ("kind: text,", "kind: txt,", 9, "rows[0].cells[0].content[0].kind", "printed、text"),
        ("kind: text, ", "", 9, "rows[0].cells[0].content[0].kind", "应为"),
        ("name: unit", "name: unit, aling: left", 9, "rows[0].cells[0].content[0].aling", "应为 align"),
        (
            "name: unit",
            "name: unit, required: 是",
            9,
            "rows[0].cells[0].content[0].required",
            "true 或 false",
        ),
        ("name: unit", "name: unit, text: 文", 9, "rows[0].cells[0].content[0].text", "没有“text”"),
        (
            "name: unit",
            "name: unit, align: middle",
            9,
            "rows[0].cells[0].content[0].align",
            "left、center、right",
        ),
        ("name: unit", "name: sort", 13, "rows[1].cells[0].content[0].name", "各不相同"),
        (
            "name: unit",
            "name: unit, mentions: nobody",
            9,
            "rows[0].cells[0].content[0].mentions",
            "没有“nobody”",
        ),
        ("label: 类型", "label: 单位", 13, "rows[1].cells[0].content[0]", "label"),
        ("options: [甲, 乙]", "options: []", 13, "rows[1].cells[0].content[0]", "至少有一项"),
        ("options: [甲, 乙]", "options: {甲: 乙}", 13, "rows[1].cells[0].content[0].options", "应为列表"),
        ("max: 1", "max: one", 13, "rows[1].cells[0].content[0].max", "应为整数"),
        ("max: 1", 'max: "1"', 13, "rows[1].cells[0].content[0].max", "应为整数"),
        ("max: 1", "max: 1, max: 2", 13, "rows[1].cells[0].content[0].max", "第 13 行写过"),
        ("      - label: 单位\n", "      - label: 单位\n        columns: 2\n", 6, "rows[0]", "实占 3 列"),
        ("title: 小表", "title: !!python/name:os.system x", 3, "title", "标签"),
        ("title: 小表", "title: [小表", 4, "", "YAML"),
        ("title: 小表", "\ttitle: 小表", 3, "", "制表符"),
    ],
)
def test_a_problem_is_told_with_line_path_and_expectation(
    written, old: str, new: str, line: int, place: str, words: str
) -> None:
    assert old in SOUND
    path = written(SOUND.replace(old, new, 1))
    found = problems(path)
    assert len(found) == 1, found
    match = re.fullmatch(r"(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?P<message>.+)", found[0])
    assert match is not None
    assert match["file"] == str(path)
    assert int(match["line"]) == line
    assert match["message"].startswith(place)
    assert words in match["message"]


@pytest.mark.parametrize(
    ("second", "is_open"),
    [
        ("{kind: text, name: other, label: 经办人}", True),
        ("{kind: address, name: other, label: 地址}", True),
        ("{kind: signature, name: other, label: 签字}", True),
        ("{kind: text, name: other, label: 经办人, prompt: 经办人：}", False),
        ("{kind: phone, name: other, label: 电话}", False),
        ("{kind: seal, name: other, label: 盖章}", False),
        ("{kind: phone, name: other, label: 电话}\n          - {kind: phone, name: more, label: 手机}", True),
        ("{kind: printed, text: 经办人}\n          - {kind: text, name: other, label: 经办人}", False),
    ],
)
def test_fields_of_one_cell_that_nobody_can_tell_apart_are_a_problem_of_a_new_form(
    written, second: str, is_open: bool
) -> None:
    old = "          - {kind: text, name: unit}\n"
    path = written(SOUND.replace(old, f"{old}          - {second}\n"))
    found = problems(path)
    assert len(found) == is_open
    if found:
        line, place = (11, "content[2]") if "more" in second else (10, "content[1]")
        assert re.match(
            rf"{re.escape(str(path))}:{line}:\d+: rows\[0\]\.cells\[0\]\.{re.escape(place)}：.*prompt",
            found[0],
        )
    assert found == problems_of([path])
    # What is out already is read all the same.
    assert load_form(path).name == "small"
    if is_open:
        with pytest.raises(DefinitionError, match="prompt"):
            load_form(path, is_new=True)


def test_all_problems_are_told_at_once_in_the_order_of_lines(written) -> None:
    broken = (
        SOUND.replace('"1"', "1")
        .replace("title", "titel")
        .replace("name: unit", "name: unit, mentions: nobody, aling: left")
        .replace("max: 1", "max: 9")
    )
    found = problems(written(broken))
    lines = [int(problem.split(":")[-3]) for problem in found]
    assert lines == sorted(lines)
    told = "\n".join(found)
    for expected in ("version：", "title：缺少", "titel：", "mentions：", "aling：", "min ≤ max"):
        assert expected in told


def test_a_broken_field_does_not_hide_that_the_rows_do_not_fit(written) -> None:
    found = problems(
        written(
            SOUND.replace("kind: text", "kind: txt").replace("label: 类型", "label: 类型\n        columns: 3")
        )
    )
    assert [("kind：" in problem, "实占 4 列" in problem) for problem in found] == [
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"just words",
        "name: 中文".encode("gbk"),
        b"name: a\n---\nname: b",
        b"&a [*a]",
        b"[" * 100_000,
        b"{a: " * 50_000,
        b"name: *nothing",
        b"? [a, b]\n: c",
        b"n: 0x" + b"f" * 20_000,
        b"n: " + b"9" * 20_000,
        b"n: \x00",
        _laughs(),
        b"#" + b" " * MAX_BYTES,
    ],
    ids=[
        "empty", "list", "scalar", "gbk", "two documents", "inside itself", "deep list", "deep map",
        "no anchor", "list for a key",
        "long hex", "long number", "control character", "billion laughs", "too large",
    ],
)  # fmt: skip
def test_whatever_a_file_holds_it_ends_in_problems_with_a_line(written, text: bytes) -> None:
    path = written(text)
    found = problems(path)
    assert found
    assert all(re.match(rf"{re.escape(str(path))}:\d+:\d+: .", problem) for problem in found)


def test_an_alias_that_stays_small_is_allowed(written) -> None:
    assert (
        problems(
            written(
                SOUND.replace("label: 单位", "label: 单位\n        aliases: &names [名称]").replace(
                    "label: 类型", "label: 类型\n        aliases: *names"
                )
            )
        )
        == []
    )


def test_a_version_that_looks_like_a_date_is_text(written) -> None:
    assert load_form(written(SOUND.replace('"1"', "2021-02-05"))).version == "2021-02-05"


def test_a_missing_file_is_a_problem_of_that_file(tmp_path: Path) -> None:
    assert "无法打开" in problems(tmp_path / "none.yaml")[0]


def test_two_files_with_one_name_are_an_error(written, tmp_path: Path) -> None:
    first, second = written(SOUND, "a.yaml"), written(SOUND, "b.yml")
    with pytest.raises(DefinitionError, match="各不相同") as caught:
        load_forms(tmp_path)
    assert str(second) in caught.value.problems[0]
    assert problems_of([first, second]) == caught.value.problems


def test_a_folder_tells_the_problems_of_all_its_files(written, tmp_path: Path) -> None:
    written(SOUND.replace("小表", "12"), "a.yaml")
    written(SOUND.replace("name: small", "name: 3"), "b.yaml")
    with pytest.raises(DefinitionError) as caught:
        load_forms(tmp_path)
    assert [problem.split(":")[0][-6:] for problem in caught.value.problems] == ["a.yaml", "b.yaml"]


@pytest.mark.parametrize("make", [True, False])
def test_a_folder_without_definitions_is_an_error(tmp_path: Path, make: bool) -> None:
    folder = tmp_path / "forms"
    if make:
        folder.mkdir()
    with pytest.raises(DefinitionError):
        load_forms(folder)


def test_definitions_of_ones_own_replace_the_shipped_ones(written, tmp_path: Path) -> None:
    written(SOUND)
    assert set(load_forms(tmp_path)) == {"small"}
