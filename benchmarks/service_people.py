"""Two hundred people at once before the review page, over HTTP on PostgreSQL: how long each step takes, and
what it costs of the service's CPU.

`python -m benchmarks.service_people [PEOPLE] [SECONDS] [PAUSE]` makes a database of 20,000 submissions of its
own on the server that SEALFORM_TEST_POSTGRES names, and drops it at the end. Everybody has a token of their
own, and does over and over what a reviewer does: looks at the list, opens a submission, confirms each field
that waits, accepts, and so on to the next. Between two steps they think, PAUSE seconds at the mean (5 unless
said), exponentially distributed. The pages that people look at meanwhile are drawn from files, which these
submissions don't have; that is not measured.
"""

import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

import httpx
import sqlalchemy as sa

from benchmarks import service_listing, service_million
from service.store import accounts
from service.store.database import Database
from service.store.tables import doubts, submissions

PEOPLE, SECONDS, PAUSE = 200, 60.0, 5.0
SUBMISSIONS = 20_000
# Milliseconds within which 95 % of the steps should be done.
WANTED = 150
_SCOPES: tuple[accounts.Scope, ...] = ("see", "correct", "decide")

Work = tuple[str, list[tuple[int, list[str]]]]


class Steps:
    """How long steps took in milliseconds, by kind, and what was not answered well."""

    def __init__(self) -> None:
        self.taken: dict[str, list[float]] = defaultdict(list)
        self.refused: Counter[str] = Counter()

    def __str__(self) -> str:
        rows = {**self.taken, "all": [one for some in self.taken.values() for one in some]}
        lines = []
        for name, taken in rows.items():
            taken = sorted(taken) or [0.0]
            median, p95 = taken[len(taken) // 2], taken[min(len(taken) - 1, int(len(taken) * 0.95))]
            over = "  OVER" if p95 > WANTED else ""
            lines.append(f"{name:22} median {median:7.1f} ms   p95 {p95:7.1f} ms   of {len(taken)}{over}")
        return "\n".join([*lines, f"not answered well: {dict(self.refused) or 'none'}"])


def main(people: int = PEOPLE, seconds: float = SECONDS, pause: float = PAUSE) -> None:
    """Prints how long each kind of step took, and the CPU of one."""
    with service_million.made(SUBMISSIONS) as (url, _), tempfile.TemporaryDirectory() as folder:
        work = _shared_out(url, people)
        with service_listing.serving(Path(folder), SEALFORM_DATABASE_URL=url) as service:
            before, started, steps = service.cpu(), time.monotonic(), Steps()
            asyncio.run(_all(service.address, work, steps, seconds, pause))
            cpu, lasted = service.cpu() - before, time.monotonic() - started
        count = sum(len(taken) for taken in steps.taken.values())
        print(steps)
        print(
            f"{people} people, {count / lasted:.0f} steps a second, "
            f"{cpu / max(count, 1):.1f} ms of CPU each, load of the machine {os.getloadavg()[0]:.1f}"
        )


def _shared_out(url: str, people: int) -> list[Work]:
    """For each of the people a token, and submissions under review with the fields that wait."""
    database = Database(url)
    with database.write() as connection:
        waiting: dict[int, list[str]] = defaultdict(list)
        query = sa.select(doubts.c.submission_id, doubts.c.field).join(
            submissions, submissions.c.id == doubts.c.submission_id
        )
        for row in connection.execute(query.where(submissions.c.status == "in-review")):
            waiting[row.submission_id].append(row.field)
        shares: list[list[tuple[int, list[str]]]] = [[] for _ in range(people)]
        for place, one in enumerate(sorted(waiting.items())):
            shares[place % people].append(one)
        tokens, at = [], service_listing.END
        for number in range(people):
            user = accounts.create_user(connection, f"person-{number}", "", "reviewer", "system", at)
            owner = accounts.Actor(f"user:{user}", "", accounts.ROLES["reviewer"])
            tokens.append(accounts.create_token(connection, "bench", _SCOPES, owner, at)[1])
    database.close()
    return list(zip(tokens, shares, strict=True))


async def _all(address: str, work: list[Work], steps: Steps, seconds: float, pause: float) -> None:
    # The service closes a connection that nothing came on for five seconds.
    limits = httpx.Limits(max_connections=len(work), keepalive_expiry=3)
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
        until = time.monotonic() + seconds
        draw = random.Random(3)
        await asyncio.gather(
            *(_person(client, one, steps, until, pause, random.Random(draw.random())) for one in work)
        )


async def _person(
    client: httpx.AsyncClient, work: Work, steps: Steps, until: float, pause: float, draw: random.Random
) -> None:
    token, share = work
    headers = {"Authorization": f"Bearer {token}"}

    async def step(name: str, method: str, path: str, version: str = "", **sent: object) -> httpx.Response:
        await asyncio.sleep(draw.expovariate(1 / pause))
        with_version = headers | ({"If-Match": version} if version else {})
        started = time.perf_counter()
        try:
            answer = await client.request(method, f"/api/v1{path}", headers=with_version, **sent)  # type: ignore[arg-type]
        except httpx.TransportError as error:
            # The wait counts all the same.
            steps.refused[f"{name} {type(error).__name__}"] += 1
            answer = httpx.Response(599)
            steps.taken[name].append((time.perf_counter() - started) * 1000)
            return answer
        steps.taken[name].append((time.perf_counter() - started) * 1000)
        if answer.is_error:
            steps.refused[f"{name} {answer.status_code} {answer.json().get('code')}"] += 1
        return answer

    filled = service_listing.filled(service_listing.form_of_most())
    for number, fields in share:
        if time.monotonic() > until:
            return
        await step("look at the list", "GET", "/submissions?status=in-review&limit=50")
        version = (await step("open", "GET", f"/submissions/{number}")).headers.get("etag", "")
        for field in fields:
            if time.monotonic() > until:
                return
            # What is required and empty is only confirmed by saying so.
            said = {"field": field} if field in filled else {"field": field, "value": None}
            changes = {"changes": [said]}
            answer = await step(
                "confirm a field", "PATCH", f"/submissions/{number}/fields", version, json=changes
            )
            version = answer.headers.get("etag", version)
        decided = {"move": "accept", "reason": "核实过"}
        await step("accept", "POST", f"/submissions/{number}/decision", version, json=decided)


if __name__ == "__main__":
    given = [float(one) for one in sys.argv[1:]]
    main(int(given[0]) if given else PEOPLE, *given[1:3])
