"""The states of a submission, and the legal moves between them (pure)."""

from typing import Literal

Status = Literal[
    "received", "reading", "unreadable", "in-review", "returned", "accepted", "rejected", "withdrawn"
]
Move = Literal["read", "finish", "fail", "accept", "return", "reject", "withdraw", "reopen", "retry"]

# The clerks' words for the states.
WORDS: dict[Status, str] = {
    "received": "等待读取", "reading": "正在读取", "unreadable": "无法读取", "in-review": "待复核",
    "returned": "已退回补正",
    "accepted": "已受理", "rejected": "不予受理", "withdrawn": "已撤回",
}  # fmt: skip

MOVES: dict[Move, dict[Status, Status]] = {
    # The moves of the machine. When a worker died, its submission is still `reading` when another worker
    # starts.
    "read": {"received": "reading", "reading": "reading"},
    "finish": {"received": "in-review", "reading": "in-review"},
    "fail": {"received": "unreadable", "reading": "unreadable"},
    # The moves of a person. A decision can be reopened, but never made twice in a row.
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
    """Returns the status after `move` from `status`, or None where the move is not legal."""
    return MOVES[move].get(status)


def legal(status: Status) -> list[Move]:
    """Returns the moves that a person may make from this status."""
    return [
        move
        for move in ("accept", "return", "reject", "withdraw", "reopen", "retry")
        if status in MOVES[move]
    ]
