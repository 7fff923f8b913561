"""Files that are signed here, with a key made here, and what happens to them afterwards."""

import io
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from asn1crypto import keys, x509
from cryptography import x509 as cx509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore
from pypdf import PdfWriter

from extractor.answers.labels import align
from extractor.answers.match import Match, match
from extractor.answers.units import units_of
from extractor.readers.pdf import read_pdf
from models.form import FormDefinition
from models.page import DigitalSignature
from tests.extractor.pdfs import pictures, saved, say, typeset, written

FORM = FormDefinition.model_validate(
    {
        "name": "small",
        "version": "1",
        "title": "小表",
        "columns": [3, 10],
        "rows": [
            {"cells": [{"label": "单位名称", "content": [{"kind": "text", "name": "unit"}]}]},
            {
                "cells": [
                    {
                        "label": "承诺",
                        "content": [
                            {"kind": "text", "name": "words", "label": "承诺内容"},
                            {
                                "kind": "seal",
                                "name": "seal",
                                "label": "盖章",
                                "prompt": "单位（盖章）：",
                                "required": True,
                            },
                            {
                                "kind": "signature",
                                "name": "sign",
                                "label": "签字",
                                "prompt": "负责人（签字）：",
                                "required": True,
                            },
                        ],
                    }
                ]
            },
        ],
    }
)
PAGE = """#table(columns: (80pt, 280pt), rows: (30pt, 120pt), [单位名称], [清源水务公司],
[承诺], [材料属实。 #v(10pt) 单位（盖章）： #v(20pt) 负责人（签字）：])"""
# From the bottom left, as PDF counts: beside the two prompts, over the words above them, and under the table.
SEAL, SIGN, WORDS, BELOW = (
    (200, 180, 260, 220),
    (200, 140, 260, 160),
    (150, 225, 200, 237),
    (200, 20, 260, 60),
)
Box = tuple[int, int, int, int]


@cache
def signer() -> signers.SimpleSigner:
    key = ec.generate_private_key(ec.SECP256R1())
    name = cx509.Name(
        [
            cx509.NameAttribute(NameOID.COMMON_NAME, "王伟"),
            cx509.NameAttribute(NameOID.ORGANIZATION_NAME, "清源水务公司"),
        ]
    )
    now = datetime.now(UTC)
    certificate = (
        cx509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    return signers.SimpleSigner(
        signing_cert=x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER)),
        signing_key=keys.PrivateKeyInfo.load(
            key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, plain)
        ),
        cert_registry=SimpleCertificateStore(),
    )


def signed(data: bytes, box: Box | None, name: str = "Signature1") -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=False)
    fields.append_signature_field(writer, fields.SigFieldSpec(name, box=box))
    return bytes(signers.sign_pdf(writer, signers.PdfSignatureMetadata(field_name=name), signer()).getvalue())


def tampered(data: bytes) -> bytes:
    """One of the signed bytes, in a comment or a title that changes nothing to be seen, made another."""
    at = data.index(b"%PDF-1.") + 9
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def only(data: bytes) -> DigitalSignature:
    (signature,) = read_pdf(data).pages.signatures
    return signature


def read(data: bytes) -> Match:
    pages = read_pdf(data).pages
    return match(pages, align(FORM, units_of(pages)), "a.pdf")


def codes(found: Match) -> list[tuple[str, str | None, str]]:
    doubts = [doubt for seen in found.observations for doubt in seen.doubts]
    return [(finding.code, finding.field, finding.severity) for finding in (*doubts, *found.findings)]


def test_a_signature_says_who_and_when_and_that_the_file_is_what_was_signed() -> None:
    found = only(signed(typeset(PAGE), SEAL))
    assert (found.field, found.page, found.signer) == ("Signature1", 1, "王伟，清源水务公司")
    assert found.intact
    assert found.covers_whole_file
    assert found.box is not None
    # The page is 300 points high.
    assert (found.box.x0, found.box.y0, found.box.x1, found.box.y1) == pytest.approx((200, 80, 260, 120))
    assert found.signed_at is not None
    assert abs(datetime.now(UTC) - found.signed_at) < timedelta(hours=1)


def test_one_byte_changed_after_signing_is_told() -> None:
    found = only(tampered(signed(typeset(PAGE), SEAL)))
    assert found.signer == "王伟，清源水务公司"
    assert found.intact is False


def test_what_was_added_after_signing_leaves_what_was_signed_intact_and_is_told() -> None:
    twice = read_pdf(signed(signed(typeset(PAGE), SEAL), SIGN, "Signature2")).pages.signatures
    assert [(one.field, one.intact, one.covers_whole_file) for one in twice] == [
        ("Signature1", True, False),
        ("Signature2", True, True),
    ]
    writer = PdfWriter(io.BytesIO(signed(typeset(PAGE), SEAL)), incremental=True)
    writer.add_metadata({"/Title": "other"})
    assert (only(saved(writer)).intact, only(saved(writer)).covers_whole_file) == (True, False)


