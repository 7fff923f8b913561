import hashlib
import io
import os
from pathlib import Path

import pytest

from models.errors import BadUsage, NotFound, RequestTooLarge
from service.blobs import Blobs, lay_out, open_blobs


@pytest.fixture(params=["folder", "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return open_blobs(str(tmp_path) if request.param == "folder" else "memory:///")


def test_what_is_put_is_found_by_its_digest(blobs: Blobs) -> None:
    data = bytes(range(256)) * 20_000
    kept = blobs.put(io.BytesIO(data))
    assert (kept.sha256, kept.bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert blobs.put(io.BytesIO(data)) == kept
    assert blobs.read(kept.sha256) == data
    assert list(blobs.digests()) == [kept.sha256]


def test_what_was_deleted_or_never_was_is_not_found(blobs: Blobs) -> None:
    kept = blobs.put(io.BytesIO(b"x"))
    blobs.delete(kept.sha256)
    blobs.delete(kept.sha256)
    for digest in (kept.sha256, "0" * 64, "../../etc/passwd"):
        with pytest.raises(NotFound):
            blobs.read(digest)


def test_files_are_laid_out_in_order_under_no_name_of_their_senders(blobs: Blobs, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    named = [(name, blobs.put(io.BytesIO(name.encode())).sha256) for name in ("../表.pdf", "a.pdf", "a.pdf")]
    laid = lay_out(blobs, named, folder)
    assert [(name, path.read_bytes().decode()) for name, path in laid] == [(name, name) for name, _ in named]
    assert sorted(folder.iterdir()) == [path for _, path in laid]
    with pytest.raises(NotFound):
        lay_out(blobs, [("b.pdf", "0" * 64)], folder)


def test_too_much_is_refused_and_leaves_nothing(blobs: Blobs, tmp_path: Path) -> None:
    with pytest.raises(RequestTooLarge):
        blobs.put(io.BytesIO(b"x" * 100), most=99)
    assert list(blobs.digests()) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_a_killed_process_left_half_written_is_removed_later(tmp_path: Path) -> None:
    open_blobs(str(tmp_path))
    old, new = tmp_path / "incoming/old", tmp_path / "incoming/new"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    open_blobs(str(tmp_path))
    assert [old.exists(), new.exists()] == [False, True]


def test_a_place_of_no_known_kind_is_bad_usage() -> None:
    with pytest.raises(BadUsage):
        open_blobs("nowhere://x")
