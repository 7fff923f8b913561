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


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("green_8648@126.c  o  m", "green_8648@126.com"),
        ("l x r @ q q . c o m", "lxr@qq.com"),
        ("bgs@qq.com 1", "bgs@qq.com;1"),
    ],
)
def test_an_address_with_blanks_between_its_letters_is_one(text, address):
    assert EMAIL.parse(text) == address
