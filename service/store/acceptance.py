"""What stands against accepting a submission."""

from typing import Any

import sqlalchemy as sa

from models.errors import Conflict
from service.store import twins


def expect_acceptable(connection: sa.Connection, row: Any, reason: str | None) -> None:
    """Checks that a submission, a `row` of its table, may be accepted, for a `reason` where it holds errors.

    Raises:
        Conflict: fields wait for a person, or it holds errors and there is no reason, another took its place,
            or it may be the same as another.
    """
    if row.doubtful:
        raise Conflict(f"还有 {row.doubtful} 个字段没有复核", advice="请先逐项确认或更正")
    if row.errors and not (reason or "").strip():
        raise Conflict(
            f"还有 {row.errors} 处错误没有改正", advice="请先更正；确要受理，请打开这份申请，写明理由"
        )
    if row.replaced_by is not None:
        raise Conflict(
            f"这份申请已由编号 {row.replaced_by} 替换", advice="请处理新的一份；替换有误时，先在页面上撤销"
        )
    others = twins.unsettled(connection, [row.id]).get(row.id)
    if others:
        told = "、".join(map(str, others))
        raise Conflict(
            f"疑似与编号 {told} 重复，还没有处理", advice="请先打开这份申请，选择“替换原来的”或“是另一份”"
        )
