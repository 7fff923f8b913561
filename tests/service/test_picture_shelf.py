"""What was made of files to look at, on the disk: sealed where files are, and made again where it can't be
opened."""

import hashlib
import io
import zipfile
from contextlib import closing
from pathlib import Path

from generator import generate, new_identity
from service.blobs import FolderBlobs
from service.forms.definitions import load_forms
from service.page_pictures import Held, Look, Views
from service.picture_shelf import Shelf, forget
from service.sealing import Keys, no_keys
from service.settings import Settings

KEYS, OTHER = Keys(lambda: [bytes(32)]), Keys(lambda: [b"o" * 32])
PART = hashlib.sha256(b"a part").hexdigest()


def _files(folder: Path) -> list[Path]:
    return [path for path in (folder / "cache").rglob("*") if path.is_file()]


def test_where_files_are_sealed_no_picture_and_no_part_lies_on_the_disk_as_it_is(tmp_path: Path) -> None:
    form = next(iter(load_forms().values()))
    pdf, packed = generate(form, "pdf-flat", new_identity(form)).data, io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("甲.pdf", pdf)
    blobs, settings = FolderBlobs(tmp_path / "blobs", KEYS), Settings(data=tmp_path)
    whole = blobs.put(io.BytesIO(packed.getvalue()))
    digest = hashlib.sha256(pdf).hexdigest()
    part = {"name": "全.zip/甲.pdf", "sha256": digest, "state": "read", "applications": [1]}
    held = Held(part, [("全.zip", whole.sha256)])  # type: ignore[arg-type]
    with closing(Views(settings, blobs, KEYS)) as views:
        picture = views.image(held, Look(1, 0.5))
        assert (picture[8:12], views.original(held)) == (b"WEBP", pdf)
        assert views.pages(held)["pages"]
    kept = [path.read_bytes() for path in _files(tmp_path)]
    assert len(kept) == 3
    assert [data for data in kept if b"WEBP" in data or b"%PDF" in data or b"width" in data] == []
    with closing(Views(settings, FolderBlobs(tmp_path / "none"), KEYS)) as views:
        assert views.image(held, Look(1, 0.5)) == picture, "without the file, so from what is kept"
    forget(settings, [digest])
    assert _files(tmp_path) == []


def test_what_was_kept_plain_goes_when_there_are_keys_and_what_no_key_opens_is_not_there(
    tmp_path: Path,
) -> None:
    settings = Settings(data=tmp_path)
    Shelf(settings, no_keys()).keep(PART, "part", b"plain")
    assert Shelf(settings).read(PART, "part") == b"plain"
    shelf = Shelf(settings, KEYS)
    assert (shelf.read(PART, "part"), _files(tmp_path)) == (None, [])
    shelf.keep(PART, "part", b"sealed")
    assert Shelf(settings, KEYS).read(PART, "part") == b"sealed"
    assert Shelf(settings, OTHER).read(PART, "part") is None
    (path,) = _files(tmp_path)
    path.rename(path.with_name("another.sealed"))
    assert shelf.read(PART, "another") is None, "in the place of something else"
