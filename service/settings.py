"""The settings of an installation. The environment is read only here and only once; all other modules get
their settings passed in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, cast, get_args
from urllib.parse import urlsplit

from models.errors import BadUsage

if TYPE_CHECKING:
    from extractor import Limits


# The limits on what arrives: bytes of a file, files of a submission, depth of files inside files, bytes that
# archives unpack to, how many times its own size an archive unpacks to, pages of a document, pixels of a
# page.
INTAKE = (
    "SEALFORM_MAX_FILE_MB", "SEALFORM_MAX_FILES", "SEALFORM_MAX_DEPTH", "SEALFORM_MAX_UNPACKED_MB",
    "SEALFORM_MAX_RATIO",
    "SEALFORM_MAX_PAGES", "SEALFORM_MAX_MEGAPIXELS",
)  # fmt: skip


_SHORTEST_KEY = 32  # characters
# Names of this machine, to which nothing goes over a network.
_HERE = ("localhost", "127.0.0.1", "::1")
Security = Literal["starttls", "tls", "none"]
# What may be said of a directory beside its address and roles, as `LdapServer` has it.
_LDAP = ("base", "user", "password", "filter", "groups", "group_base", "id", "full_name")
# What people may be, from the least rights to the most, as `service/store/accounts.py` has them.
ROLES = ("clerk", "reviewer", "administrator")


@dataclass(frozen=True)
class MailServer:
    """A mail server for sending; `security` is how the connection is kept private. The password is never
    shown."""

    host: str
    port: int
    sender: str
    security: Security = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class IdentityProvider:
    """Who says by OpenID Connect who somebody is. `roles` gives the groups of each role, which stand in the
    claim `claim`; `button` is what the page for signing in calls it. The secret is never shown; without one,
    the code is guarded by PKCE alone."""

    issuer: str
    client: str
    roles: Mapping[str, frozenset[str]]
    secret: str | None = field(default=None, repr=False)
    claim: str = "groups"
    scope: str = "openid profile"
    button: str = "用单位账号登录"


@dataclass(frozen=True)
class LdapServer:
    """A directory (LDAP) that says who somebody is: people under `base` whom `filter` finds by the name that
    they give, in it as {name}. `roles` gives the groups of each role. Groups stand in the attribute `groups`
    of a person by their full names; or else are sought under `group_base`, by full or by common names. Where
    `nested`, groups of those groups count too. `id` is the attribute that never changes. `user` and
    `password`, which is never shown, are what we seek by."""

    url: str
    base: str
    user: str
    password: str = field(repr=False)
    roles: Mapping[str, frozenset[str]]
    filter: str = "(uid={name})"
    groups: str = "memberOf"
    group_base: str | None = None
    id: str = "entryUUID"
    full_name: str = "cn"
    nested: bool = False

    @property
    def is_here(self) -> bool:
        """Whether nothing that is said to it goes over a network."""
        return urlsplit(self.url).hostname in _HERE


@dataclass(frozen=True)
class Settings:
    """The settings of an installation; docs/settings.md describes each one.

    `time_limit` (seconds) and `memory_limit` (MiB) hold for one submission. `forms` and `campaigns` None mean
    the shipped ones. `ocr_models` is a folder with another tier of PP-OCR (None: the shipped weights);
    `ocr_device` is `cpu` or `gpu`. `mail_password` is the mailbox's password and is never shown.
    `second_factor` says that administrators must have one, where they sign in with a password; `log_views`,
    that it is logged who looked at which application. `oidc` and `ldap` are who else may say who somebody is.

    The service keeps everything in the folder `data`, unless `database` (a URL) and `blobs` (a folder or the
    URL of a bucket) name other places. `public_url` is the address that browsers use; with https, cookies are
    secure. `jobs` is how many submissions a worker reads at a time (None: one for each core). Webhooks may
    only go to `webhook_hosts`. `sealform purge` goes by `retention_days`. `backup_key` signs backups and is
    never shown. `keys` is a file with the master keys that what is kept is sealed with, `key_command` a
    program that prints them; `seal_values` says that values in the database are sealed too.

    `silent_target` is the share of accepted values that may be wrong. Blind samples measure it, at which
    people spend at most `sample_minutes` a day in all; 0 means that none are drawn.

    A notice of correction names `contact`, gives `correction_days` working days, and is made from
    `notice_template` (None: ours). `smtp` is the server that sends it, where somebody asks for that (None:
    nothing is ever sent).

    `parent` is the process that a worker belongs to; the worker ends with it. `intake` holds the limits on
    what arrives that were set, by the names in `INTAKE`.
    """

    forms: Path | None = None
    campaigns: Path | None = None
    time_limit: float = 120.0
    memory_limit: int = 4096
    ocr_models: Path | None = None
    ocr_device: str = "cpu"
    mail_password: str | None = field(default=None, repr=False)
    data: Path = Path("data")
    database: str | None = field(default=None, repr=False)
    blobs: str | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str | None = None
    jobs: int | None = None
    request_bytes: int = 500 << 20
    webhook_hosts: tuple[str, ...] = ()
    session_hours: float = 12.0
    idle_minutes: float = 120.0
    second_factor: bool = False
    log_views: bool = False
    silent_target: float = 0.001
    sample_minutes: float = 10.0
    oidc: IdentityProvider | None = None
    ldap: LdapServer | None = None
    retention_days: int | None = None
    backup_key: bytes | None = field(default=None, repr=False)
    keys: Path | None = None
    key_command: str | None = field(default=None, repr=False)
    seal_values: bool = False
    contact: str | None = None
    correction_days: int = 10
    notice_template: Path | None = None
    smtp: MailServer | None = None
    log_level: str = "INFO"
    parent: int | None = None
    intake: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Reads each setting from its environment variable. A variable that is unset or empty leaves the
        default.

        Raises:
            BadUsage: a limit is not a positive number, or there is no such device or level.
        """
        forms, models = environment.get("SEALFORM_FORMS"), environment.get("SEALFORM_OCR_MODELS")
        campaigns = environment.get("SEALFORM_CAMPAIGNS")
        device = environment.get("SEALFORM_OCR_DEVICE") or cls.ocr_device
        if device not in ("cpu", "gpu"):
            raise BadUsage(f"环境变量 SEALFORM_OCR_DEVICE 应为 cpu 或 gpu，现为“{device}”")
        level = (environment.get("SEALFORM_LOG_LEVEL") or cls.log_level).upper()
        if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise BadUsage(f"环境变量 SEALFORM_LOG_LEVEL 应为 debug、info、warning 或 error，现为“{level}”")
        return cls(
            forms=Path(forms) if forms else None,
            campaigns=Path(campaigns) if campaigns else None,
            time_limit=_positive(environment, "SEALFORM_TIME_LIMIT", cls.time_limit),
            memory_limit=int(_positive(environment, "SEALFORM_MEMORY_LIMIT", cls.memory_limit)),
            ocr_models=Path(models) if models else None,
            ocr_device=device,
            mail_password=environment.get("SEALFORM_MAIL_PASSWORD") or None,
            data=Path(environment.get("SEALFORM_DATA") or cls.data),
            database=environment.get("SEALFORM_DATABASE_URL") or None,
            blobs=environment.get("SEALFORM_BLOBS") or None,
            host=environment.get("SEALFORM_HOST") or cls.host,
            port=port_of(environment.get("SEALFORM_PORT") or str(cls.port), "环境变量 SEALFORM_PORT"),
            public_url=(environment.get("SEALFORM_PUBLIC_URL") or "").rstrip("/") or None,
            jobs=_whole(environment, "SEALFORM_JOBS"),
            request_bytes=int(
                _positive(environment, "SEALFORM_MAX_REQUEST_MB", cls.request_bytes >> 20) * (1 << 20)
            ),
            webhook_hosts=tuple(
                environment.get("SEALFORM_WEBHOOK_HOSTS", "").lower().replace(",", " ").split()
            ),
            session_hours=_positive(environment, "SEALFORM_SESSION_HOURS", cls.session_hours),
            idle_minutes=_at_most(environment, "SEALFORM_IDLE_MINUTES", cls.idle_minutes, 1440, zero=True),
            second_factor=_is_on(environment, "SEALFORM_REQUIRE_SECOND_FACTOR"),
            log_views=_is_on(environment, "SEALFORM_LOG_VIEWS"),
            silent_target=_at_most(environment, "SEALFORM_SILENT_TARGET", cls.silent_target, 0.5),
            sample_minutes=_at_most(
                environment, "SEALFORM_SAMPLE_MINUTES", cls.sample_minutes, 480, zero=True
            ),
            oidc=_identity_provider(environment),
            ldap=_directory(environment),
            retention_days=_whole(environment, "SEALFORM_RETENTION_DAYS"),
            backup_key=_key(environment, "SEALFORM_BACKUP_KEY"),
            keys=_path(environment, "SEALFORM_KEYS"),
            key_command=environment.get("SEALFORM_KEY_COMMAND") or None,
            seal_values=_seal_values(environment),
            contact=environment.get("SEALFORM_CONTACT") or None,
            correction_days=_whole(environment, "SEALFORM_CORRECTION_DAYS") or cls.correction_days,
            notice_template=_path(environment, "SEALFORM_NOTICE_TEMPLATE"),
            smtp=_smtp(environment),
            log_level=level,
            parent=_whole(environment, "SEALFORM_PARENT"),
            intake={name: _positive(environment, name, 1) for name in INTAKE if environment.get(name)},
        )

    @property
    def database_url(self) -> str:
        """Returns the URL of the database for SQLAlchemy."""
        return self.database or f"sqlite:///{(self.data / 'sealform.db').absolute()}"

    @property
    def blob_place(self) -> str:
        """Returns the folder or the bucket that holds the uploaded files."""
        return self.blobs or str((self.data / "blobs").absolute())

    @property
    def session_life(self) -> timedelta:
        """Returns how long a browser stays signed in."""
        return timedelta(hours=self.session_hours)

    @property
    def idle(self) -> timedelta | None:
        """Returns after how long without a request a browser is signed out, or None for never."""
        return timedelta(minutes=self.idle_minutes) if self.idle_minutes else None

    @property
    def owing(self) -> frozenset[Literal["administrator"]]:
        """The roles that may do nothing without a second factor."""
        return frozenset({"administrator"}) if self.second_factor else frozenset()

    @property
    def address(self) -> str:
        """Returns the address at which browsers find the service."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def is_secure(self) -> bool:
        """Returns whether browsers reach the service through TLS."""
        return self.address.startswith("https://")

    def limits(self) -> "Limits":
        """Returns the limits on what one submission may cost to read."""
        from extractor import Limits

        usual, said = Limits(), self.intake
        pages = said.get("SEALFORM_MAX_PAGES")
        pixels = said.get("SEALFORM_MAX_MEGAPIXELS", usual.pictures.pixels / 1e6) * 1e6
        pictures = replace(usual.pictures, pixels=int(pixels), pages=int(pages or usual.pictures.pages))
        unpacked = int(said.get("SEALFORM_MAX_UNPACKED_MB", usual.unpacked_bytes >> 20) * (1 << 20))
        ratio = int(said.get("SEALFORM_MAX_RATIO", usual.ratio))
        return replace(
            usual,
            file_bytes=int(said.get("SEALFORM_MAX_FILE_MB", usual.file_bytes >> 20) * (1 << 20)),
            parts=int(said.get("SEALFORM_MAX_FILES", usual.parts)),
            depth=int(said.get("SEALFORM_MAX_DEPTH", usual.depth)),
            unpacked_bytes=unpacked,
            ratio=ratio,
            zip=replace(usual.zip, ratio=ratio),
            pdf=replace(usual.pdf, pages=int(pages or usual.pdf.pages)),
            pictures=pictures,
        )


def port_of(text: str, source: str) -> int:
    """Returns the number of a port that was given in `source`.

    Raises:
        BadUsage: it is not a port number.
    """
    if text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 1 << 16:
        return int(text)
    raise BadUsage(f"{source} 应为 1 到 65535 的整数，现为“{text}”", advice="不写则用 8000")


def _smtp(environment: Mapping[str, str]) -> MailServer | None:
    place = environment.get("SEALFORM_SMTP", "").strip()
    if not place:
        return None
    host, _, port = place.rpartition(":")
    sender = environment.get("SEALFORM_SMTP_FROM", "").strip()
    if not host or "@" not in sender:
        raise BadUsage(
            "环境变量 SEALFORM_SMTP 应如 smtp.example.cn:587，并用 SEALFORM_SMTP_FROM 写明发件地址"
        )
    security = environment.get("SEALFORM_SMTP_SECURITY") or "starttls"
    if security not in get_args(Security):
        raise BadUsage(f"环境变量 SEALFORM_SMTP_SECURITY 应为 starttls、tls 或 none，现为“{security}”")
    return MailServer(
        host, port_of(port, "环境变量 SEALFORM_SMTP 的端口"), sender, cast(Security, security),
        environment.get("SEALFORM_SMTP_USER") or None, environment.get("SEALFORM_SMTP_PASSWORD") or None,
    )  # fmt: skip


def _identity_provider(environment: Mapping[str, str]) -> IdentityProvider | None:
    issuer = environment.get("SEALFORM_OIDC_ISSUER", "").strip()
    if not issuer:
        return None
    place = urlsplit(issuer)
    if place.scheme != "https" and place.hostname not in _HERE:
        raise BadUsage(f"环境变量 SEALFORM_OIDC_ISSUER 应以 https:// 开头，现为“{issuer}”")
    client = environment.get("SEALFORM_OIDC_CLIENT", "").strip()
    if not client:
        raise BadUsage("设置了 SEALFORM_OIDC_ISSUER，也要用 SEALFORM_OIDC_CLIENT 写明客户端编号")
    usual, said = IdentityProvider(issuer, client, _roles(environment, "SEALFORM_OIDC")), environment.get
    return replace(
        usual,
        secret=said("SEALFORM_OIDC_SECRET") or None,
        claim=said("SEALFORM_OIDC_CLAIM") or usual.claim,
        scope=said("SEALFORM_OIDC_SCOPE") or usual.scope,
        button=said("SEALFORM_OIDC_BUTTON") or usual.button,
    )


def _directory(environment: Mapping[str, str]) -> LdapServer | None:
    url = environment.get("SEALFORM_LDAP_URL", "").strip()
    if not url:
        return None
    place = urlsplit(url)
    if place.scheme not in ("ldap", "ldaps") or not place.hostname or place.path not in ("", "/"):
        raise BadUsage(f"环境变量 SEALFORM_LDAP_URL 应如 ldaps://ldap.example.cn，现为“{url}”")
    said = {name: environment.get(f"SEALFORM_LDAP_{name.upper()}", "").strip() for name in _LDAP}
    for name in ("base", "user", "password"):
        if not said[name]:
            raise BadUsage(
                f"设置了 SEALFORM_LDAP_URL，也要设置 SEALFORM_LDAP_{name.upper()}",
                advice="查找用户用专门的只读账号，不匿名查找",
            )
    if said["filter"] and "{name}" not in said["filter"]:
        raise BadUsage("环境变量 SEALFORM_LDAP_FILTER 中应有 {name}，如 (sAMAccountName={name})")
    roles = _roles(environment, "SEALFORM_LDAP")
    if not said["group_base"] and any("=" not in group for some in roles.values() for group in some):
        raise BadUsage(
            "环境变量 SEALFORM_LDAP_ROLES 中的组要写全名，如 cn=复核组,ou=groups,dc=example,dc=cn",
            advice="只写组名的，请用 SEALFORM_LDAP_GROUP_BASE 写明组在哪里",
        )
    given = {name: value for name, value in said.items() if value}
    nested = _is_on(environment, "SEALFORM_LDAP_NESTED")
    return LdapServer(
        url, given.pop("base"), given.pop("user"), given.pop("password"), roles, nested=nested, **given
    )


def _roles(environment: Mapping[str, str], kind: str) -> Mapping[str, frozenset[str]]:
    """{role: its groups} of `role=group; role=group`; a group may hold a comma or =, as names of LDAP do."""
    groups: dict[str, set[str]] = {}
    for one in environment.get(f"{kind}_ROLES", "").split(";"):
        role, _, group = (part.strip() for part in one.partition("="))
        if group and role in ROLES:
            groups.setdefault(role, set()).add(group)
        elif one.strip():
            raise BadUsage(
                f"环境变量 {kind}_ROLES 中的“{one.strip()}”有误",
                advice=f"应如 reviewer=复核组; administrator=管理组，角色为 {'、'.join(ROLES)}",
            )
    if not groups:
        raise BadUsage(f"要用 {kind}_ROLES 写明哪些组是什么角色")
    return {role: frozenset(some) for role, some in groups.items()}


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    return Path(environment[name]) if environment.get(name) else None


def _whole(environment: Mapping[str, str], name: str) -> int | None:
    return int(_positive(environment, name, 1)) if environment.get(name) else None


def _key(environment: Mapping[str, str], name: str) -> bytes | None:
    value = environment.get(name, "").strip()
    if value and len(value) < _SHORTEST_KEY:
        raise BadUsage(f"环境变量 {name} 应至少有 {_SHORTEST_KEY} 个字符")
    return value.encode("utf-8", "surrogateescape") or None


def _is_on(environment: Mapping[str, str], name: str) -> bool:
    text = (environment.get(name) or "0").strip().lower()
    if text not in ("0", "1"):
        raise BadUsage(f"环境变量 {name} 应为 1（是）或 0（否），现为“{text}”")
    return text == "1"


def _seal_values(environment: Mapping[str, str]) -> bool:
    is_on = _is_on(environment, "SEALFORM_SEAL_VALUES")
    if is_on and not (environment.get("SEALFORM_KEYS") or environment.get("SEALFORM_KEY_COMMAND")):
        raise BadUsage("设置了 SEALFORM_SEAL_VALUES，也要设置 SEALFORM_KEYS 或 SEALFORM_KEY_COMMAND")
    return is_on


def _at_most(
    environment: Mapping[str, str], name: str, default: float, most: float, *, zero: bool = False
) -> float:
    if zero and (environment.get(name) or "").strip() == "0":
        return 0.0
    number = _positive(environment, name, default)
    if number > most:
        raise BadUsage(f"环境变量 {name} 应不超过 {most:g}，现为“{number:g}”")
    return number


def _positive(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name) or str(default)
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e9:
        raise BadUsage(f"环境变量 {name} 应为正数，现为“{text}”")
    return number
