"""The second factor, and sessions that their owner sees and ends."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.settings import Settings
from service.store import second_factor
from service.store.tables import audit_log, recovery_codes, second_factors
from tests.service.web.serving import PASSWORD, Served, served

_STEP = 30
_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", as in RFC 6238, appendix B


def _code(service: Served, secret: str, steps: int = 0) -> str:
    return second_factor.code_at(secret, int(service.clock().timestamp()) // _STEP + steps)


def _set_up(service: Served, client: TestClient) -> tuple[str, list[str]]:
    """(secret, recovery codes) of who is signed in."""
    begun = client.post("/api/v1/second-factor", json={"password": PASSWORD}).json()
    code = _code(service, begun["secret"])
    answer = client.post("/api/v1/second-factor/confirmation", json={"code": code})
    assert answer.status_code == 200, answer.text
    service.clock.forward(minutes=2)
    return begun["secret"], answer.json()["recovery_codes"]


def _try(service: Served, name: str, code: str | None = None, password: str = PASSWORD) -> tuple[int, str]:
    body = {"name": name, "password": password} | ({"code": code} if code is not None else {})
    answer = service.client().post("/api/v1/session", json=body)
    return answer.status_code, answer.json().get("code", "")


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(at: int, code: str) -> None:
    assert second_factor.code_at(_SECRET, at // _STEP) == code


def test_who_has_a_second_factor_signs_in_with_a_code_and_not_without(service: Served) -> None:
    client = service.signed_in("reviewer", "wang")
    assert client.get("/api/v1/second-factor").json()["active"] is False
    secret, _ = _set_up(service, client)
    assert client.get("/api/v1/second-factor").json() == {
        "active": True, "required": False, "recovery_left": 10,
    }  # fmt: skip
    assert _try(service, "wang") == (401, "second-factor-needed")
    assert _try(service, "wang", password="wrong") == (401, "not-signed-in")
    assert _try(service, "wang", "000000") == (401, "not-signed-in")
    assert _try(service, "wang", _code(service, secret)) == (200, "")


def test_a_code_that_was_begun_and_not_confirmed_is_not_asked_for(service: Served) -> None:
    client = service.signed_in("reviewer", "wang")
    client.post("/api/v1/second-factor", json={"password": PASSWORD})
    wrong = client.post("/api/v1/second-factor/confirmation", json={"code": "12345"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid")
    assert _try(service, "wang")[0] == 200


def test_a_code_works_once_also_where_it_is_given_many_times_at_once(service: Served) -> None:
    secret, _ = _set_up(service, service.signed_in("reviewer", "wang"))
    code = _code(service, secret)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: _try(service, "wang", code)[0], range(4)))
    assert sorted(answers) == [200, 401, 401, 401]
    # Nor does one from before it.
    assert _try(service, "wang", _code(service, secret, -1))[0] == 401
    service.clock.forward(seconds=_STEP)
    assert _try(service, "wang", _code(service, secret))[0] == 200


def test_a_telephone_may_be_a_step_off_and_no_more(service: Served) -> None:
    secret, _ = _set_up(service, service.signed_in("reviewer", "wang"))
    assert _try(service, "wang", _code(service, secret, -2))[0] == 401
    assert _try(service, "wang", _code(service, secret, 2))[0] == 401
    assert _try(service, "wang", _code(service, secret, -1))[0] == 200
    assert _try(service, "wang", _code(service, secret, 1))[0] == 200


def test_guessed_codes_count_like_passwords(service: Served) -> None:
    secret, _ = _set_up(service, service.signed_in("reviewer", "wang"))
    for _ in range(3):
        # That a code is still to be given is no guess.
        assert _try(service, "wang")[0] == 401
    assert [_try(service, "wang", f"00000{n}")[0] for n in range(8)] == [401] * 8
    assert _try(service, "wang", _code(service, secret))[0] == 429
    service.clock.forward(minutes=16)
    assert _try(service, "wang", _code(service, secret))[0] == 200


def test_a_recovery_code_works_once_and_is_kept_as_a_digest(service: Served) -> None:
    client = service.signed_in("reviewer", "wang")
    _, codes = _set_up(service, client)
    assert len(set(codes)) == 10
    with service.context.database.read() as connection:
        kept = set(connection.scalars(sa.select(recovery_codes.c.digest)))
    assert not any(part in digest for code in codes for part in code.split("-") for digest in kept)
    assert _try(service, "wang", codes[0].upper().replace("-", " "))[0] == 200
    assert _try(service, "wang", codes[0])[0] == 401
    assert client.get("/api/v1/second-factor").json()["recovery_left"] == 9


def test_it_is_taken_away_by_the_password_and_a_code_and_by_nothing_less(service: Served) -> None:
    client = service.signed_in("reviewer", "wang")
    secret, _ = _set_up(service, client)
    for body in (
        {"password": "wrong", "code": _code(service, secret)},
        {"password": PASSWORD, "code": "000000"},
    ):
        assert client.post("/api/v1/second-factor/removal", json=body).status_code == 403
    assert client.post("/api/v1/second-factor", json={"password": PASSWORD}).status_code == 409
    assert client.post("/api/v1/second-factor", json={"password": "wrong"}).status_code == 403
    right = {"password": PASSWORD, "code": _code(service, secret)}
    assert client.post("/api/v1/second-factor/removal", json=right).status_code == 204
    assert _try(service, "wang")[0] == 200
    with service.context.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(second_factors)) == 0
        assert connection.scalar(sa.select(sa.func.count()).select_from(recovery_codes)) == 0


def test_a_stolen_session_can_not_guess_the_password_by_setting_it_up(service: Served) -> None:
    client = service.signed_in("reviewer", "wang")
    tries = [client.post("/api/v1/second-factor", json={"password": f"x{n}"}).status_code for n in range(10)]
    assert tries == [403] * 8 + [429] * 2


def test_an_administrator_takes_away_that_of_somebody_who_lost_it(service: Served) -> None:
    administrator, client = service.signed_in("administrator"), service.signed_in("reviewer", "wang")
    number = client.get("/api/v1/session").json()["user"]["id"].partition(":")[2]
    assert administrator.delete(f"/api/v1/users/{number}/second-factor").status_code == 404
    _set_up(service, client)
    listed = {one["name"]: one for one in administrator.get("/api/v1/users").json()["items"]}
    assert listed["wang"]["second_factor"]
    assert not listed["one-administrator"]["second_factor"]
    assert administrator.delete(f"/api/v1/users/{number}/second-factor").status_code == 204
    assert _try(service, "wang")[0] == 200
    with service.context.database.read() as connection:
        done = list(connection.scalars(sa.select(audit_log.c.action).order_by(audit_log.c.seq)))
    assert [one for one in done if one.startswith("second-factor")] == [
        "second-factor", "second-factor-removed",
    ]  # fmt: skip


def test_where_it_is_required_an_administrator_does_nothing_before_it_is_set(tmp_path: Path) -> None:
    with served(tmp_path, Settings(second_factor=True)) as service:
        client = service.signed_in("administrator", "wang")
        assert client.get("/api/v1/session").json()["user"]["can"] == []
        refused = client.get("/api/v1/users")
        assert (refused.status_code, refused.json()["detail"]) == (403, "须先设置动态验证码")
        page = client.get("/admin", follow_redirects=False)
        assert (page.status_code, page.headers["location"]) == (303, "/security")
        secret, _ = _set_up(service, client)
        assert client.get("/api/v1/users").status_code == 200
        removal = {"password": PASSWORD, "code": _code(service, secret)}
        assert client.post("/api/v1/second-factor/removal", json=removal).status_code == 409
        assert service.signed_in("reviewer").get("/api/v1/submissions").status_code == 200


def test_an_owner_sees_own_sessions_alone_and_ends_one_or_all_others(service: Served) -> None:
    own, other = service.signed_in("reviewer", "wang"), service.signed_in("clerk", "li")
    agents = ("Firefox/140.0", "Chrome/120.0")
    more = [service.client(**{"User-Agent": agent}) for agent in agents]
    for client in more:
        service.clock.forward(seconds=1)
        client.post("/api/v1/session", json={"name": "wang", "password": PASSWORD})
    listed = own.get("/api/v1/sessions").json()["items"]
    assert [(one["agent"], one["current"]) for one in listed] == [
        ("Chrome/120.0", False), ("Firefox/140.0", False), ("testclient", True),
    ]  # fmt: skip
    assert other.delete(f"/api/v1/sessions/{listed[0]['id']}").status_code == 404
    assert own.delete(f"/api/v1/sessions/{listed[0]['id']}").status_code == 204
    assert [client.get("/api/v1/session").status_code for client in more] == [200, 401]
    assert own.delete("/api/v1/sessions").json() == {"count": 1}
    assert [client.get("/api/v1/session").status_code for client in (*more, own)] == [401, 401, 200]
    assert other.get("/api/v1/session").status_code == 200


def test_a_session_that_nobody_uses_ends_and_following_the_news_is_no_use(service: Served) -> None:
    idle, busy, watching = (service.signed_in("clerk", name) for name in ("idle", "busy", "watching"))
    for _ in range(5):
        service.clock.forward(minutes=50)
        assert busy.get("/api/v1/session").status_code == 200
        assert watching.get("/api/v1/uploads/999/events").status_code in (401, 404)
    for client, status in ((busy, 200), (idle, 401), (watching, 401)):
        assert client.get("/api/v1/session").status_code == status
    assert len(busy.get("/api/v1/sessions").json()["items"]) == 1


def test_an_administrator_ends_one_session_of_somebody_and_it_is_in_the_log(service: Served) -> None:
    boss, first = service.signed_in("administrator", "boss"), service.signed_in("clerk", "wang")
    second = service.client()
    assert second.post("/api/v1/session", json={"name": "wang", "password": PASSWORD}).status_code == 200
    user = first.get("/api/v1/session").json()["user"]["id"].partition(":")[2]
    items = boss.get(f"/api/v1/users/{user}/sessions").json()["items"]
    assert [one["current"] for one in items] == [False, False]
    for path in (f"/api/v1/users/{user}/sessions/{items[0]['id']}", "/api/v1/users/1/sessions/" + "0" * 16):
        assert first.delete(path).status_code == 403
    assert boss.delete(f"/api/v1/users/{user}/sessions/{items[0]['id']}").status_code == 204
    assert boss.delete(f"/api/v1/users/{user}/sessions/{items[0]['id']}").status_code == 404
    left = [client.get("/api/v1/session").status_code for client in (first, second)]
    assert sorted(left) == [200, 401]


def test_confirming_it_ends_sessions_that_were_opened_without_it(service: Served) -> None:
    first, second = service.signed_in("reviewer", "wang"), service.client()
    second.post("/api/v1/session", json={"name": "wang", "password": PASSWORD})
    _set_up(service, first)
    assert [one.get("/api/v1/session").status_code for one in (first, second)] == [200, 401]


def test_taking_it_away_ends_the_sessions_that_were_opened_with_it(service: Served) -> None:
    def opened(secret: str) -> TestClient:
        client = service.client()
        given = {"name": "wang", "password": PASSWORD, "code": _code(service, secret)}
        assert client.post("/api/v1/session", json=given).status_code == 200
        return client

    boss, own = service.signed_in("administrator", "boss"), service.signed_in("reviewer", "wang")
    secret, codes = _set_up(service, own)
    other = opened(secret)
    given = {"password": PASSWORD, "code": codes[0]}
    assert own.post("/api/v1/second-factor/removal", json=given).status_code == 204
    assert [one.get("/api/v1/session").status_code for one in (own, other)] == [200, 401]
    secret, _ = _set_up(service, own)
    other = opened(secret)
    user = own.get("/api/v1/session").json()["user"]["id"].partition(":")[2]
    assert boss.delete(f"/api/v1/users/{user}/second-factor").status_code == 204
    assert [one.get("/api/v1/session").status_code for one in (own, other, boss)] == [401, 401, 200]
    with service.context.database.read() as connection:
        ended = sa.select(audit_log.c.actor).where(audit_log.c.action == "session-ended")
        assert len(set(connection.scalars(ended))) == 2


def test_the_setting_is_of_administrators_and_on_or_off() -> None:
    assert Settings.read({"SEALFORM_REQUIRE_SECOND_FACTOR": "1"}).owing == {"administrator"}
    assert replace(Settings()).owing == frozenset()
