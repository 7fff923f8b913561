"""Digital signatures and electronic seals: who signed, when, and whether the signed content is unchanged.

Nothing is fetched, so that nothing is told about whether the signer's certificate may be trusted. ISO
32000-1, 12.8; RFC 5652.
"""

import hashlib
import io
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from extractor.readers.painted.overlay import SignedWidget
from extractor.readers.pdf.form import fields_of, signed_by
from models.page import Box, DigitalSignature
from models.writing import excerpt

_log = logging.getLogger(__name__)

# Nobody signs a form more often, and each signature costs a digest of the whole file.
_MOST = 50
_MOST_CONTENTS = 4 << 20
_HEX = re.compile(rb"<([0-9A-Fa-f\s]*)>")


@dataclass(frozen=True)
class _Signed:
    """A signed field. `number` is the object with the signature, None where it is not an object of its
    own."""

    name: str
    number: int | None
    page: int | None = None
    box: Box | None = None


def read_signatures(data: bytes, form: Any, placed: Sequence[SignedWidget]) -> tuple[DigitalSignature, ...]:
    """Return a value for each place of each signed field of a file. An unreadable signature has no signer.

    `form` is the file's AcroForm; `placed` are the signatures that its pages show.
    """
    signed = [_Signed(widget.name, widget.number, widget.page, widget.box) for widget in placed]
    shown = {(one.name, one.number) for one in signed}
    others = dict.fromkeys(filter(None, map(signed_by, fields_of(form))))
    signed += [_Signed(*other) for other in others if other not in shown]
    if not signed:
        return ()
    reader = _Reader(data)
    known: dict[int, DigitalSignature] = {}
    found = []
    for one in signed:
        if one.number is not None and one.number not in known and len(known) < _MOST:
            known[one.number] = reader.read(one.number)
        read = known.get(one.number, DigitalSignature()) if one.number is not None else DigitalSignature()
        name = excerpt(one.name) or None
        found.append(read.model_copy(update={"field": name, "page": one.page, "box": one.box}))
    return tuple(found)


class _Reader:
    """The file as pyHanko reads it. pyHanko takes a second to import, and so is loaded only for a
    signature."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._file: Any = None
        try:
            from pyhanko.pdf_utils.reader import PdfFileReader

            self._file = PdfFileReader(io.BytesIO(data), strict=False)
            if self._file.encrypted:
                self._file.decrypt(b"")
        except Exception:  # pyHanko fails in as many ways as files are broken
            _log.info("signatures", exc_info=True)

    def read(self, number: int) -> DigitalSignature:
        """Return what the signature in that object says. Facts that can't be read stay None."""
        from pyhanko.pdf_utils import generic
        from pyhanko.sign.validation import EmbeddedPdfSignature

        if self._file is None:
            return DigitalSignature()
        try:
            reference = generic.IndirectObject(number, 0, self._file)
            field = generic.DictionaryObject({generic.pdf_name("/V"): reference})
            signature = EmbeddedPdfSignature(self._file, field, "")
            if len(signature.pkcs7_content) > _MOST_CONTENTS:
                return DigitalSignature()
        except Exception:
            _log.info("signature %d", number, exc_info=True)
            return DigitalSignature()
        return DigitalSignature(
            signer=_attempt(_signer, signature),
            signed_at=_attempt(_time, signature),
            intact=_attempt(self._is_intact, signature),
            covers_whole_file=_attempt(self._covers_all, signature),
        )

    def _is_intact(self, signature: Any) -> bool | None:
        """Tell whether the signed bytes are unchanged; None for a kind of signature that pyHanko can't
        compute."""
        if not self._leaves_out_itself_only(signature):
            return False
        digest: bytes = signature.compute_digest()
        content = signature.signed_data["encap_content_info"]
        if content["content_type"].native == "tst_info":
            imprint = content["content"].parsed["message_imprint"]["hashed_message"].native
            return imprint == digest and _holds(signature.signed_data)
        # An old kind of signature signs a digest that it holds itself.
        return None if content["content"].native is not None else _holds(signature.signed_data, digest)

    def _leaves_out_itself_only(self, signature: Any) -> bool:
        """Tell whether the signature covers all bytes from the file's first to the last signed one, except
        itself."""
        start, first, second, rest = (int(number) for number in signature.byte_range)
        if start != 0 or not 0 < first < second or rest < 0 or second + rest > len(self._data):
            return False
        hole = _HEX.fullmatch(self._data[first:second])
        return hole is not None and bytes.fromhex(hole[1].decode("ascii")) == signature.pkcs7_content

    def _covers_all(self, signature: Any) -> bool:
        if not self._leaves_out_itself_only(signature):
            return False
        return int(signature.byte_range[2]) + int(signature.byte_range[3]) == len(self._data)


def _attempt(question: Any, signature: Any) -> Any:
    """Return the answer, or None where the signature breaks the library."""
    try:
        return question(signature)
    except Exception:
        _log.info("signature", exc_info=True)
        return None


def _holds(signed: Any, digest: bytes | None = None) -> bool:
    """Tell whether the signature fits its certificate and `digest`; without a digest, the content that it
    carries."""
    from pyhanko.sign.general import extract_certificate_info, extract_signer_info
    from pyhanko.sign.validation.generic_cms import validate_sig_integrity

    signer = extract_signer_info(signed)
    content = signed["encap_content_info"]
    if digest is None:
        digest = hashlib.new(
            signer["digest_algorithm"]["algorithm"].native, bytes(content["content"])
        ).digest()
    certificate = extract_certificate_info(signed).signer_cert
    return all(validate_sig_integrity(signer, certificate, content["content_type"].native, digest))


def _signer(signature: Any) -> str | None:
    """Return the name in the signer's certificate, with the organization's where that differs."""
    subject = signature.signer_cert.subject.native
    names = [subject.get(part) for part in ("common_name", "organization_name")]
    named = dict.fromkeys(name for name in names if isinstance(name, str) and name.strip())
    return excerpt("，".join(named) or signature.signer_cert.subject.human_friendly) or None


def _time(signature: Any) -> datetime | None:
    """Return the time of signing by a time stamp or, without one, by the signer."""
    from pyhanko.sign.validation.generic_cms import extract_tst_data_iter

    content = signature.signed_data["encap_content_info"]
    if content["content_type"].native == "tst_info":
        return _moment(content["content"].parsed["gen_time"].native)
    for stamp in extract_tst_data_iter(signature.signer_info, signed=False):
        told = stamp["encap_content_info"]["content"].parsed
        imprint = told["message_imprint"]
        made = hashlib.new(
            imprint["hash_algorithm"]["algorithm"].native, signature.signer_info["signature"].native
        ).digest()
        if made == imprint["hashed_message"].native and _holds(stamp):
            return _moment(told["gen_time"].native)
    return _moment(signature.self_reported_timestamp)


def _moment(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) else None