def test_bytes_slipped_into_the_gap_beside_the_signature_are_a_change() -> None:
    data = signed(typeset(PAGE), SEAL)
    start = data.rindex(b"/Contents <") + 10
    end = data.index(b">", start)
    # The signature is padded with zeros, in whose place something else would not be signed.
    assert data[end - 40 : end] == b"0" * 40
    assert only(data[: end - 40] + b"> /Hidden (" + b"x" * 27 + b") " + data[end:]).intact is not True


def test_who_reads_no_signature_does_not_wait_for_the_library(tmp_path: Path) -> None:
    path = tmp_path / "plain.pdf"
    path.write_bytes(typeset(PAGE))
    script = (
        "import sys, pathlib; from extractor.readers.pdf import read_pdf; "
        "read_pdf(pathlib.Path(sys.argv[1]).read_bytes());"
        "print('pyhanko' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "False"


def test_a_field_that_nobody_signed_is_no_signature() -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(typeset(PAGE)))
    fields.append_signature_field(writer, fields.SigFieldSpec("Empty", box=SEAL))
    stream = io.BytesIO()
    writer.write(stream)
    assert read_pdf(stream.getvalue()).pages.signatures == ()
    assert pictures(stream.getvalue()) == []


@pytest.mark.parametrize(
    "value",
    [
        "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/"
        "ByteRange[0 10 20 10]/Contents<3000>>>",
        "<</Type/Sig/Contents<>>>",
        "<</ByteRange[0 -5 99999999999 -1]/Contents(x)>>",
        "(word)",
        "998 0 R",
    ],
    ids=["no CMS", "no range", "mad range", "no dictionary", "no object"],
)
@pytest.mark.parametrize("direct", [True, False])
def test_a_signature_that_cannot_be_read_says_nothing_and_breaks_nothing(value: str, direct: bool) -> None:
    widget = "/Type/Annot/Subtype/Widget/FT/Sig/T(s)/Rect[50 50 150 90]/V " + (value if direct else "21 0 R")
    other = value[2:-2] if value.startswith("<<") else "/X 1"
    data = written(say("seen"), [widget, other], catalog="/AcroForm<</SigFlags 3/Fields[20 0 R]>>")
    found = read_pdf(data).pages.signatures
    if value == "998 0 R" and direct:
        assert found == ()
    else:
        assert [(one.field, one.signer, one.intact, one.covers_whole_file) for one in found] == [
            ("s", None, None, None)
        ]


def test_a_signature_that_no_page_shows_is_found_once_although_its_fields_run_in_circles() -> None:
    fields = [
        "/FT/Sig/T(outer)/Kids[21 0 R 20 0 R 21 0 R]",
        "/T(inner)/Parent 20 0 R/V 22 0 R/Kids[20 0 R]",
        "/Type/Sig/Contents<00>",
    ]
    data = written(say("seen"), fields, catalog="/AcroForm<</Fields[20 0 R 21 0 R]>>")
    assert [(one.field, one.box) for one in read_pdf(data).pages.signatures] == [("outer.inner", None)]


@pytest.mark.parametrize(
    ("box", "field"), [(SEAL, "seal"), (SIGN, "sign"), (WORDS, "seal")], ids=["seal", "sign", "over words"]
)
def test_a_signature_in_the_place_for_it_counts_and_goes_to_a_person(box: Box, field: str) -> None:
    found = read(signed(typeset(PAGE), box))
    seen = next(one for one in found.observations if one.field == field)
    assert seen.value.present
    assert codes(found) == [("signature-digital", field, "warning")]
    assert "王伟" in seen.doubts[0].message
    assert "完好" in seen.doubts[0].message
    assert seen.doubts[0].is_doubt
    assert [(one.page, one.box and round(one.box.x0)) for one in seen.evidence] == [(1, box[0])]
    other = next(one for one in found.observations if one.field == ("sign" if field == "seal" else "seal"))
    assert not other.value.present
    assert next(one for one in found.observations if one.field == "words").value == "材料属实。"


def test_a_broken_signature_in_its_place_is_an_error() -> None:
    assert codes(read(tampered(signed(typeset(PAGE), SEAL)))) == [
        ("signature-digital-broken", "seal", "error")
    ]


@pytest.mark.parametrize("box", [BELOW, None], ids=["under the table", "invisible"])
def test_a_signature_in_another_place_is_told_of_the_file(box: Box | None) -> None:
    data = signed(typeset(PAGE), box)
    assert codes(read(data)) == [("signature-digital-elsewhere", None, "warning")]
    assert codes(read(tampered(data))) == [("signature-digital-elsewhere-broken", None, "error")]


def test_two_signatures_in_one_cell_are_the_seal_and_the_signature() -> None:
    found = read(signed(signed(typeset(PAGE), SEAL), SIGN, "Signature2"))
    assert codes(found) == [
        ("signature-digital", "seal", "warning"),
        ("signature-digital", "sign", "warning"),
    ]
    assert "增补" in next(doubt.message for seen in found.observations for doubt in seen.doubts)
