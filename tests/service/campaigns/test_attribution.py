"""Through whom an application came, and when that is sure."""

import pytest

from service.campaigns.judgement.attribution import judge_attribution
from service.campaigns.judgement.entries import Ruling
from tests.service.campaigns.calls import call, entry

ADDRESS = "武汉市江岸区中山大道1号"


def _judged(**more: object):
    loaded = call()
    return judge_attribution(loaded.campaign, loaded.judge.roster, entry(**more))


@pytest.mark.parametrize(
    ("given", "organiser", "evidence", "sure"),
    [
        # The sender goes first; a host below one of the roster is one of it.
        ({"sender": "zhang@jiangan.example"}, "江岸区人民政府", "sender", True),
        ({"sender": "Li@mail.JYJ.example"}, "武汉市教育局", "sender", True),
        ({"sender": "zhang@notjiangan.example"}, None, None, False),
        ({"sender": "zhang@qq.com"}, None, None, False),
        # A district's seal is a character away from another's, and needs a second sign.
        ({"seal": "江岸区人民政府"}, "江岸区人民政府", "seal", True),
        ({"seal": "武汉市商务局"}, "武汉市商务局", "seal", True),
        ({"seal": "武汉市江岸区教育局"}, "江岸区人民政府", "seal", False),
        ({"seal": "武汉市江岸区教育局", "address": ADDRESS}, "江岸区人民政府", "seal", True),
        # An address alone is in a district, whoever recommends.
        ({"address": ADDRESS}, "江岸区人民政府", "address", False),
        ({"address": ADDRESS, "seal": "武汉市教育局"}, "武汉市教育局", "seal", True),
        # Signs that speak against each other.
        ({"sender": "a@jiangan.example", "seal": "武汉市教育局"}, "江岸区人民政府", "sender", False),
        ({"sender": "a@wuchang.example", "address": ADDRESS}, "武昌区人民政府", "sender", False),
        ({"sender": "a@jyj.example", "address": ADDRESS}, "武汉市教育局", "sender", True),
        ({"address": "武汉市江岸区和江汉区交界处"}, None, None, False),
        ({}, None, None, False),
    ],
)
def test_signs_count_in_their_order_and_are_sure_only_where_nothing_else_can_be(
    given: dict[str, str], organiser: str | None, evidence: str | None, sure: bool
) -> None:
    found = _judged(**given)
    assert (found.organiser, found.evidence, found.sure) == (organiser, evidence, sure), found.reason
    assert found.reason


@pytest.mark.parametrize("text", ["江岸区人民政府", "武汉市江岸区人民政府"])
def test_a_district_seal_that_nobody_vouches_for_is_not_sure_by_itself(text: str) -> None:
    unweighed = frozenset({str(call().campaign.fields.seal)})
    assert not _judged(seal=text, unweighed=unweighed).sure
    assert _judged(seal=text, unweighed=unweighed, address=ADDRESS).sure
    assert _judged(seal="武汉市文化和旅游局", unweighed=unweighed).sure


def test_a_seal_misread_by_a_character_is_never_sure_alone() -> None:
    found = _judged(seal="武汉市城乡建没局")
    assert (found.organiser, found.sure) == ("武汉市城乡建设局", False)


def test_a_persons_word_goes_before_all_signs() -> None:
    found = _judged(sender="a@jiangan.example", ruling=Ruling(organiser="武汉市教育局", reason="来电说明"))
    assert (found.organiser, found.evidence, found.sure) == ("武汉市教育局", "person", True)
    assert "来电说明" in found.reason
