"""Signed envelopes of S/MIME and of certificate authorities' programs (RFC 5652): their content, whoever
signed it.

The signature is not checked, and nothing claims that it was.
"""

from asn1crypto import cms  # type: ignore[import-untyped, unused-ignore]

from extractor.arrival.containers.base import Budget, Contents, Inner
from extractor.arrival.containers.mail import open_mail
from extractor.limits import ContainerLimits
from models.errors import OtherKind

_SUFFIXES = (".p7m", ".p7s", ".p7", ".p7b")


def signed_content(data: bytes) -> bytes | None:
    """Return the content of a signed envelope. Return None where it is only the signature of something beside
    it, or no envelope.

    Raises:
        RecursionError: it is nested deeper than any honest envelope.
    """
    try:
        content = cms.ContentInfo.load(data)["content"]["encap_content_info"]["content"].native
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        return None
    return content if isinstance(content, bytes) else None


def open_signed(data: bytes, name: str, limits: ContainerLimits) -> Contents:
    """Return the message or the file that was signed; it raises as `open_container` does."""
    from extractor.arrival.kinds import is_message

    content = signed_content(data)
    if content is None:
        raise OtherKind("这是邮件的数字签名，不是申请表")
    content = Budget(limits, len(data)).take(content, len(data))
    if is_message(content):
        return open_mail(content, name, limits)
    inner = name.rpartition("/")[2]
    bare = next((inner[: -len(suffix)] for suffix in _SUFFIXES if inner.lower().endswith(suffix)), inner)
    return Contents((Inner(bare or "文件", content),))
