import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from models.fields.base import FieldName
from models.identity import INSTANCE_ALPHABET, Identity, Tag

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
COUNTS = st.integers(0, 99)
IDENTITIES = st.builds(
    Identity,
    form=st.from_regex(r"[a-z][a-z0-9-]{0,59}", fullmatch=True),
    version=st.from_regex(r"[0-9A-Za-z][0-9A-Za-z.\-]{0,19}", fullmatch=True),
    instance=st.text(alphabet=INSTANCE_ALPHABET, min_size=1, max_size=20),
)


@given(IDENTITIES, st.none() | st.integers(0, 999))
def test_an_identity_is_read_back_from_its_code(identity, page):
    assert Identity.from_qr(identity.qr_payload(page)) == (identity, page)


@given(NAMES, st.none() | COUNTS, st.none() | st.tuples(COUNTS, NAMES))
def test_a_tag_is_read_back_as_itself(field, option, entry):
    tag = Tag(field=field, option=option, row=entry and entry[0], column=entry and entry[1])
    assert Tag.read(str(tag)) == tag


@given(st.text() | st.from_regex(r"(SF1/|sealform:)[a-z/\[\].0-9A-Z-]*", fullmatch=True))
def test_any_text_is_ours_or_none_but_never_an_error(text):
    tag, identity = Tag.read(text), Identity.from_qr(text)
    assert tag is None or Tag.read(str(tag)) == tag
    assert identity is None or Identity.from_qr(identity[0].qr_payload(identity[1])) == identity


@pytest.mark.parametrize(
    "text",
    [
        "", "sealform", "sealform:", "other:field", "sealform:Field", "sealform:a/", "sealform:a/-1",
        "sealform:a/x",
        "sealform:a[1]", "sealform:a[1].",
        "sealform:a.b", "sealform:a\n", " sealform:a", "sealform:a/1[2]", "sealform:a/٣",
        "sealform:a/" + "9" * 5000,
        "sealform:a[" + "9" * 5000 + "].b",
    ],
)  # fmt: skip
def test_a_foreign_tag_is_none(text):
    assert Tag.read(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SF1",
        "SF1/a/1",
        "SF2/a/1/A",
        "SF1/a/1/a",
        "SF1/a/1/A/",
        "SF1/a/1/A/x",
        "SF1/a/1/A\n",
        "SF1/a/1/A/" + "9" * 5000,
    ],
)
def test_a_foreign_code_is_none(text):
    assert Identity.from_qr(text) is None


@pytest.mark.parametrize("wrong", [{"row": 1}, {"column": "b"}, {"option": -1}, {"row": -1, "column": "b"}])
def test_a_tag_that_could_not_be_read_back_cannot_be_made(wrong):
    with pytest.raises(pydantic.ValidationError):
        Tag(field="a", **wrong)


def test_the_longest_tag_that_a_definition_can_ask_for_is_one_that_word_takes():
    longest = "x" * 24
    TypeAdapter(FieldName).validate_python(longest)
    with pytest.raises(pydantic.ValidationError):
        TypeAdapter(FieldName).validate_python(longest + "x")
    assert len(str(Tag(field=longest, row=49, column=longest))) <= 64


def test_a_forged_identity_is_none():
    root = "{urn:sealform:identity:1}form"
    good = {"name": "a-form", "version": "1", "instance": "ABC"}
    assert Identity.from_xml(root, good) == Identity(form="a-form", version="1", instance="ABC")
    assert Identity.from_xml(root, good | {"version": '1"/><x'}) is None
    assert Identity.from_xml(root, {}) is None
    assert Identity.from_xml("{urn:other}form", good) is None
