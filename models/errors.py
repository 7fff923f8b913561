"""Every error Sealform raises on purpose.

    SealformError                       code, message, advice, exit code, HTTP status
     ├─ BadUsage                        the request can't be met: a missing path, an output over an input
     ├─ DefinitionError                 a form definition is wrong
     ├─ ReadsBadly                      a definition whose forms are not read back well
     ├─ UnknownForm                     no definition of that name
     ├─ Unparsable                      a text does not mean a value of its field's kind
     ├─ GenerationError                 a document can't be made
     │   └─ RosterError                 a roster can't be read at all
     ├─ NoView                          a page, a file or a kind of file that can't be shown
     ├─ MailboxError                    a mailbox can't be read
     │   ├─ MailboxUnreachable          no connection to its server, or a broken one; worth another try
     │   └─ MessageUnreadable           the server does not give one message
     ├─ MailNotSent                     a mail could not be sent
     ├─ ProviderFailed                  the identity provider can't be reached, or can't be trusted
     ├─ KeyMissing                      what is kept is sealed with a key that is not there
     ├─ SealBroken                      what is kept sealed was changed
     ├─ BackupUnusable                  a backup is not whole, or this program can't restore it
     ├─ Refused                         the service does not do what a person or a system asked
     │   ├─ NotSignedIn                 nobody is signed in, or the token is not valid
     │   │   └─ SecondFactorNeeded      the password alone is not enough
     │   ├─ Forbidden                   this role, or this token, may not
     │   ├─ NotFound                    no such submission, part, page, form, user
     │   ├─ Conflict                    its present state does not allow it
     │   │   └─ Stale                   somebody else has changed it since
     │   ├─ Invalid                     the request makes no sense, or a value does not
     │   ├─ VersionRequired             a change that does not name the version that it changes
     │   ├─ RequestTooLarge             more than one request may bring
     │   └─ TooOften                    too many tries
     └─ UnreadableFile                  a file that arrived can't be read
         ├─ UnsupportedKind             no reader for this kind of file
         ├─ OtherKind                   a kind that no form is returned in: a video, a program
         ├─ ConverterMissing            a program that this kind of file needs is not installed
         ├─ OcrUnavailable              the engine that reads pictures, or its weights, are missing
         ├─ Damaged                     truncated or inconsistent
         ├─ Encrypted                   needs a password
         ├─ Hostile                     holds something that no honest file holds
         ├─ TooLarge                    over a limit of bytes
         │   ├─ TooMany                 over the number of files of a submission
         │   ├─ TooDeep                 files in files in files
         │   ├─ TooManyPages            over the number of pages of a document
         │   ├─ TooManyPixels           a picture over the limit
         │   └─ TooMuchWork             small, and more to read than any form has
         ├─ TimedOut                    took longer than its time limit
         ├─ ReaderCrashed               the process that read it died
         └─ NotAForm                    readable, but none of the known forms
             └─ LonePages               single pages of a form; nobody can tell whose

`message` says in Chinese what happened and `advice` what to do next; staff and applicants see both. The error
of an unreadable file is `lasting` where the cause lies in the file. Otherwise the cause lay in that run or on
that machine, and another try may succeed.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class SealformError(Exception):
    """The root of all errors. A subclass sets the class attributes; an instance may add its own details."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 400
    advice: str = ""

    def __init__(self, message: str, *, advice: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if advice is not None:
            self.advice = advice

    def __str__(self) -> str:
        return f"{self.message}{'。' + self.advice if self.advice else ''}"

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders, and the default pickling would lose keyword arguments.
        return (_restore, (type(self), self.message, self.advice))


def _restore(cls: type[SealformError], message: str, advice: str) -> SealformError:
    error = cls.__new__(cls)
    SealformError.__init__(error, message, advice=advice)
    return error


class BadUsage(SealformError):
    """The command line or a setting asks for something impossible. Nothing has been read or written."""

    code = "bad-usage"
    exit_code = 2


class DefinitionError(SealformError):
    """A form definition is wrong. `problems` holds every problem found: its file, line and path, and what was
    expected there."""

    code = "definition-invalid"
    exit_code = 2
    http_status = 422
    advice = "请按提示逐条修改后，用 sealform check 再查一遍"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems

    def __reduce__(self) -> tuple[object, ...]:
        return (DefinitionError, (self.problems,))

    def __str__(self) -> str:
        return self.message


class ReadsBadly(SealformError):
    """A definition that is right by itself, but whose forms are not read back well when they are tried."""

    code = "form-reads-badly"
    http_status = 422
    advice = "请按提示修改后再试；一定要照这样启用的，写明理由，理由会记入操作日志"


class UnknownForm(SealformError):
    code = "form-unknown"
    exit_code = 2
    http_status = 404
    advice = "用 sealform forms 查看已有的表格，或用 --forms 指定定义所在的文件夹"


class Unparsable(SealformError, ValueError):
    """The text of a field has no reading in the field's kind. This is not a failure of the program."""

    code = "unparsable"
    http_status = 422


class GenerationError(SealformError):
    code = "generation-failed"
    http_status = 422


class RosterError(GenerationError):
    code = "roster-unreadable"
    exit_code = 2
    advice = "请提供 .xlsx、.xls 或 .csv 名册：第一行为字段名或栏目名称，其下每行一家单位"


class NoView(SealformError):
    code = "no-view"
    http_status = 404
    advice = "请下载原文件查看"


class MailboxError(SealformError):
    code = "mailbox-failed"
    http_status = 502


class MailboxUnreachable(MailboxError):
    code = "mailbox-unreachable"
    http_status = 504
    advice = "请检查网络和服务器地址后再运行一次：已收取的不会重复，未收取的不会遗漏"


class MessageUnreadable(MailboxError):
    code = "message-unreadable"
    advice = "请在邮箱网页中打开这封邮件核对，必要时手工另存；再次运行会再试"


class MailNotSent(SealformError):
    code = "mail-not-sent"
    http_status = 502
    advice = "请核对收件地址和 SEALFORM_SMTP 的设置后再试，或下载邮件草稿自行发送"


class ProviderFailed(SealformError):
    """The identity provider can't be reached, or said something that can't be trusted."""

    code = "provider-failed"
    http_status = 502
    advice = "请再试一次；仍不行时，用本系统的密码登录，或请管理员检查单位账号的设置"


class KeyMissing(SealformError):
    """What is kept is sealed with a key that is not among the keys."""

    code = "key-missing"
    http_status = 503
    advice = "请把密封时所用的密钥放回 SEALFORM_KEYS 的文件，旧密钥在 sealform reseal 说完成之前不能删"


class SealBroken(SealformError):
    """What is kept sealed was changed, cut off, or put in the place of something else."""

    code = "seal-broken"
    http_status = 500
    advice = "内容被改动或损坏，请从备份恢复"


class BackupUnusable(SealformError):
    """A backup can't be restored; nothing of it was restored."""

    code = "backup-unusable"
    advice = "请换一份备份；数据库和文件都没有改动"


class Refused(SealformError):
    """A request was refused and nothing has changed. `more` is what the answer adds, by key."""

    code = "refused"
    more: Mapping[str, Any] = {}


class NotSignedIn(Refused):
    code = "not-signed-in"
    http_status = 401
    advice = "请先登录；系统对接请使用有效的令牌"


class SecondFactorNeeded(NotSignedIn):
    """The password is right, and a code must be given with it."""

    code = "second-factor-needed"
    advice = "请输入验证器应用显示的 6 位数字，或一个恢复码"


class Forbidden(Refused):
    code = "forbidden"
    http_status = 403
    advice = "如确需使用，请联系管理员调整角色或令牌的权限"


class NotFound(Refused):
    code = "not-found"
    http_status = 404
    advice = "请核对编号；内容也可能已按期清除"


class Conflict(Refused):
    """The thing is not in a state in which this can be done."""

    code = "conflict"
    http_status = 409
    advice = "请刷新后查看现在的状态"


class Stale(Conflict):
    """Somebody else has changed the thing since it was looked at. The answer holds both versions."""

    code = "stale"
    advice = "其他人已经修改，请核对双方的内容后再保存"


class Invalid(Refused):
    code = "invalid"
    http_status = 422


class VersionRequired(Refused):
    code = "version-required"
    http_status = 428
    advice = "请在 If-Match 中给出您看到的版本"


class RequestTooLarge(Refused):
    code = "request-too-large"
    http_status = 413
    advice = "请分几次上传，或由管理员放宽限制"


class TooOften(Refused):
    code = "too-often"
    http_status = 429
    advice = "请稍后再试"


class UnreadableFile(SealformError):
    """A file that arrived can't be read. `lasting` tells whether another try would fail too; `alone` is said
    instead of the advice where there is no room for the message, which it needs."""

    code = "unreadable"
    http_status = 422
    lasting: ClassVar[bool] = True
    alone: ClassVar[str] = ""
    advice = "请打开原文件核对，必要时请申报单位重新发送"


class UnsupportedKind(UnreadableFile):
    code = "unsupported-kind"
    http_status = 415
    advice = "请另存为 .docx 后重新提交"


class OtherKind(UnreadableFile):
    code = "other-kind"
    http_status = 415
    advice = "申请表请用 Word、PDF 或图片提交"


class ConverterMissing(UnreadableFile):
    code = "converter-missing"
    lasting = False
    http_status = 503
    advice = "请安装 libreoffice-writer-nogui（sealform doctor 有说明），或另存为 .docx 后重新提交"


class OcrUnavailable(UnreadableFile):
    code = "ocr-unavailable"
    lasting = False
    http_status = 503
    advice = "请重新安装 Sealform（sealform doctor 有说明），或检查模型文件夹的设置"


class Damaged(UnreadableFile):
    code = "damaged"
    alone = "文件不完整或已损坏，请申报单位重新发送"
    advice = "请申报单位重新发送"


class Encrypted(UnreadableFile):
    code = "encrypted"
    advice = "请向申报单位索取密码，去除密码后重新提交"


class Hostile(UnreadableFile):
    code = "hostile"
    advice = "正常软件不会生成这样的文件，请勿打开，与发件人核实"


class TooLarge(UnreadableFile):
    code = "too-large"
    http_status = 413
    advice = "请压缩图片或拆分后重新提交，或由管理员放宽限制"


class TooMany(TooLarge):
    code = "too-many-files"
    advice = "请分几次提交，或由管理员用 SEALFORM_MAX_FILES 放宽限制"


class TooDeep(TooLarge):
    code = "too-deep"
    advice = "请取出该文件单独提交，或由管理员用 SEALFORM_MAX_DEPTH 放宽限制"


class TooManyPages(TooLarge):
    code = "too-many-pages"
    advice = "请只提交申请表的页面，或由管理员用 SEALFORM_MAX_PAGES 放宽限制"


class TooManyPixels(TooLarge):
    code = "too-many-pixels"
    advice = "请以 300 dpi 重新扫描，或由管理员用 SEALFORM_MAX_MEGAPIXELS 放宽限制"


class TooMuchWork(TooLarge):
    """Of few bytes maybe, but of more elements, cells or strokes than any form has."""

    code = "too-much-work"
    advice = "请打开原文件核对；确是申请表的，请打印后扫描，或只留申请表的页面，再提交"


class TimedOut(UnreadableFile):
    code = "timed-out"
    lasting = False
    advice = "请打开原文件核对；文件正常的，可用 --time-limit 放宽时限后重试"


class ReaderCrashed(UnreadableFile):
    code = "reader-crashed"
    lasting = False
    http_status = 500
    advice = "请打开原文件核对，并把该文件报告给系统维护人员"


class NotAForm(UnreadableFile):
    code = "not-a-form"
    advice = "文件可以打开，但不是已知的表格；确认是申请表的，请用 --form 指定表格名称"


class LonePages(NotAForm):
    """Pages of a form that may belong to more than one application. They are kept apart from all of them."""

    code = "lone-pages"
    advice = "请对照原件，与所属申请的其他页面合成一个文件后再读取"


def is_lasting(code: str) -> bool:
    """Tell whether the same file would fail with this code again. A code that no class here has counts as
    lasting."""
    return all(error.lasting for error in _family(UnreadableFile) if error.code == code)


def _family(cls: type[UnreadableFile]) -> list[type[UnreadableFile]]:
    return [cls, *(inner for sub in cls.__subclasses__() for inner in _family(sub))]
