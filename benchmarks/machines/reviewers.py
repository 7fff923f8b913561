"""Who reviews: `python -m benchmarks.machines.reviewers ADDRESS TOKEN OUT` confirms what waits of each
submission under review and accepts it, one after the other, until it is ended; and writes a line of JSON of
each that it was told to be accepted."""

import json
import sys
import time
from pathlib import Path

import httpx

_SECONDS, _PAUSE = 20.0, 0.3
_REASON = "已核对"


def main(address: str, token: str, out: Path) -> None:
    with httpx.Client(base_url=address, timeout=_SECONDS, headers={"Authorization": f"Bearer {token}"}) as to:
        left_alone: set[int] = set()
        while True:
            time.sleep(_PAUSE)
            try:
                listed = to.get("/api/v1/submissions", params={"status": "in-review", "limit": 50})
                for one in listed.raise_for_status().json()["items"]:
                    if one["id"] not in left_alone:
                        is_accepted = _review(to, one["id"])
                        if is_accepted:
                            with out.open("a") as file:
                                file.write(json.dumps({"submission": one["id"]}) + "\n")
                        left_alone.add(one["id"])
            except httpx.HTTPError as error:
                # The proxy sends the next request to another.
                print(type(error).__name__, error, file=sys.stderr, flush=True)


def _review(to: httpx.Client, number: int) -> bool:
    """Whether it is accepted. What nobody may accept yet is left alone."""
    place = f"/api/v1/submissions/{number}"
    seen = to.get(place).raise_for_status()
    version, fields = seen.headers["etag"], seen.json()["fields"]
    waiting = [{"field": name} for name, field in fields.items() if field["state"] == "doubtful"]
    if waiting:
        told = to.patch(f"{place}/fields", headers={"If-Match": version}, json={"changes": waiting})
        if told.status_code in (409, 422):
            return False
        version = told.raise_for_status().headers["etag"]
    decision = {"move": "accept", "reason": _REASON}
    told = to.post(f"{place}/decision", headers={"If-Match": version}, json=decision)
    if told.status_code in (409, 422):
        return False
    told.raise_for_status()
    return True


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
