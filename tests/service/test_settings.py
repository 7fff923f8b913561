"""What the environment may set, and what it may not."""

import pytest

from extractor import Limits
from models.errors import BadUsage
from service.settings import INTAKE, Settings


def test_nothing_set_leaves_the_usual_limits() -> None:
    assert Settings.read({}).limits() == Limits()
    assert Settings.read(dict.fromkeys(INTAKE, "")).limits() == Limits()


def test_every_limit_on_what_arrives_can_be_set() -> None:
    limits = Settings.read(
        {
            "SEALFORM_MAX_FILE_MB": "1.5", "SEALFORM_MAX_FILES": "7", "SEALFORM_MAX_DEPTH": "2",
            "SEALFORM_MAX_UNPACKED_MB": "9",
            "SEALFORM_MAX_RATIO": "50", "SEALFORM_MAX_PAGES": "11", "SEALFORM_MAX_MEGAPIXELS": "3",
        }
    ).limits()  # fmt: skip
    assert (limits.file_bytes, limits.parts, limits.depth, limits.unpacked_bytes) == (3 << 19, 7, 2, 9 << 20)
    assert (limits.ratio, limits.zip.ratio) == (50, 50)
    assert (limits.pdf.pages, limits.pictures.pages, limits.pictures.pixels) == (11, 11, 3_000_000)


@pytest.mark.parametrize("value", ["0", "-1", "many", "nan", "1e12"])
def test_a_limit_that_is_no_positive_number_is_bad_usage(value: str) -> None:
    with pytest.raises(BadUsage, match="SEALFORM_MAX_FILES"):
        Settings.read({"SEALFORM_MAX_FILES": value})
