"""Sending a notice of correction by SMTP, where the bureau has set a server. Nothing else of the program
sends mail."""

import smtplib
import ssl
from email import message_from_bytes
from email.policy import SMTP
from email.utils import make_msgid

from models.errors import MailNotSent
from service.settings import MailServer

_SECONDS = 30.0


def new_id(server: MailServer) -> str:
    """Return the id of a mail that is to be sent, by which a reply to it is known."""
    return make_msgid("sealform", domain=server.sender.rpartition("@")[2])


def send(server: MailServer, mail: bytes) -> str:
    """Send `mail`, which names its sender and one recipient, and return the recipient.

    Raises:
        MailNotSent: the server can't be reached, or refuses.
    """
    message = message_from_bytes(mail, policy=SMTP)
    to = str(message["To"])
    try:
        with _connected(server) as connection:
            if server.security == "starttls":
                connection.starttls(context=ssl.create_default_context())
            if server.user is not None:
                connection.login(server.user, server.password or "")
            connection.send_message(message)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        # The server's own words may quote the address.
        raise MailNotSent(f"邮件没有发出：{_why(error)}") from error
    return to


def _connected(server: MailServer) -> smtplib.SMTP:
    if server.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=_SECONDS, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=_SECONDS)


def _why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "邮件服务器不接受用户名或密码"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "邮件服务器拒收这个收件地址"
    if isinstance(error, smtplib.SMTPException):
        return "邮件服务器没有接受这封邮件"
    if isinstance(error, ssl.SSLError):
        return "与邮件服务器的加密连接失败"
    return "连不上邮件服务器"
