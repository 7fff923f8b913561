"""Seeds of `make fuzz` that are read again: one or more a kind of file and way of changing it, and each that
found something."""

import io
import zipfile
from pathlib import Path

import pytest

from benchmarks.fuzz.mutations import mutate
from benchmarks.fuzz.watched import read_watched
from extractor import Options, Source
from service.forms.definitions import load_forms

_INBOX = Path(__file__).parents[2] / "fixtures" / "inbox"
# Of those that need neither the engine for pictures nor LibreOffice.
_SEEDS = {
    "A01_lit_ballot_check.docx": range(12),
    "T11_label_variants.docx": range(100, 106),
    "T36_word2003xml_renamed.doc": range(8),
    "T37_html_gbk_renamed.doc": range(8),
    "mail_word_and_logo.eml": range(8),
    "archive_gbk_names.zip": range(8),
}
_FORMS = load_forms()


@pytest.mark.parametrize(("name", "seed"), [(name, seed) for name, seeds in _SEEDS.items() for seed in seeds])
def test_a_file_that_came_about_by_chance_is_read_or_refused_in_words(
    name: str, seed: int, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(mutate((_INBOX / name).read_bytes(), seed))
    seen = read_watched(Source.at(file), _FORMS, Options())
    assert seen.defects == ()
    assert seen.codes


@pytest.mark.parametrize("path", sorted(path for path in _INBOX.iterdir() if path.is_file()))
def test_the_same_seed_makes_the_same_file_and_mostly_another_one(path: Path) -> None:
    data = path.read_bytes()
    made = [mutate(data, seed) for seed in range(6)]
    assert made == [mutate(data, seed) for seed in range(6)]
    assert sum(one != data for one in made) >= 3


def test_most_mutations_of_a_package_are_packages_still() -> None:
    data = (_INBOX / "A01_lit_ballot_check.docx").read_bytes()
    whole = [zipfile.is_zipfile(io.BytesIO(mutate(data, seed))) for seed in range(60)]
    assert sum(whole) > 40
