import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.models.kinds import EMAIL, EMAILS


def complaints(text):
    value = EMAIL.parse(text)
    return [finding.message for finding in EMAIL.check(value, "邮箱")] if value else []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("zhang@163.com", "zhang@163.com"), ("ｚｈａｎｇ＠１６３．ｃｏｍ", "zhang@163.com"),
        ("zhang@163。com", "zhang@163.com"),
        ("zhang@163.com。", "zhang@163.com"), ("zhang@163.com.", "zhang@163.com"),
        ("zhang@163.com；", "zhang@163.com"),
        ("mailto:zhang@163.com", "zhang@163.com"), ("zhang@163.com<mailto:zhang@163.com>", "zhang@163.com"),
        ("邮箱：zhang@163.com", "zhang@163.com"), ("E-mail: zhang@163.com", "zhang@163.com"),
        ("QQ：12345@qq.com", "12345@qq.com"),
        ("张三 <a@b.cn>", "a@b.cn"), ("张三＜a@b.cn＞", "a@b.cn"), ("（a@b.cn）", "a@b.cn"),
        ("_zhang@163.com", "_zhang@163.com"),
        ("zhang@163.\ncom", "zhang@163.com"), ("zhang\n@163.com", "zhang@163.com"),
        ("zhang@\n163.com", "zhang@163.com"),
        ("zhang@16\n3.com", "zhang@163.com"), ("zhang_\nsan@163.com", "zhang_san@163.com"),
        ("zhang@xx.gov\n.cn", "zhang@xx.gov.cn"),
        ("zhang @ 163 . com", "zhang@163.com"),
        ("a@b.cn、c@d.cn", "a@b.cn;c@d.cn"), ("a@b.cn，c@d.cn", "a@b.cn;c@d.cn"),
        ("a@b.cn c@d.cn", "a@b.cn;c@d.cn"),
        ("a@b.cn\nc@d.cn", "a@b.cn;c@d.cn"), ("a@b.cn/c@d.cn", "a@b.cn;c@d.cn"),
        ("张三 <a@b.cn>；李四<c@d.cn>", "a@b.cn;c@d.cn"),
        ("张三 <a@b.cn> 李四 <c@d.cn>", "a@b.cn;c@d.cn"),
    ],
)  # fmt: skip
def test_an_address_is_read_in_every_usual_writing(text, address):
    assert EMAIL.parse(text) == address
    assert not complaints(text)


@pytest.mark.parametrize(
    "text",
    [
        "zhang", "zhang@", "@163.com", "zhang@163", "zhang@163.c", "zhang@qq.c0m", "zhang@163.123",
        "zhang#163.com",
        "zhang@@163.com",
        "zhang@163,com", "zhang@163，com", "zhang@163..com", "zh..ang@163.com", ".zhang@163.com",
        "zhang.@163.com",
        "zhang@-163.com",
        "a@b.cna@b.cn", "zhang@163.com备用", "zhang@163.com 备用", "张三zhang@163.com", "zhang@163.com zhang",
        "zhang san@163.com",
        "zhang\nsan@163.com", "zhang@163.co\nm@", "zhang@163.com(备用)", "zhang@[1.2.3.4]", "zhang@localhost",
        "张三@公司.中国",
        "a" * 65 + "@163.com", "zhang(at)163.com", "zhang@163.com²", "13800138000", "无", "同上",
        "zhang!@163。",
        "zhang\"@163.com", "Tel@",
    ],
)  # fmt: skip
def test_what_is_no_address_is_kept_and_complained_of(text):
    assert EMAIL.parse(text)
    assert complaints(text)


@given(EMAILS, st.text(alphabet="武汉市备用 ", min_size=1, max_size=5))
def test_a_remark_beside_an_address_never_becomes_a_part_of_it(value, remark):
    assume(remark.strip())
    assert complaints(value + remark)
    assert complaints(value + " " + remark)


@pytest.mark.parametrize("value", ["", "a@b.cn;", "a@b.cn c@d.cn", "a@b.cn\n", " a@b.cn"])
def test_a_value_from_elsewhere_must_be_regular(value):
    assert EMAIL.check(value, "邮箱")


@pytest.mark.parametrize("address", ["zhb.4487@whu.educn", "a@b.c0m", "wang@163.con"])
def test_a_domain_that_nobody_can_have_registered_is_told(address):
    assert len(complaints(address)) == 1


@pytest.mark.parametrize(("address", "wrong"), [("a@b.xn--55qx5d.cn", 0), ("a@xn--55qx5d.cn", 1)])
def test_an_ending_in_chinese_letters_is_known_in_its_other_spelling_too(address, wrong):
    # 公司.cn, under which anybody may register a name.
    assert len(complaints(address)) == wrong
