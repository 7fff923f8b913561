from starlette.testclient import TestClient

from tests.service.web.serving import PASSWORD, Served


def _try(client: TestClient, name: str, password: str) -> int:
    return client.post("/api/v1/session", json={"name": name, "password": password}).status_code


def test_the_cookie_is_for_the_server_alone_and_its_secret_is_not_kept(service: Served) -> None:
    service.user("wang", "clerk")
    answer = service.client().post("/api/v1/session", json={"name": "wang", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    secret = cookie.partition("=")[2].partition(";")[0]
    files = (path for path in service.context.settings.data.rglob("*") if path.is_file())
    assert not any(secret.encode() in path.read_bytes() for path in files)


def test_a_name_is_locked_after_wrong_passwords_and_free_again_later(service: Served) -> None:
    service.user("wang", "clerk")
    client = service.client()
    assert [_try(client, "wang", "wrong") for _ in range(8)] == [401] * 8
    assert _try(client, "wang", PASSWORD) == 429
    service.clock.forward(minutes=16)
    assert _try(client, "wang", PASSWORD) == 200


def test_an_address_that_guesses_names_is_slowed_down(service: Served) -> None:
    client = service.client()
    assert {_try(client, f"user{number}", "wrong") for number in range(30)} == {401}
    assert _try(client, "another", "wrong") == 429
    service.clock.forward(minutes=11)
    assert _try(client, "another", "wrong") == 401


def test_a_lock_does_not_tell_whether_a_name_exists_and_ends_though_somebody_goes_on_guessing(
    service: Served,
) -> None:
    service.user("wang", "clerk")
    answers = {}
    for name in ("wang", "li"):
        client = service.client()
        assert [_try(client, name, "wrong") for _ in range(8)] == [401] * 8
        answers[name] = client.post("/api/v1/session", json={"name": name, "password": "wrong"}).json()
    assert answers["wang"] == answers["li"]
    for _ in range(15):
        service.clock.forward(minutes=1)
        _try(service.client(), "wang", "wrong")
    service.clock.forward(minutes=1)
    assert _try(service.client(), "wang", PASSWORD) == 200


def test_whether_a_name_exists_is_not_told(service: Served) -> None:
    service.user("wang", "clerk")
    answers = [
        service.client().post("/api/v1/session", json={"name": name, "password": "x"}).json()
        for name in ("wang", "li")
    ]
    assert answers[0] == answers[1]


def test_a_session_ends_when_its_time_is_over_when_signed_out_and_when_the_user_may_no_longer(
    service: Served,
) -> None:
    administrator = service.signed_in("administrator")
    clerk = service.signed_in("clerk")
    assert clerk.get("/api/v1/session").json()["user"]["can"] == ["upload", "see"]
    number = clerk.get("/api/v1/session").json()["user"]["id"].partition(":")[2]
    assert administrator.patch(f"/api/v1/users/{number}", json={"active": False}).status_code == 200
    assert clerk.get("/api/v1/session").status_code == 401
    assert administrator.delete("/api/v1/session").status_code == 204
    assert administrator.get("/api/v1/session").status_code == 401
    reviewer = service.signed_in("reviewer")
    service.clock.forward(hours=13)
    assert reviewer.get("/api/v1/session").status_code == 401


def test_a_link_sets_a_password_once_and_not_after_its_time(service: Served) -> None:
    administrator = service.signed_in("administrator")
    made = administrator.post(
        "/api/v1/users", json={"name": "li.na", "full_name": "李娜", "role": "reviewer"}
    ).json()
    link = made["link"].rpartition("/")[2]
    client = service.client()
    assert client.post("/api/v1/session/password", json={"link": link, "new": "short"}).status_code == 422
    assert (
        client.post("/api/v1/session/password", json={"link": link, "new": "li.na 的密码很长"}).status_code
        == 422
    )
    assert client.post("/api/v1/session/password", json={"link": link, "new": PASSWORD}).status_code == 204
    assert client.post("/api/v1/session/password", json={"link": link, "new": PASSWORD}).status_code == 404
    assert _try(client, "li.na", PASSWORD) == 200
    later = administrator.post(f"/api/v1/users/{made['user']['id']}/link").json()["link"].rpartition("/")[2]
    service.clock.forward(days=4)
    assert client.post("/api/v1/session/password", json={"link": later, "new": PASSWORD}).status_code == 404


def test_changing_the_password_needs_the_present_one_and_ends_other_sessions(service: Served) -> None:
    client = service.signed_in("clerk", "wang")
    body = {"current": "wrong password", "new": "another long password"}
    assert client.post("/api/v1/session/password", json=body).status_code == 403
    assert client.post("/api/v1/session/password", json={**body, "current": PASSWORD}).status_code == 204
    assert client.get("/api/v1/session").status_code == 401
    assert _try(service.client(), "wang", "another long password") == 200


def test_the_last_administrator_stays(service: Served) -> None:
    client = service.signed_in("administrator")
    number = client.get("/api/v1/session").json()["user"]["id"].partition(":")[2]
    for change in ({"active": False}, {"role": "clerk"}):
        assert client.patch(f"/api/v1/users/{number}", json=change).status_code == 409
    assert client.get("/api/v1/session").status_code == 200


def test_a_token_can_do_what_it_was_made_for_until_it_is_revoked(service: Served) -> None:
    administrator = service.signed_in("administrator")
    made = administrator.post("/api/v1/tokens", json={"name": "档案系统", "scopes": ["admin"]}).json()
    system = service.client(Authorization=f"Bearer {made['token']}")
    assert system.get("/api/v1/tokens").json()["items"][0]["prefix"] == made["token"][:8]
    assert administrator.get("/api/v1/tokens").json()["items"][0]["used_at"] is not None
    assert system.post("/api/v1/tokens", json={"name": "more", "scopes": ["admin"]}).status_code == 422
    assert administrator.delete(f"/api/v1/tokens/{made['id']}").status_code == 204
    assert system.get("/api/v1/tokens").status_code == 401


def test_what_was_sent_is_never_repeated_in_a_refusal(service: Served) -> None:
    answer = service.client().post("/api/v1/session", json={"name": "", "password": "my secret" * 100})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "my secret" not in answer.text


def test_every_answer_forbids_scripts_from_elsewhere(service: Served) -> None:
    for path in ("/api/v1/session", "/nothing"):
        headers = service.client().get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_a_request_that_is_too_large_is_refused_before_it_is_read(service: Served) -> None:
    answer = service.client().post(
        "/api/v1/session", content=b"x" * (5 << 20), headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "request-too-large")
