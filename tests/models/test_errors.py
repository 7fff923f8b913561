import pickle
from string import Formatter

import pytest

from models import errors
from models.findings import CATALOGUE, Finding


def every_error(cls: type[errors.SealformError] = errors.SealformError) -> list[type[errors.SealformError]]:
    return [cls, *(inner for sub in cls.__subclasses__() for inner in every_error(sub))]


@pytest.mark.parametrize("cls", every_error())
@pytest.mark.parametrize("words", [{}, {"advice": "请重新发送"}, {"advice": ""}])
def test_an_error_survives_the_way_to_another_process(cls, words):
    if cls is errors.DefinitionError:
        error: errors.SealformError = cls(["第一行", "第二行"])
        assert pickle.loads(pickle.dumps(error)).problems == error.problems
    else:
        error = cls("出错了", **words)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is cls
    assert (copy.code, copy.message, copy.advice, str(copy)) == (
        error.code,
        error.message,
        error.advice,
        str(error),
    )
    assert (copy.exit_code, copy.http_status) == (error.exit_code, error.http_status)


def test_every_error_has_a_code_of_its_own_and_stands_in_the_drawn_tree():
    classes = every_error()
    assert len({cls.code for cls in classes}) == len(classes)
    for cls in classes:
        assert cls.__name__ in (errors.__doc__ or "")
        assert cls.exit_code in (1, 2)
        assert 400 <= cls.http_status < 600


def test_a_failure_lasts_where_its_cause_lies_in_the_file():
    codes = {cls.code: cls for cls in every_error(errors.UnreadableFile)}
    passing = {"timed-out", "reader-crashed", "converter-missing", "ocr-unavailable"}
    assert {code for code in codes if not errors.is_lasting(code)} == passing
    assert errors.is_lasting("a code of another version")


def test_what_an_applicant_is_told_to_do_needs_no_words_filled_in() -> None:
    assert [code for code, kind in CATALOGUE.items() if "{" in kind.remedy] == []


@pytest.mark.parametrize("code", CATALOGUE)
def test_the_message_of_every_finding_can_be_written(code):
    names = {name for _, name, _, _ in Formatter().parse(CATALOGUE[code].message) if name}
    words = {name: f"〈{name}〉" for name in names}
    finding = Finding.of(code, "field", **words)
    assert all(word in finding.message for word in words.values())
    assert "{" not in finding.message
    assert (finding.code, finding.field, finding.severity) == (code, "field", CATALOGUE[code].severity)
    if names:
        with pytest.raises(KeyError):
            Finding.of(code, "field")


def test_braces_in_what_an_applicant_wrote_stay_as_they_are():
    assert "{title}{0}" in Finding.of("seal-typed", "seal", title="盖章", text="{title}{0}").message


def test_an_unknown_code_is_an_error():
    with pytest.raises(KeyError):
        Finding.of("no-such-code")
