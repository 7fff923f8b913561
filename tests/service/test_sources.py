"""Which submissions a command line names."""

import os
import time
from pathlib import Path

import pytest

from extractor import extract
from models.errors import BadUsage
from service.sources import digests, select


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("inbox/b.docx", "inbox/a.docx", "inbox/photos/1.jpg", "inbox/photos/2.jpg", "other.docx"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def _names(*paths: str, **options: object) -> list[str]:
    return [source.name for source in select([Path(path) for path in paths], **options).submissions]  # type: ignore[arg-type]


def test_a_folder_stands_for_its_entries_by_name(folder: Path) -> None:
    assert _names("inbox") == ["inbox/a.docx", "inbox/b.docx", "inbox/photos"]


def test_names_are_the_paths_as_given(folder: Path) -> None:
    assert _names("other.docx", "./inbox/b.docx", str(folder / "inbox" / "a.docx")) == [
        "other.docx",
        "inbox/b.docx",
        (folder / "inbox" / "a.docx").as_posix(),
    ]


def test_together_makes_the_folder_one(folder: Path) -> None:
    assert _names("inbox/photos", "other.docx", together=True) == ["inbox/photos", "other.docx"]


@pytest.mark.parametrize("name", [".hidden", "~$a.docx", "Thumbs.db", ".DS_Store", "desktop.ini"])
def test_what_systems_leave_behind_is_left_out_and_said(folder: Path, name: str) -> None:
    (folder / "inbox" / name).write_text("x")
    selection = select([Path("inbox")])
    assert len(selection.submissions) == 3
    assert [left for left, _ in selection.left_out] == [f"inbox/{name}"]


def test_a_named_file_is_read_even_if_it_is_hidden(folder: Path) -> None:
    Path(".hidden.docx").write_text("x")
    assert _names(".hidden.docx") == [".hidden.docx"]


def test_a_file_given_twice_is_read_once(folder: Path) -> None:
    selection = select([Path("inbox/a.docx"), Path("inbox")])
    assert [source.name for source in selection.submissions] == [
        "inbox/a.docx",
        "inbox/b.docx",
        "inbox/photos",
    ]
    assert selection.left_out == (("inbox/a.docx", "重复给出"),)


def test_an_empty_folder_and_a_pipe_are_left_out(folder: Path) -> None:
    Path("inbox/empty").mkdir()
    os.mkfifo("inbox/pipe")
    assert [name for name, _ in select([Path("inbox")]).left_out] == ["inbox/empty", "inbox/pipe"]


def test_a_link_that_leads_to_itself_is_left_out_and_said(folder: Path) -> None:
    Path("inbox/loop").symlink_to("loop")
    selection = select([Path("inbox")], outputs=[Path("inbox/loop")])
    assert [source.name for source in selection.submissions] == [
        "inbox/a.docx",
        "inbox/b.docx",
        "inbox/photos",
    ]
    assert [name for name, _ in selection.left_out] == ["inbox/loop"]


def test_what_is_no_file_in_a_submission_of_several_parts_is_said(folder: Path) -> None:
    os.mkfifo("inbox/photos/pipe")
    Path("inbox/photos/link.jpg").symlink_to(folder / "other.docx")
    Path("inbox/photos/away").symlink_to(folder)
    selection = select([Path("inbox")])
    assert [name for name, _ in selection.left_out] == [
        f"inbox/photos/{name}" for name in ("away", "link.jpg", "pipe")
    ]
    assert [name for name, _ in selection.submissions[-1].files()] == ["1.jpg", "2.jpg"]


def test_a_file_that_has_become_a_pipe_has_no_digest_and_nobody_waits_for_it(folder: Path) -> None:
    (source,) = select([Path("other.docx")]).submissions
    Path("other.docx").unlink()
    os.mkfifo("other.docx")
    assert digests(source) == [("other.docx", "")]


def test_a_file_of_a_size_that_nobody_sends_is_not_read_only_to_know_it_again(folder: Path) -> None:
    with Path("other.docx").open("r+b") as file:
        file.truncate(500 << 30)
    (source,) = select([Path("other.docx")]).submissions
    started = time.monotonic()
    assert digests(source) == [("other.docx", "")]
    (result,) = extract(source, {})
    assert [(part.state, part.sha256) for part in result.parts] == [("too-large", "")]
    assert time.monotonic() - started < 20


def test_outputs_inside_the_folder_are_not_read(folder: Path) -> None:
    Path("inbox/results.jsonl").write_text("{}")
    selection = select([Path("inbox")], outputs=[Path("inbox/results.jsonl"), Path("sheet.xlsx")])
    assert [name for name, _ in selection.left_out] == ["inbox/results.jsonl"]


@pytest.mark.parametrize(
    ("given", "output", "together"),
    [
        ("other.docx", "other.docx", False),
        ("inbox", "inbox/photos/r.jsonl", False),
        ("inbox", "inbox/r.jsonl", True),
    ],
)
def test_an_output_may_not_touch_what_is_read(folder: Path, given: str, output: str, together: bool) -> None:
    with pytest.raises(BadUsage, match="重叠"):
        select([Path(given)], together=together, outputs=[Path(output)])


def test_a_form_in_the_folder_is_no_output_whatever_else_may_be_replaced(folder: Path) -> None:
    Path("inbox/a.docx").write_bytes(b"%PDF-1.7")
    with pytest.raises(BadUsage, match="重叠"):
        select([Path("inbox")], outputs=[Path("inbox/a.docx")])


def test_a_missing_path_is_an_error(folder: Path) -> None:
    with pytest.raises(BadUsage, match="none"):
        select([Path("none.docx")])


def test_a_pipe_is_refused_because_reading_it_might_never_end(folder: Path) -> None:
    os.mkfifo("pipe")
    with pytest.raises(BadUsage, match="pipe"):
        select([Path("pipe")])


def test_a_name_in_gbk_becomes_readable(folder: Path) -> None:
    raw = os.fsencode(folder / "inbox") + "/申请表.docx".encode("gbk")
    try:
        os.close(os.open(raw, os.O_CREAT | os.O_WRONLY))
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    os.link(raw, os.fsencode(folder / "inbox" / "photos") + "/第一页.jpg".encode("gbk"))
    selection = select([Path("inbox")])
    assert "inbox/申请表.docx" in [source.name for source in selection.submissions]
    (photos,) = (source for source in selection.submissions if source.path.is_dir())
    assert [name for name, _ in photos.files()] == ["1.jpg", "2.jpg", "第一页.jpg"]


def test_digests_tell_the_parts_of_a_folder(folder: Path) -> None:
    (source,) = select([Path("inbox/photos")], together=True).submissions
    assert [name for name, _ in digests(source)] == ["1.jpg", "2.jpg"]
    before = digests(source)
    Path("inbox/photos/2.jpg").write_text("changed")
    assert [a == b for a, b in zip(before, digests(source), strict=True)] == [True, False]
