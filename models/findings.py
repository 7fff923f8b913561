"""What can be wrong with an application: the codes, how grave each is, and what the clerk is told."""

from typing import Literal, Self

from models.base import Model

Severity = Literal["error", "warning"]

# code: (severity, message). An error keeps an application from being `clear`; a warning does not.
CATALOGUE: dict[str, tuple[Severity, str]] = {
    "required-empty": ("error", "“{title}”未填写"),
    "seal-missing": ("error", "“{title}”缺少公章"),
    "seal-unverified": ("error", "“{title}”处有图片，尚未确认是否为公章"),
    "seal-typed": ("error", "“{title}”处为打印文字“{text}”，不是公章"),
    "seal-disagrees": ("error", "“{title}”印文“{text}”与填写的单位名称不一致"),
    "signature-missing": ("error", "“{title}”无签字"),
    "signature-unverified": ("error", "“{title}”处有图片，尚未确认是否为签字"),
    "signature-typed": ("error", "“{title}”处为打印文字“{text}”，不是手写签字"),
    "unparsable": ("error", "“{title}”填写内容无法识别：{reason}"),
    "email-invalid": ("error", "“{title}”不是有效的电子邮箱：{reason}"),
    "phone-invalid": ("error", "“{title}”中“{number}”不是有效的电话号码"),
    "choice-too-few": ("error", "“{title}”应至少选择 {min} 项，实选 {count} 项"),
    "choice-too-many": ("error", "“{title}”应至多选择 {max} 项，实选 {count} 项"),
    "choice-inferred": ("warning", "“{title}”没有勾选标记，由{evidence}推断"),
    "choice-ambiguous": ("warning", "“{title}”的勾选有不止一种读法：{evidence}"),
    "choice-picture": ("warning", "“{title}”的选项旁有图形或图片，需人工查看"),
    "choice-extra-text": ("warning", "“{title}”选项之外另有文字“{text}”"),
    "number-unit": ("warning", "“{title}”填写的单位是“{unit}”，表中要求“{expected}”"),
    "number-negative": ("warning", "“{title}”为负数"),
    "date-range": ("warning", "“{title}”为 {date}，超出合理范围"),
    "rows-too-few": ("error", "“{title}”应至少填写 {min} 行，实填 {count} 行"),
    "mention-missing": ("warning", "“{title}”中没有出现“{other}”的名称"),
    "label-missing": ("error", "没有找到“{title}”一栏"),
    "text-repeated": ("warning", "“{title}”的文字重复出现，可能是软件保存时造成的"),
    "control-disagrees": ("error", "“{title}”控件中的内容“{control}”与表中所见“{table}”不一致"),
    "other-form-too": ("error", "文件中不止一份申请表，只读取了第一份"),
    "part-unreadable": ("error", "附件“{part}”无法读取：{reason}"),
    "part-not-form": ("warning", "附件“{part}”不是申请表"),
    "document-partial": ("error", "文件有一部分无法读取：{reason}"),
}


class Finding(Model):
    """One thing a person should know, in words a clerk understands."""

    code: str
    field: str | None
    severity: Severity
    message: str

    @classmethod
    def of(cls, code: str, field: str | None = None, **words: object) -> Self:
        """The finding of `CATALOGUE[code]`, its message filled with `words`.

        Raises:
            KeyError: `code` is not in the catalogue, or a word its message needs is missing.
        """
        severity, message = CATALOGUE[code]
        return cls(code=code, field=field, severity=severity, message=message.format(**words))
