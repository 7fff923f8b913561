"""Addresses at hosts that lack a character of a host that everybody knows."""

import pytest

from tests.models.kinds import EMAIL


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ("bgs.6437@qq.co", "qq.com"),
        ("wh.5149@26.com", "126.com"),
        ("a@b.gov.cn;lxr@foxmai.com", "foxmail.com"),
    ],
)
def test_an_address_that_lost_a_character_of_its_host_is_told(address, whole):
    (finding,) = EMAIL.check(address, "电子邮箱")
    assert finding.code == "email-cut"
    assert whole in finding.message


@pytest.mark.parametrize(
    "address", ["bgs@qq.com", "wh@sina.cn", "lxr@sina.com", "a@whu.edu.cn", "a@vip.163.com"]
)
def test_other_addresses_are_not(address):
    assert EMAIL.check(address, "电子邮箱") == []
