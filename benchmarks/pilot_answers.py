"""Invented answers to the fields of 试点申请表, for benchmarks that fill it in their own way."""

from collections.abc import Sequence
from datetime import date
from random import Random
from typing import Any

_PLACES = "江岸区 江汉区 硚口区 汉阳区 武昌区 青山区 洪山区 东西湖区 蔡甸区 江夏区 黄陂区 新洲区"
_WORDS = "清源 云栖 望江 晴川 紫阳 金银湖 后官湖 梅花岭 白沙洲 古田 墨水湖 左岭 豹澥 百步亭 龙阳"
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
)
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文斌雪梅志宏俊峰婷海波晓燕振宇思远雨欣子涵浩然"
)
_TITLES = (
    "主任 副主任 科长 局长 总经理 副总经理 书记 副校长 后勤处处长 办公室主任 高级工程师 环保专员 二级调研员"
)
_UNITS = {
    "城镇": ("{p}{w}镇人民政府", "{p}{w}街道办事处"),
    "商业": ("武汉{w}商业管理有限公司", "{p}{w}景区管理委员会"),
    "园区": ("武汉{w}工业园管理委员会", "{p}{w}产业园管理办公室"),
    "校园": ("武汉{w}职业技术学院", "{p}{w}小学"),
    "社区": ("{p}{w}社区居民委员会", "武汉{w}物业服务有限公司"),
    "企事业单位": ("武汉{w}科技股份有限公司", "武汉市{w}研究院", "湖北{w}新能源有限公司"),
}
_MAILS = "163.com 126.com qq.com wuhan.gov.cn sina.com foxmail.com"
_OVERVIEW = (
    "{org}位于{p}，占地面积约{n}平方米，现有职工{m}人。",
    "近五年累计投入节能改造资金{m}万元，综合能源消费量为{n}吨标准煤，较上年下降{d}%。",
    "单位下设综合办公室、运行保障部、能源管理部等{k}个部门，建立了能源统计台账和碳排放核算制度。",
    "已安装分项计量电表{m}块、智能水表{k}块，初步实现水、电、气在线监测。",
    "2019年获评市级节水型单位，生活垃圾分类覆盖率达到{d}%。",
)
_TASKS = (
    "一是建设屋顶分布式光伏{n}平方米，装机容量{d}兆瓦，年发电量约{m}万千瓦时；",
    "二是对{k}栋既有建筑实施外墙保温和空调系统改造，预计年节电{m}万千瓦时；",
    "三是新建充电桩{k}个，公务用车全部更换为新能源汽车；",
    "四是搭建能耗与碳排放在线监测平台，接入计量点位{m}个；",
    "五是开展低碳宣传活动{k}场，参与人数不少于{n}人次。",
)


def answers(r: Random) -> dict[str, Any]:
    """Returns what stands in each field of the form; of a seal or a signature, whose it is, or None."""
    domain, place, word = r.choice(list(_UNITS)), r.choice(_PLACES.split()), r.choice(_WORDS.split())
    unit = r.choice(_UNITS[domain]).format(p=place, w=word)

    def person() -> str:
        return r.choice(_SURNAMES) + "".join(r.sample(_GIVEN, r.choice((1, 2, 2, 2))))

    def prose(sentences: Sequence[str]) -> str:
        numbers = {
            "n": r.randint(2000, 90000),
            "m": r.randint(40, 3000),
            "k": r.randint(3, 30),
            "d": round(r.uniform(1, 98), 1),
        }
        return "".join(
            s.format(org=unit, p=place, **numbers) for s in sentences[: r.randint(2, len(sentences))]
        )

    leader, recommender = person(), f"{place}生态环境分局"
    phone = r.choice(("138", "150", "189", "177")) + "".join(r.choices("0123456789", k=8))
    user = r.choice(("bgs", "zhb", "green", "office")) + r.choice(("", "_", ".")) + str(r.randint(10, 9999))
    road, more = r.choice(("大道", "路", "街")), r.choice(("", "行政楼3楼", "A座1208室"))
    return {
        "project_name": unit.replace("人民政府", "").replace("有限公司", "") + "近零碳排放示范工程",
        "types": (domain,),
        "organization": unit,
        "leader": leader, "leader_title": r.choice(_TITLES.split()),
        "contact": person(), "contact_title": r.choice(_TITLES.split()),
        "phone": phone if r.random() < 0.55 else "027-8" + phone[-7:],
        "email": f"{user}@{r.choice(_MAILS.split())}",
        "address": f"武汉市{place}{word}{road}{r.randint(1, 999)}号{more}",
        "overview": prose(_OVERVIEW),
        "tasks": prose(_TASKS),
        "pledge_seal": unit if r.random() < 0.85 else None,
        "pledge_signature": leader if r.random() < 0.85 else None,
        "pledge_date": date(2021, r.randint(1, 2), r.randint(1, 28)),
        "recommend_opinion": r.choice(("同意推荐。", "经审核，同意推荐。", "情况属实，同意申报。")),
        "recommend_seal": recommender if r.random() < 0.75 else None,
        "recommend_date": date(2021, r.randint(3, 12), r.randint(1, 28)),
    }  # fmt: skip
