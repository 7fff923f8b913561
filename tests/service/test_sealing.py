import base64
import io
import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from models.errors import BadUsage, KeyMissing, NotFound, SealBroken
from service import sealing
from service.blobs import Blobs, BucketBlobs, FolderBlobs, open_blobs
from service.sealing import HEAD, PIECE, Keys, keys_of, seal, seal_text, unseal, unseal_text

OLD, NEW = (base64.b64decode(sealing.new_key()) for _ in range(2))


def _keys(*keys: bytes) -> Keys:
    return Keys(lambda: keys)


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 7])
def test_what_is_sealed_opens_as_what_it_is_and_as_nothing_else(size: int) -> None:
    plain = os.urandom(size)
    sealed = seal(_keys(NEW), plain, "blob:a")
    assert unseal(_keys(NEW), sealed, "blob:a") == plain
    assert plain[:64] not in sealed or size < 16
    with pytest.raises(SealBroken):
        unseal(_keys(NEW), sealed, "blob:b")
    with pytest.raises(KeyMissing):
        unseal(_keys(OLD), sealed, "blob:a")
    assert seal(_keys(NEW), plain, "blob:a") != sealed


def test_no_byte_can_be_changed_and_no_piece_left_out_doubled_or_moved() -> None:
    keys, plain = _keys(NEW), os.urandom(3 * PIECE)
    sealed, size = seal(keys, plain, "x"), PIECE + 16
    pieces = [sealed[at : at + size] for at in range(HEAD, len(sealed), size)]
    wrong = [
        sealed[:HEAD] + b"".join(some)
        for some in (pieces[:-1], pieces[1:], [*pieces, pieces[-1]], [pieces[1], pieces[0], pieces[2]], [])
    ]
    wrong += [
        sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in (0, 20, 40, HEAD, -1 % len(sealed))
    ]
    wrong += [sealed[:-1], sealed[: HEAD - 1], b"", sealed + b"x"]
    for one in wrong:
        with pytest.raises((SealBroken, KeyMissing)):
            unseal(keys, one, "x")


def test_a_text_is_kept_as_it_is_where_there_are_no_keys_and_sealed_where_there_are() -> None:
    none, some = sealing.no_keys(), _keys(NEW)
    assert seal_text(none, "GEZDGNBV", "a") == "GEZDGNBV"
    kept = seal_text(some, "GEZDGNBV", "a")
    assert "GEZDGNBV" not in kept
    assert [unseal_text(some, one, "a") for one in (kept, "GEZDGNBV")] == ["GEZDGNBV", "GEZDGNBV"]
    with pytest.raises(KeyMissing):
        unseal_text(none, kept, "a")


def test_a_new_key_is_taken_without_a_stop(tmp_path: Path) -> None:
    """Another process seals with a key that was added after this one began."""
    file = tmp_path / "keys"
    file.write_text(f"# the first\n{base64.b64encode(OLD).decode()}\n")
    file.chmod(0o600)
    keys = keys_of(file, None)
    before = seal(keys, b"before", "a")
    file.write_text("\n".join(base64.b64encode(key).decode() for key in (NEW, OLD)))
    elsewhere = seal(keys_of(file, None), b"after", "a")
    keys._at -= 10  # seconds that have gone by
    assert unseal(keys, elsewhere, "a") == b"after"
    assert unseal(keys, before, "a") == b"before"
    file.unlink()
    keys._at -= 1000
    assert unseal(keys, before, "a") == b"before", "what was known goes on where the file is away"


def test_keys_come_from_a_command_and_its_output_is_never_told(tmp_path: Path) -> None:
    text = base64.b64encode(NEW).decode()
    sealed = seal(keys_of(None, f"{sys.executable} -c \"print('{text}')\""), b"x", "a")
    assert unseal(_keys(NEW), sealed, "a") == b"x"
    failing = f"{sys.executable} -c \"print('{text}'); raise SystemExit(3)\""
    for command in (failing, "/no/such/program", "'", f'{sys.executable} -c "print(1)"'):
        with pytest.raises(BadUsage) as failed:
            keys_of(None, command)
        assert text not in str(failed.value)


@pytest.mark.parametrize("text", ["", "# none\n", "abc", base64.b64encode(b"short").decode(), "密钥"])
def test_a_file_without_keys_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(BadUsage):
        keys_of(file, None)


