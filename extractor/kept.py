"""What was read of pictures, kept by their content, so that nothing that is costly is read twice.

A key is the SHA-256 of a file, with the page and its turn where a person turned one. What is kept is read
again by an edition of this program that reads differently.
"""

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.page import Pages

# Raise it when readings of before are to be made anew.
_EDITION = "1"
_SUFFIX = ".json.gz"


def key_of(sha256: str, page: int | None = None, quarters: int | None = None) -> str:
    """Return the key of a file, or of a page of it that was turned by a person."""
    turned = "" if page is None else f"-{page}-{quarters}"
    return f"{_EDITION}-{sha256}{turned}"


@dataclass(frozen=True)
class Kept:
    """A folder of readings, one file a key."""

    folder: Path

    def get(self, key: str) -> "Pages | None":
        """Return what is kept; None where there is nothing that this program understands."""
        # A process that only hands files to others has no need of it.
        from models.page import Pages

        try:
            return Pages.model_validate_json(gzip.decompress((self.folder / (key + _SUFFIX)).read_bytes()))
        except (OSError, EOFError, ValueError):
            return None

    def put(self, key: str, pages: "Pages") -> None:
        """Keep a reading, where it came of pictures: all else is read again in no time."""
        if not any(page.frame for page in pages.pages):
            return
        self.lay(key, gzip.compress(pages.model_dump_json(exclude_defaults=True).encode(), mtime=0))

    def names(self) -> dict[str, Path]:
        """Return {key: its file} of all that is kept here."""
        return {path.name.removesuffix(_SUFFIX): path for path in sorted(self.folder.glob(f"*{_SUFFIX}"))}

    def lay(self, key: str, data: bytes) -> None:
        """Put a reading here as it was kept elsewhere."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / (key + _SUFFIX)).write_bytes(data)
