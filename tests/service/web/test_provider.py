"""Signing in through an identity provider, against a real one, and what must not get in that way."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from joserfc import jwk, jwt
from starlette.testclient import TestClient

from models.errors import BadUsage, ProviderFailed
from service.settings import ROLES, IdentityProvider, Settings
from service.store import accounts
from service.store.identities import Errand
from service.store.identity_tables import errands, identities
from service.store.tables import audit_log, sessions, users
from service.upkeep.backup import TRANSIENT
from service.web.oidc import Provider
from tests.service.oidc.running import BACK, CLIENT, OTHER_CLIENT, SECRET, Running, installed, running
from tests.service.web.serving import PASSWORD, Served, served

PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "s-1": {"preferred_username": "lin", "name": "林一", "groups": ["复核组", "全体"]},
    "s-2": {"preferred_username": "wang", "name": "王二", "email": "wang", "groups": ["管理组", "复核组"]},
    "s-3": {"preferred_username": "guest", "name": "客人", "groups": ["全体"]},
    "s-4": {"preferred_username": "nobody", "name": "无组"},
}
ROLES_OF = {"reviewer": frozenset({"复核组"}), "administrator": frozenset({"管理组"})}
START = "/login/provider"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("oidc"))


@pytest.fixture(scope="module")
def provider(folder: Path) -> Iterator[Running]:
    with running(folder, PEOPLE) as one:
        yield one


def _settings(at: str, **more: Any) -> Settings:
    return Settings(oidc=IdentityProvider(at, CLIENT, ROLES_OF, SECRET), **more)


@pytest.fixture
def service(tmp_path: Path, provider: Running) -> Iterator[Served]:
    with _serving(tmp_path, _settings(provider.address)) as one:
        yield one


@contextmanager
def _serving(folder: Path, settings: Settings) -> Iterator[Served]:
    with served(folder, settings) as one:
        # The provider's clock is the real one.
        one.clock.now = datetime.now(UTC)
        yield one


def _go(client: TestClient, path: str = START) -> str:
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def _return(client: TestClient, place: str) -> httpx.Response:
    return client.get(place.removeprefix("http://127.0.0.1:8000"), follow_redirects=False)


def _sign_in(service: Served, provider: Running, subject: str, path: str = START) -> TestClient:
    client = service.client()
    answer = _return(client, provider.sign_in(_go(client, path), subject))
    assert answer.status_code == 303, answer.text
    return client


def _actions(service: Served) -> list[tuple[str, str]]:
    with service.context.database.read() as connection:
        rows = connection.execute(audit_log.select().where(audit_log.c.action != "form"))
        return [(row.action, row.subject) for row in rows]


def _count(service: Served, table: sa.Table) -> int:
    with service.context.database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_stranger_with_a_group_becomes_a_user_of_its_role(service: Served, provider: Running) -> None:
    client = service.client()
    assert "用单位账号登录" in client.get("/login?next=/forms").text
    place = _go(client, "/login/provider?next=/forms%3Fa%3D1")
    asked = parse_qs(urlsplit(place).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    answer = _return(client, provider.sign_in(place, "s-1"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/forms?a=1")
    who = client.get("/api/v1/session").json()
    assert who["user"]["name"] == "林一"
    assert set(who["user"]["can"]) == accounts.ROLES["reviewer"]
    assert [action for action, _ in _actions(service)] == ["user-created", "login"]
    again = _sign_in(service, provider, "s-1").get("/api/v1/session").json()
    assert again["user"]["id"] == who["user"]["id"]
    assert _count(service, errands) == 0


def test_of_several_roles_it_is_the_one_with_the_most_rights(service: Served, provider: Running) -> None:
    can = _sign_in(service, provider, "s-2").get("/api/v1/session").json()["user"]["can"]
    assert set(can) == accounts.ROLES["administrator"]


def test_claims_may_stand_in_the_token_itself(tmp_path: Path, folder: Path) -> None:
    with (
        running(folder, PEOPLE, conforming=False) as provider,
        _serving(tmp_path, _settings(provider.address)) as one,
    ):
        assert _sign_in(one, provider, "s-1").get("/api/v1/session").status_code == 200


def test_a_public_client_has_pkce_alone(tmp_path: Path, provider: Running) -> None:
    known = IdentityProvider(provider.address, OTHER_CLIENT, ROLES_OF)
    with _serving(tmp_path, Settings(oidc=known)) as one:
        assert _sign_in(one, provider, "s-1").get("/api/v1/session").status_code == 200


def test_nobody_gets_a_local_account_by_its_name_or_address(service: Served, provider: Running) -> None:
    local = service.user("wang", "clerk")
    who = _sign_in(service, provider, "s-2").get("/api/v1/session").json()["user"]
    assert who["id"] != f"user:{local}"
    with service.context.database.read() as connection:
        names = dict(connection.execute(sa.select(users.c.name, users.c.role)).tuples().all())
    assert names.pop("wang") == "clerk"
    (other,) = names
    assert other.startswith("wang-")
    # The local one is still the way in with a password, and the other has none.
    for name, status in (("wang", 200), (other, 401)):
        given = {"name": name, "password": PASSWORD}
        assert service.client().post("/api/v1/session", json=given).status_code == status


@pytest.mark.parametrize("subject", ["s-3", "s-4"])
def test_without_a_group_that_means_a_role_nobody_gets_in(
    service: Served, provider: Running, subject: str
) -> None:
    client = service.client()
    answer = _return(client, provider.sign_in(_go(client), subject))
    assert answer.status_code == 403
    assert "没有使用本系统的权限" in answer.text
    assert client.get("/api/v1/session").status_code == 401
    assert (_count(service, users), _count(service, sessions)) == (0, 0)
    assert _actions(service) == [("login-refused", "service")]


def test_groups_are_looked_at_each_time_and_who_lost_them_is_signed_out(
    tmp_path: Path, folder: Path, provider: Running
) -> None:
    with _serving(tmp_path, _settings(provider.address)) as one:
        one.user("root", "administrator")
        client = _sign_in(one, provider, "s-2")
        client.headers["X-CSRF-Token"] = client.get("/api/v1/session").json()["csrf"]
        made = client.post("/api/v1/tokens", json={"name": "t", "scopes": ["see"]})
        system = one.client(Authorization=f"Bearer {made.json()['token']}")
        assert system.get("/api/v1/submissions").status_code == 200
        # The role follows the groups.
        object.__setattr__(one.context.settings, "oidc", replace(
            one.context.settings.oidc, roles={"clerk": frozenset({"管理组"})}))  # fmt: skip
        second = _sign_in(one, provider, "s-2")
        assert set(second.get("/api/v1/session").json()["user"]["can"]) == accounts.ROLES["clerk"]
        object.__setattr__(one.context.settings, "oidc", replace(
            one.context.settings.oidc, roles={"clerk": frozenset({"没有"})}))  # fmt: skip
        third = one.client()
        assert _return(third, provider.sign_in(_go(third), "s-2")).status_code == 403
        assert [one.get("/api/v1/session").status_code for one in (client, second)] == [401, 401]
        assert system.get("/api/v1/submissions").status_code == 401


def test_an_answer_works_once_and_in_the_browser_that_began(service: Served, provider: Running) -> None:
    client = service.client()
    place = provider.sign_in(_go(client), "s-1")
    thief = service.client()
    assert _return(thief, place).status_code == 403
    _go(thief)
    assert _return(thief, place).status_code == 403, "another sign-in of the thief's is none of this one"
    kept = {**client.cookies}
    assert _return(client, place).status_code == 303
    replaying = service.client()
    replaying.cookies.update(kept)
    replayed = _return(replaying, place)
    assert replayed.status_code == 403
    assert "已经用过" in replayed.text
    assert replaying.get("/api/v1/session").status_code == 401


def test_a_sign_in_that_took_too_long_counts_no_more(service: Served, provider: Running) -> None:
    client = service.client()
    place = provider.sign_in(_go(client), "s-1")
    service.clock.forward(minutes=11)
    assert _return(client, place).status_code == 403


def test_a_code_of_another_sign_in_is_no_use(service: Served, provider: Running) -> None:
    own, other = service.client(), service.client()
    mine = parse_qs(urlsplit(provider.sign_in(_go(own), "s-1")).query)
    theirs = parse_qs(urlsplit(provider.sign_in(_go(other), "s-2")).query)
    mixed = {"state": mine["state"][0], "code": theirs["code"][0], "iss": mine["iss"][0]}
    answer = _return(own, f"{BACK}?{urlencode(mixed)}")
    assert answer.status_code == 502
    assert own.get("/api/v1/session").status_code == 401


def test_a_wrong_nonce_is_refused_though_the_code_is_right(service: Served, provider: Running) -> None:
    client = service.client()
    place = provider.sign_in(_go(client), "s-1")
    with service.context.database.write() as connection:
        connection.execute(errands.update().values(nonce="another"))
    answer = _return(client, place)
    assert (answer.status_code, "不能采信" in answer.text) == (502, True)
    assert _count(service, users) == 0


@pytest.mark.parametrize(
    "changed", [{"iss": "http://127.0.0.1:9"}, {"iss": None}, {"code": "x"}, {"code": None}]
)
def test_an_answer_from_elsewhere_is_refused(
    service: Served, provider: Running, changed: Mapping[str, str | None]
) -> None:
    client = service.client()
    came = {
        name: one[0] for name, one in parse_qs(urlsplit(provider.sign_in(_go(client), "s-1")).query).items()
    }
    sent = {name: one for name, one in {**came, **changed}.items() if one is not None}
    assert _return(client, f"{BACK}?{urlencode(sent)}").status_code in (403, 502)
    assert client.get("/api/v1/session").status_code == 401


def test_a_provider_that_calls_itself_otherwise_is_not_asked(tmp_path: Path, folder: Path) -> None:
    with (
        running(folder, PEOPLE, issuer="http://127.0.0.1:1") as provider,
        _serving(tmp_path, _settings(provider.address)) as one,
    ):
        answer = one.client().get(START, follow_redirects=False)
        assert (answer.status_code, "SEALFORM_OIDC_ISSUER" in answer.text) == (502, True)


def test_where_the_provider_is_gone_passwords_are_the_way_in(tmp_path: Path) -> None:
    with _serving(tmp_path, _settings("http://127.0.0.1:1")) as one:
        answer = one.client().get(START, follow_redirects=False)
        assert (answer.status_code, "用本系统的密码登录" in answer.text) == (502, True)
        assert one.signed_in("administrator").get("/api/v1/session").status_code == 200


def test_a_token_for_another_or_by_another_is_refused(provider: Running) -> None:
    asking = Provider(
        IdentityProvider(provider.address, CLIENT, ROLES_OF, SECRET), BACK, lambda: datetime.now(UTC)
    )
    other = Provider(
        IdentityProvider(provider.address, OTHER_CLIENT, ROLES_OF), BACK, lambda: datetime.now(UTC)
    )
    errand = Errand("s" * 43, "n" * 43, "v" * 64, "b" * 43, "/")
    came = parse_qs(urlsplit(provider.sign_in(other.address(errand), "s-1")).query)
    tokens = httpx.post(
        f"{provider.address}/token",
        data={"grant_type": "authorization_code", "code": came["code"][0], "client_id": OTHER_CLIENT,
              "code_verifier": errand.verifier, "redirect_uri": BACK},
    ).json()  # fmt: skip
    assert other.checked(tokens["id_token"], errand.nonce)["sub"] == "s-1"
    with pytest.raises(ProviderFailed, match="aud"):
        asking.checked(tokens["id_token"], errand.nonce)
    now = int(datetime.now(UTC).timestamp())
    said = {"iss": provider.address, "aud": CLIENT, "sub": "s-2", "nonce": "n", "iat": now, "exp": now + 600}
    published = httpx.get(f"{provider.address}/jwks").json()["keys"][0]
    own, shared = jwk.RSAKey.generate_key(2048), jwk.OctKey.import_key(published["n"])
    forged = [
        jwt.encode({"alg": "RS256", "kid": published["kid"]}, said, own),
        jwt.encode({"alg": "HS256", "kid": published["kid"]}, said, shared),
        jwt.encode({"alg": "none"}, said, shared, algorithms=["none"]),
        "", "a.b.c", "None",
    ]  # fmt: skip
    for token in forged:
        with pytest.raises(ProviderFailed):
            asking.checked(token, "n")


def test_a_token_that_is_too_old_is_refused(provider: Running) -> None:
    ahead = Provider(
        IdentityProvider(provider.address, OTHER_CLIENT, ROLES_OF), BACK,
        lambda: datetime.fromtimestamp(datetime.now(UTC).timestamp() + 90_000, UTC),
    )  # fmt: skip
    errand = Errand("s" * 43, "n" * 43, "v" * 64, "b" * 43, "/")
    came = parse_qs(urlsplit(provider.sign_in(ahead.address(errand), "s-1")).query)
    with pytest.raises(ProviderFailed):
        ahead.person(errand, came["code"][0], provider.address)


def test_a_second_factor_is_the_providers_and_a_password_there_is_none(
    tmp_path: Path, provider: Running
) -> None:
    with _serving(tmp_path, _settings(provider.address, second_factor=True)) as one:
        client = _sign_in(one, provider, "s-2")
        who = client.get("/api/v1/session").json()
        assert set(who["user"]["can"]) == accounts.ROLES["administrator"]
        client.headers["X-CSRF-Token"] = who["csrf"]
        number = who["user"]["id"].partition(":")[2]
        assert client.post(f"/api/v1/users/{number}/link").status_code == 409
        assert client.post("/api/v1/second-factor", json={"password": "x" * 12}).status_code == 403
        page = client.get("/security").text
        assert "由单位账号管理" in page
        assert "修改密码" not in client.get("/").text


def test_who_is_shut_out_here_does_not_get_in_from_there(service: Served, provider: Running) -> None:
    administrator = service.signed_in("administrator")
    client = _sign_in(service, provider, "s-1")
    number = client.get("/api/v1/session").json()["user"]["id"].partition(":")[2]
    assert administrator.patch(f"/api/v1/users/{number}", json={"active": False}).status_code in (200, 204)
    assert client.get("/api/v1/session").status_code == 401
    again = service.client()
    assert _return(again, provider.sign_in(_go(again), "s-1")).status_code == 403


def test_leaving_leads_to_the_end_of_the_providers_session(service: Served, provider: Running) -> None:
    client = _sign_in(service, provider, "s-1")
    assert 'data-next="/login/provider/out"' in client.get("/").text
    answer = client.get("/login/provider/out", follow_redirects=False)
    assert answer.headers["location"].startswith(f"{provider.address}/session/end?client_id={CLIENT}")
    assert httpx.get(answer.headers["location"]).status_code == 200


def test_an_errand_leads_to_no_other_site(service: Served, provider: Running) -> None:
    for wanted in ("//evil.example", "https://evil.example/", "/\\evil.example", "evil", "/" + "a" * 3000):
        client = service.client()
        place = _go(client, f"{START}?{urlencode({'next': wanted})}")
        assert _return(client, provider.sign_in(place, "s-1")).headers["location"] == "/"


def test_an_address_can_not_fill_the_table(service: Served, provider: Running) -> None:
    statuses = [service.client().get(START, follow_redirects=False).status_code for _ in range(301)]
    assert (set(statuses[:300]), statuses[300]) == ({303}, 429)
    service.clock.forward(minutes=11)
    assert service.client().get(START, follow_redirects=False).status_code == 303
    assert _count(service, errands) == 1


def test_where_no_provider_is_set_there_is_no_way_to_it(tmp_path: Path) -> None:
    with served(tmp_path) as one:
        assert one.client().get(START, follow_redirects=False).status_code == 404
        assert "login/provider" not in one.client().get("/login").text


def test_the_settings_are_read_and_refused_where_they_are_wrong() -> None:
    good = {
        "SEALFORM_OIDC_ISSUER": "https://id.example.cn/realms/city", "SEALFORM_OIDC_CLIENT": "sealform",
        "SEALFORM_OIDC_SECRET": "hush-hush",
        "SEALFORM_OIDC_ROLES": "reviewer=复核组; reviewer=cn=a,ou=b;administrator=it",
    }  # fmt: skip
    known = Settings.read(good).oidc
    assert known is not None
    assert known.roles == {"reviewer": {"复核组", "cn=a,ou=b"}, "administrator": {"it"}}
    assert "hush" not in repr(Settings.read(good))
    assert Settings.read({}).oidc is None
    for name, wrong in (
        ("SEALFORM_OIDC_ISSUER", "http://id.example.cn"), ("SEALFORM_OIDC_CLIENT", ""),
        ("SEALFORM_OIDC_ROLES", ""), ("SEALFORM_OIDC_ROLES", "boss=it"), ("SEALFORM_OIDC_ROLES", "reviewer"),
    ):  # fmt: skip
        with pytest.raises(BadUsage):
            Settings.read({**good, name: wrong})
    assert tuple(accounts.ROLES) == ROLES


def test_a_user_of_the_provider_is_in_a_backup_and_an_errand_is_not(
    service: Served, provider: Running
) -> None:
    _sign_in(service, provider, "s-1")
    assert _count(service, identities) == 1
    assert errands.name in TRANSIENT
    assert identities.name not in TRANSIENT