def test_a_file_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(sealing.new_key())
    file.chmod(0o644)
    with pytest.raises(BadUsage, match="任何人"):
        keys_of(file, None)


Opening = Callable[[Keys], Blobs]


@pytest.fixture(params=["folder", "bucket"])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Opening:
    """Opens the same blobs with other keys."""
    if request.param == "folder":
        return lambda keys: FolderBlobs(tmp_path / "blobs", keys)
    (tmp_path / "bucket").mkdir()
    return lambda keys: BucketBlobs(f"file://{tmp_path / 'bucket'}", keys)


def _bytes_under(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_blobs_are_sealed_and_found_by_the_digest_of_what_they_hold(opening: Opening, tmp_path: Path) -> None:
    data = b"a name and a telephone " * 100_000
    blobs = opening(_keys(NEW))
    kept = blobs.put(io.BytesIO(data))
    assert blobs.put(io.BytesIO(data)) == kept
    assert (kept.bytes, blobs.read(kept.sha256)) == (len(data), data)
    assert list(blobs.digests()) == [kept.sha256]
    assert blobs.holds(kept.sha256)
    assert b"telephone" not in _bytes_under(tmp_path)
    with pytest.raises(KeyMissing):
        opening(sealing.no_keys()).read(kept.sha256)
    blobs.delete(kept.sha256)
    assert _bytes_under(tmp_path) == b""


def test_a_sealed_blob_in_the_place_of_another_does_not_open(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path, _keys(NEW))
    one, other = (blobs.put(io.BytesIO(data)).sha256 for data in (b"one", b"other"))
    places = [tmp_path / digest[:2] / f"{digest}.sealed" for digest in (one, other)]
    places[0].write_bytes(places[1].read_bytes())
    with pytest.raises(SealBroken):
        blobs.read(one)


def test_resealing_takes_plain_and_old_ones_and_goes_on_where_it_stopped(
    opening: Opening, tmp_path: Path
) -> None:
    datas = [b"plain " * 50, b"with the old key " * 200_000, b"with the new key"]
    digests = [
        opening(keys).put(io.BytesIO(data)).sha256
        for keys, data in zip((sealing.no_keys(), _keys(OLD), _keys(NEW)), datas, strict=True)
    ]
    both = opening(_keys(NEW, OLD))
    assert [both.read(digest) for digest in digests] == datas
    assert [both.reseal(digest, nullcontext) for digest in digests] == [True, True, False]
    assert [both.reseal(digest, nullcontext) for digest in digests] == [False, False, False]
    assert b"plain plain" not in _bytes_under(tmp_path)
    # The old key is of no more use.
    alone = opening(_keys(NEW))
    assert [alone.read(digest) for digest in digests] == datas
    assert sorted(alone.digests()) == sorted(digests)


def test_what_looks_sealed_because_somebody_sent_it_so_is_what_they_sent(opening: Opening) -> None:
    fake = seal(_keys(OLD), b"x", "blob:" + "0" * 64)
    blobs = opening(sealing.no_keys())
    assert blobs.read(blobs.put(io.BytesIO(fake)).sha256) == fake


def test_what_is_purged_while_it_is_sealed_anew_stays_gone(opening: Opening, tmp_path: Path) -> None:
    digest = opening(sealing.no_keys()).put(io.BytesIO(b"to be purged")).sha256
    blobs = opening(_keys(NEW))

    class Purging:
        def __enter__(self) -> None:
            blobs.delete(digest)

        def __exit__(self, *error: object) -> None: ...

    blobs.reseal(digest, Purging)
    assert not blobs.holds(digest)
    assert _bytes_under(tmp_path) == b""
    with pytest.raises(NotFound):
        blobs.reseal(digest, nullcontext)


def test_a_damaged_plain_blob_is_told_and_not_sealed(tmp_path: Path) -> None:
    digest = FolderBlobs(tmp_path).put(io.BytesIO(b"whole")).sha256
    (tmp_path / digest[:2] / digest).write_bytes(b"damaged")
    with pytest.raises(SealBroken):
        FolderBlobs(tmp_path, _keys(NEW)).reseal(digest, nullcontext)
    assert open_blobs(str(tmp_path)).read(digest) == b"damaged"
