"""The states of a submission and the legal moves between them (pure)."""

from typing import Literal

Status = Literal[
    "received", "reading", "unreadable", "in-review", "returned", "accepted", "rejected", "withdrawn"
]
Move = Literal["read", "finish", "fail", "accept", "return", "reject", "withdraw", "reopen", "retry"]

# What clerks call them.
WORDS: dict[Status, str] = {
    "received": "已接收", "reading": "读取中", "unreadable": "无法读取", "in-review": "待复核",
    "returned": "已退回补正",
    "accepted": "已受理", "rejected": "不予受理", "withdrawn": "已撤回",
}  # fmt: skip

MOVES: dict[Move, dict[Status, Status]] = {
    # The machine's moves. A worker that died was still reading when another one starts.
    "read": {"received": "reading", "reading": "reading"},
    "finish": {"received": "in-review", "reading": "in-review"},
    "fail": {"received": "unreadable", "reading": "unreadable"},
    # A person's. What was decided can be taken up again, never decided twice in a row.
    "accept": {"in-review": "accepted"},
    "return": {"in-review": "returned", "unreadable": "returned"},
    "reject": {"in-review": "rejected", "unreadable": "rejected"},
    "withdraw": {
        "received": "withdrawn",
        "in-review": "withdrawn",
        "unreadable": "withdrawn",
        "returned": "withdrawn",
    },
    "reopen": {
        "returned": "in-review",
        "accepted": "in-review",
        "rejected": "in-review",
        "withdrawn": "in-review",
    },
    "retry": {"unreadable": "received"},
}


def after(status: Status, move: Move) -> Status | None:
    """Where `move` leads from `status`; None where it is not legal."""
    return MOVES[move].get(status)


def legal(status: Status) -> list[Move]:
    """What a person may do with a submission in this state."""
    return [
        move
        for move in ("accept", "return", "reject", "withdraw", "reopen", "retry")
        if status in MOVES[move]
    ]
