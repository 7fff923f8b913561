"""The words of a campaign's sheets and letters: headings of tables, and the places of a template."""

from collections.abc import Mapping, Sequence

from models.campaign import Campaign
from service.campaigns.judgement.entries import Handling, Ruling

# In a template, each stands in braces.
PLACES = frozenset(
    {
        "活动", "文号", "发文单位", "推荐部门", "称呼", "截止时间", "统计时间", "已报", "计入", "要求", "缺口", "待核对", "工作要求",
        "经办人", "联系方式", "联系邮箱", "日期", "标题", "项数", "表格", "公示开始", "公示结束",
    }
)  # fmt: skip
TABLE = "表格"

LIST_HEADINGS = ("序号", "单位", "名称", "领域", "推荐部门")
# What a person writes into the sheet of all applications, and the program reads back.
RULED = {
    "organiser": "人工：推荐部门", "may_apply": "人工：可否申报", "in_time": "人工：是否按时",
    "handling": "人工：处理", "recommendation": "初审意见", "reason": "理由", "second": "第二复核人",
}  # fmt: skip
SCORE = "得分"
KEY = "编号"
YES: Mapping[str, bool] = {"是": True, "可": True, "否": False, "不可": False}
HANDLED: Mapping[str, Handling] = {
    "受理": "accepted",
    "退回": "returned",
    "不予受理": "rejected",
    "撤回": "withdrawn",
}
MAY = {"may": "可", "doubt": "待核对", "no": "不可"}
# What a heading of the bureau's own 汇总表 may be called, beside the form's own names for its fields.
OWN_HEADINGS: Mapping[str, Sequence[str]] = {
    "number": ("序号",), "key": ("编号", "来件编号"), "organiser": ("推荐部门", "推荐单位", "报送部门"),
    "came": ("收到时间", "报送时间"), "timing": ("时限", "是否按时"), "may_apply": ("申报资格",),
    "state": ("状态", "办理状态"), "copies": ("份数",), "recommendation": ("初审意见", "推荐意见"),
    "reason": ("理由", "初审理由"), "second": ("第二复核人",), "score": (SCORE, "总分"),
}  # fmt: skip


def score_headings(campaign: Campaign) -> dict[tuple[int, str], str]:
    """{(which reviewer, criterion): the heading of its column in the sheet of all applications}."""
    return {
        (reviewer, name): f"评分{'一二'[reviewer]}：{name}（{points}分）"
        for reviewer in range(campaign.reviewers)
        for name, points in campaign.points.items()
    }


def score(campaign: Campaign, ruling: Ruling) -> str:
    """The points of an application, a mean to one decimal; empty while a reviewer's are missing."""
    if ruling.total is None or ruling.scores_lack(campaign.reviewers):
        return ""
    return f"{float(ruling.total):.1f}".removesuffix(".0")
