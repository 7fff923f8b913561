"""Hosts at which anybody may have a mailbox."""

ANYBODYS = frozenset(
    {
        "126.com", "163.com", "yeah.net", "qq.com", "foxmail.com", "sina.com", "sina.cn", "sohu.com",
        "139.com", "189.cn", "outlook.com", "hotmail.com", "gmail.com", "aliyun.com",
    }
)  # fmt: skip


def whole_host(host: str) -> str | None:
    """Return the host at which anybody may have a mailbox of which `host` lacks one character (qq.co), if
    there is one."""
    if host in ANYBODYS:
        return None
    return next(
        (one for one in sorted(ANYBODYS) if any(host == one[:n] + one[n + 1 :] for n in range(len(one)))),
        None,
    )
