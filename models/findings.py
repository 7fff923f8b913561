"""The catalogue of findings: the code of each, how grave it is, and what the clerk is told."""

from typing import Literal, Self

from models.base import Model

Severity = Literal["error", "warning"]


class Kind(Model):
    """The meaning of one code. An `error` keeps an application from being `clear`.

    `doubt` says that the reading itself may be wrong, so that the field goes to a person. A seal that is
    plainly missing is an error without doubt: nobody doubts that it is missing.

    `remedy` tells the applicant what to do, where a notice of correction says more than to answer anew. It
    stands as it is, without words to be filled in.
    """

    severity: Severity
    doubt: bool
    message: str
    remedy: str = ""


def _error(message: str, remedy: str = "", *, doubt: bool = True) -> Kind:
    return Kind(severity="error", doubt=doubt, message=message, remedy=remedy)


def _warning(message: str, *, doubt: bool = True) -> Kind:
    return Kind(severity="warning", doubt=doubt, message=message)


# A doubt without a field concerns the whole file, and sends every field of it to a person.
CATALOGUE: dict[str, Kind] = {
    "guidance-left": _warning("“{title}”中似有未删除的填写说明“{text}”"),
    "required-empty": _error("“{title}”未填写", "请填写这一栏"),
    "seal-missing": _error("“{title}”缺少公章", "请在这一栏加盖单位公章", doubt=False),
    "seal-unverified": _error("“{title}”处有图片，尚未确认是否为公章", "请在打印的表上加盖公章，不要贴图片"),
    "seal-unclaimed": _warning("第 {page} 页有一枚印章不在任何盖章栏内，“{title}”可能已经盖章"),
    "seal-elsewhere": _warning("第 {page} 页的盖章栏之外另有一枚印章", doubt=False),
    "seal-typed": _error("“{title}”处为打印文字“{text}”，不是公章", "请加盖公章，打印的文字不能代替"),
    "seal-disagrees": _error(
        "“{title}”印文“{text}”与填写的单位名称不一致", "请核对填写的单位名称，加盖名称相同的公章"
    ),
    "seal-uncompared": _warning("“{title}”印文“{text}”未能与“{other}”核对，请对照原件"),
    "name-disagrees": _warning("“{title}”与印文“{text}”不一致，可能有一处识别有误"),
    "signature-missing": _error("“{title}”无签字", "请在这一栏手写签字", doubt=False),
    "signature-unverified": _error(
        "“{title}”处有图片，尚未确认是否为签字", "请在打印的表上手写签字，不要贴图片"
    ),
    "signature-typed": _error(
        "“{title}”处为打印文字“{text}”，不是手写签字", "请手写签字，打印的文字不能代替"
    ),
    "signature-thumb": _warning("“{title}”处为指印，未见手写签字"),
    "signature-chop": _warning("“{title}”处为名章，未见手写签字"),
    "signature-beside": _warning("“{title}”签字旁另有{text}", doubt=False),
    "signature-digital": _warning("“{title}”处为数字签名或电子印章，不是手写签字或实物印章：{told}"),
    "signature-digital-broken": _error("“{title}”处的数字签名或电子印章没有通过校验：{told}"),
    "signature-digital-elsewhere": _warning("盖章、签字栏之外另有数字签名或电子印章：{told}", doubt=False),
    "signature-digital-elsewhere-broken": _error(
        "盖章、签字栏之外的数字签名表明文件签名后被改动：{told}", doubt=False
    ),
    "unparsable": _error("“{title}”填写内容无法识别：{reason}", "请按表中的要求重新填写这一栏"),
    "email-invalid": _error("“{title}”不是有效的电子邮箱：{reason}", "请填写一个能收信的邮箱地址"),
    "email-cut": _warning("“{title}”“{text}”可能少一个字符，应为“{whole}”的邮箱"),
    "phone-invalid": _error(
        "“{title}”中“{number}”不是有效的电话号码", "请填写能打通的电话号码，固定电话请带区号"
    ),
    "code-invalid": _error("“{title}”中“{number}”不是有效的{noun}：{reason}", "请对照证照原件重新填写"),
    "money-differs": _error(
        "“{title}”大写“{capitals}”与小写“{figures}”不一致，按小写，大写应为“{expected}”",
        "请核对金额，使大写与小写一致",
    ),
    "division-unknown": _error("“{title}”“{name}”不在行政区划表中：{reason}", "请填写省、市、县（区）的全称"),
    "code-mended": _warning("“{title}”读作“{read}”，校验不符；换一个形近的字符后相符，请核对"),
    "choice-too-few": _error("“{title}”应至少选择 {min} 项，实选 {count} 项", "请按要求勾选"),
    "choice-too-many": _error(
        "“{title}”应至多选择 {max} 项，实选 {count} 项", "请只勾选允许的项数", doubt=False
    ),
    "choice-inferred": _warning("“{title}”没有勾选标记，由{evidence}推断"),
    "choice-ambiguous": _warning("“{title}”的勾选有不止一种读法：{evidence}"),
    "choice-picture": _warning("“{title}”的选项旁有图形或图片，需人工查看"),
    "choice-extra-text": _warning("“{title}”选项之外另有文字“{text}”"),
    "choice-text-missing": _error("“{title}”未填写，但选了“{option}”", "选了这一项，请在它旁边写明"),
    "choice-text-unticked": _warning("“{title}”：“{option}”没有勾选，旁边却写了“{text}”"),
    "number-unit": _warning("“{title}”填写的单位是“{unit}”，表中要求“{expected}”"),
    "number-negative": _warning("“{title}”为负数"),
    "period-reversed": _error("“{title}”的起止时间前后颠倒", "请核对起止时间"),
    "number-fraction": _warning("“{title}”应为整数，填写的是 {number}"),
    "date-range": _warning("“{title}”为 {date}，超出合理范围"),
    "rows-too-few": _error("“{title}”应至少填写 {min} 行，实填 {count} 行", "请补齐表中的各行"),
    "mention-missing": _warning("“{title}”中没有出现“{other}”的名称", doubt=False),
    "other-form": _error("这份文件像是“{form}”，却按“{wanted}”读取，请核对指定的表格"),
    "label-missing": _error("没有找到“{title}”一栏", "请使用原表填写，不要删改表中的栏目"),
    "held-back": _warning("抽查发现与“{title}”同类的内容有误，这一类暂由人工复核，请对照原件"),
    "keyed-twice": _warning("“{title}”须由两人分别照原件录入，两人一致的自动确认"),
    "unsure": _warning("“{title}”识别把握不足（{percent}%），请对照原件"),
    "text-struck": _warning("“{title}”中有被划去的文字“{text}”"),
    "text-repeated": _warning("“{title}”的文字重复出现，可能是软件保存时造成的"),
    "control-disagrees": _error(
        "“{title}”控件中的内容“{control}”与表中所见“{table}”不一致", "请重新填写这一栏"
    ),
    "other-form-too": _error("文件中不止一份申请表，只读取了第一份", doubt=False),
    "part-unreadable": _error("附件“{part}”无法读取：{reason}", "请重新发送这个文件", doubt=False),
    "part-not-form": _warning("附件“{part}”不是申请表", doubt=False),
    "part-other-kind": _warning("附件“{part}”未读取：{reason}", doubt=False),
    "part-too-large": _error(
        "附件“{part}”超过限制，未读取：{reason}", "请压缩或分次发送这个文件", doubt=False
    ),
    "part-encrypted": _error("附件“{part}”设有密码，未读取", "请去掉密码后重新发送", doubt=False),
    "part-duplicate": _warning("附件“{part}”与“{other}”内容相同，只读取一次", doubt=False),
    "part-left-out": _warning("图片“{part}”未读取：{reason}", doubt=False),
    "link-only": _error(
        "“{part}”中没有可读取的申请表，正文附有网盘链接（{hosts}），需人工下载后提交",
        "请把申请表作为附件发送，不要用网盘链接",
        doubt=False,
    ),
    "link-besides": _warning("“{part}”正文另附网盘链接（{hosts}），其中的文件未读取", doubt=False),
    "part-joined": _warning("“{part}”与“{other}”为同一份申请：{why}", doubt=False),
    "part-unsure": _error("无法判断“{part}”与“{other}”是否为同一份申请，已分开：{why}", doubt=False),
    "form-blank": _warning("“{part}”中有 {count} 份空白申请表，未作为申请读取", doubt=False),
    "part-version": _warning("“{part}”是“{other}”的另一版本，有 {count} 项不同", doubt=False),
    "pages-unsure": _error("几份申请的页面混在一起，无法确定“{part}”第 {page} 页属于哪一份"),
    "pages-alone": _error("“{part}”只有申请表的个别页面，无法确定属于哪份申请，未读取", doubt=False),
    "pages-apart": _error("“{part}”只有申请表的个别页面，跨页的内容可能不完整"),
    "twin-disagrees": _error("“{title}”纸质件为“{paper}”，电子件为“{electronic}”", "请使纸质件与电子件一致"),
    "code-disagrees": _error("“{title}”纸面为“{paper}”，表上的二维码中为“{printed}”，打印后可能改动过"),
    "code-sum": _warning("“{title}”与表上二维码中的校验不符，识别有误，或打印后改动过，请对照原件"),
    "code-unread": _warning("第 {page} 页上填写内容的二维码无法读取，打印后有没有改动无从对照，请核对各栏"),
    "code-foreign": _warning("第 {page} 页上填写内容的二维码不是这份表的，没有采用", doubt=False),
    "versions-disagree": _error("“{title}”在两份文件中不一致：“{one}”和“{other}”", "请说明以哪一份为准"),
    "document-damaged": _error("文件有损坏：{reason}", "请重新保存并发送这个文件"),
    "answer-spread": _warning("“{title}”的内容分在几处，或夹有其他栏目：“{text}”"),
    "cell-shared": _warning("“{title}”与同一格的其他栏目分不清，无法确定“{text}”中哪些是它的内容"),
    "label-repeated": _warning("“{title}”一栏在表中不止一处，只读取了一处"),
    "label-unsure": _warning("“{title}”一栏的标题写作“{text}”，可能是另一栏"),
    "label-rest": _warning("“{title}”一栏的标题写作“{text}”，其中可能有填写的内容"),
    "answer-is-label": _warning("“{title}”的内容“{text}”是表中另一处的标题，可能读错了位置"),
    "place-unsure": _warning(
        "“{title}”的内容可能没有读全，或夹有别处的文字：所在的格与表格的样式不符，请对照原件"
    ),
    "text-foreign": _warning("“{title}”中的“{text}”可能不是填写的内容：与其余的字不在一处，或大小、高低不同"),
    "place-missing": _warning("没有找到“{title}”填写的位置，请对照原件"),
    "answer-twice": _warning("“{title}”与“{other}”读自同一处文字，请对照原件"),
    "rules-unseen": _warning("“{title}”一栏的表格线看不清，填写的内容可能归错了格，请对照原件"),
    "text-unclaimed": _warning("“{title}”旁另有文字“{text}”，没有归入任何栏目"),
    "text-elsewhere": _warning("表格各栏之外另有 {count} 处文字：“{text}”", doubt=False),
    "aside-told": _warning("文件正文之外另有内容：“{text}”", doubt=False),
    "ink-elsewhere": _warning("第 {page} 页各栏之外另有笔迹", doubt=False),
    "picture-unclaimed": _warning("文件中另有一处图片不在任何盖章、签字栏内，“{title}”可能已经盖章或签字"),
    "rows-total": _warning("“{title}”中有“{text}”一行，可能不是单独的一项"),
    "words-elsewhere": _warning("“{title}”未填写，但同一格的别处有文字“{text}”"),
    "ink-unread": _warning("“{title}”中有笔迹没有识别出文字，内容可能不全"),
    "text-recovered": _warning("“{title}”的文字“{text}”被印章覆盖，由印章下还原", doubt=False),
    "mark-in-answer": _warning("“{title}”中有的字像是勾选标记，请对照原件"),
    "raised-in-answer": _warning("“{title}”中有上标或下标“{text}”，可能是注号或指数，请对照原件"),
    "text-hidden": _warning("“{title}”处有设为隐藏的文字“{text}”，未读取", doubt=False),
    "text-unseen": _warning("“{title}”处有看不见的文字“{text}”，未读取"),
    "formula-in-answer": _warning("“{title}”中有公式“{text}”，请对照原件"),
    "chunk-in-answer": _warning("“{title}”处嵌有另一份文档，打开文件时才并入，请对照原件：“{text}”"),
    "list-number": _warning("“{title}”带有自动编号“{text}”，请确认是否为填写的内容"),
    "list-unread": _warning("“{title}”带有未能读取的自动编号“{text}”"),
    "note-on-answer": _warning("“{title}”带有脚注或尾注“{text}”"),
    "comment-on-answer": _warning("“{title}”带有批注“{text}”"),
    "field-broken": _warning("“{title}”中有不完整的 Word 域，内容可能不全"),
    "row-hidden": _warning("“{title}”旁有隐藏的表格行“{text}”，未读取"),
    "cell-covered": _warning("“{title}”处有被合并单元格盖住的文字“{text}”，未读取"),
    "branch-differs": _warning("“{title}”中有一处，不同的软件会显示不同的内容，另一种为“{text}”"),
    "reading-in-answer": _warning("“{title}”中有拼音或注文“{text}”"),
    "element-unknown": _warning("“{title}”处有未能读取的内容“{text}”，请对照原件"),
    "binding-differs": _warning("“{title}”中保存的文字与 Word 实际显示的数据“{text}”不一致"),
    "picture-in-answer": _warning("“{title}”中有图片，文字可能不完整"),
    "correction-unmade": _error("“{title}”要求补正（通知第 {number} 项），没有补正", "请按通知的要求补正"),
    "correction-unasked": _warning("“{title}”没有要求补正，却由“{before}”改成了“{after}”"),
    "correction-carried": _warning("“{title}”没有再次填写，沿用退回前核对无误的内容", doubt=False),
    "correction-closed": _warning("这是对补正通知 {number} 的答复，那份通知已经关闭", doubt=False),
    "correction-late": _warning("补正在期限 {due} 之后收到", doubt=False),
}


class Finding(Model):
    """One thing that a person should know, in words that a clerk understands."""

    code: str
    field: str | None
    severity: Severity
    message: str

    @classmethod
    def of(cls, code: str, field: str | None = None, **words: object) -> Self:
        """Return the finding of `CATALOGUE[code]`, its message filled with `words`.

        Raises:
            KeyError: `code` is not in the catalogue, or a word that its message needs is missing.
        """
        kind = CATALOGUE[code]
        return cls(code=code, field=field, severity=kind.severity, message=kind.message.format(**words))

    @property
    def is_doubt(self) -> bool:
        """Whether the reading itself may be wrong."""
        return CATALOGUE[self.code].doubt
