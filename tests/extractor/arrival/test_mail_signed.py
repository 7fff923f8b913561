"""Signed envelopes are opened; that they were signed proves nothing here."""

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from extractor.arrival.containers import open_container
from extractor.arrival.intake import Intake
from extractor.arrival.kinds import kind_of
from extractor.arrival.source import Source
from extractor.limits import ContainerLimits, Limits
from models.errors import Damaged, Encrypted, OtherKind, TooLarge, UnreadableFile
from tests.extractor.arrival.test_mail import FORM, NAME, attachment, files, mail

_KEY = ec.generate_private_key(ec.SECP256R1())
_NOW = datetime.datetime(2026, 1, 1)


def _certificate() -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_KEY.public_key())
        .serial_number(7)
    )
    return (
        made.not_valid_before(_NOW)
        .not_valid_after(_NOW + datetime.timedelta(days=1))
        .sign(_KEY, hashes.SHA256())
    )


def signed(data: bytes, *options: pkcs7.PKCS7Options) -> bytes:
    builder = pkcs7.PKCS7SignatureBuilder().set_data(data).add_signer(_certificate(), _KEY, hashes.SHA256())
    return builder.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary, *options])


INNER = mail(attachment(b"attachment; filename*=UTF-8''" + NAME.encode())).removeprefix(
    b"From: a@x.cn\r\nTo: b@x.cn\r\n"
)


def test_a_signed_envelope_of_a_message_gives_its_attachments() -> None:
    assert files(signed(INNER)) == {NAME: FORM}


def test_a_signed_file_is_called_as_before_it_was_signed() -> None:
    data = signed(FORM)
    (inner,) = open_container(data, kind_of(data), "mail.eml/申请表.docx.p7m", ContainerLimits()).files
    assert (inner.name, inner.data) == ("申请表.docx", FORM)


def test_a_message_that_is_an_envelope_holds_it_as_a_file() -> None:
    part = attachment(
        b"attachment; filename=smime.p7m",
        signed(INNER),
        kind=b"application/pkcs7-mime; smime-type=signed-data",
    )
    (envelope,) = files(mail(part)).values()
    assert files(envelope) == {NAME: FORM}


def test_the_words_in_an_envelope_are_those_of_the_message_that_brought_it(tmp_path: Path) -> None:
    words = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + "请收申请表".encode()
    inner = mail(words, attachment(b"attachment; filename=a.docx")).removeprefix(
        b"From: a@x.cn\r\nTo: b@x.cn\r\n"
    )
    part = attachment(b"attachment; filename=smime.p7m", signed(inner), kind=b"application/pkcs7-mime")
    path = tmp_path / "m.eml"
    path.write_bytes(mail(part))
    arrived = Intake(Limits()).arrivals(Source.at(path))
    assert [one.name for one in arrived] == ["m.eml", "m.eml/smime.p7m", "m.eml/smime.p7m/a.docx"]
    assert arrived[-1].message is not None
    assert (arrived[-1].message.address, arrived[-1].message.body) == ("a@x.cn", "请收申请表")


def test_a_signature_alone_is_no_form() -> None:
    with pytest.raises(OtherKind, match="数字签名"):
        kind_of(signed(FORM, pkcs7.PKCS7Options.DetachedSignature))


def test_an_encrypted_message_is_told_as_that() -> None:
    with pytest.raises(Encrypted, match="加密"):
        kind_of(bytes.fromhex("3080 0609 2a864886f70d010703 a080 3080") + bytes(50))


def test_an_envelope_keeps_to_the_limits() -> None:
    with pytest.raises(TooLarge):
        open_container(signed(bytes(3000)), "signed", "x.p7m", ContainerLimits(file_bytes=2000))


def test_a_damaged_envelope_ends_in_an_error_of_ours() -> None:
    data = signed(INNER)
    for cut in range(1, len(data), 37):
        with pytest.raises(UnreadableFile):
            open_container(data[:cut], kind_of(data[:cut]), "x", ContainerLimits())
    with pytest.raises((OtherKind, Damaged)):
        open_container(b"0\x80" * 5000, "signed", "x", ContainerLimits())
