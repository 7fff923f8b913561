"""Signing in through a directory, against a real OpenLDAP, and what must not get in that way."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from models.errors import BadUsage, ProviderFailed
from service.settings import LdapServer, Settings
from service.store import accounts, second_factor
from service.store.identity_tables import identities
from service.store.tables import audit_log, login_attempts, sessions, users
from service.web.directory import Directory, Entry
from tests.service.slapd import BASE, GROUPS, PEOPLE, READER, READER_PASSWORD, TLS_HOST, Slapd, running
from tests.service.web.serving import PASSWORD, Served, served

# Names that a filter would take for more than a name.
HOSTILE = [
    "*",
    "lin*",
    "l(in",
    "lin)(uid=*",
    "*)(uid=*))(|(uid=*",
    "lin)(|(uid=wang",
    "\\2a",
    "\\",
    "lin\\2a",
    ")",
]
ROLES = {"reviewer": frozenset({f"cn=复核组, {GROUPS}"}), "administrator": frozenset({f"CN=管理组,{GROUPS}"})}


@pytest.fixture(scope="module")
def slapd() -> Iterator[Slapd]:
    with running() as one:
        people = one.people
        people["lin"] = one.add_person("lin", "林的密码 lin", "林一")
        people["wang"] = one.add_person("wang", "(secret*)\\", "王二")
        people["guest"] = one.add_person("guest", "guest's password", "客人")
        people["mute"] = one.add_person("mute", None, "无密码")
        people["odd"] = one.add_person('o*d(d)\\"', "odd password", "怪名", rdn='cn=o\\"d\\, (d)*')
        one.add_person("both", "first of two", rdn="cn=both-1")
        one.add_person("both", "second of two", rdn="cn=both-2")
        one.add_group("复核组", [people["lin"], people["mute"], people["odd"]])
        one.add_group("管理组", [people["wang"]])
        one.add_unix_group("经办组", ["guest"])
        # A group of that name where its like has no say.
        one.add_group("管理组", [people["guest"]], f"ou=others,{BASE}")
        one.add_referral("elsewhere")
        yield one


def _known(slapd: Slapd, **more: Any) -> LdapServer:
    return replace(LdapServer(slapd.url, PEOPLE, READER, READER_PASSWORD, ROLES), **more)


@pytest.fixture
def service(tmp_path: Path, slapd: Slapd) -> Iterator[Served]:
    with served(tmp_path, Settings(ldap=_known(slapd))) as one:
        yield one


def _sign_in(client: TestClient, name: str, password: str, **more: str) -> httpx.Response:
    given = {"name": name, "password": password, **more}
    return client.post("/api/v1/session", json=given)


def _count(service: Served, table: sa.Table) -> int:
    with service.context.database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def _actions(service: Served) -> list[str]:
    with service.context.database.read() as connection:
        return [one for one in connection.scalars(sa.select(audit_log.c.action)) if one != "form"]


def test_a_stranger_with_a_group_becomes_a_user_of_its_role(service: Served) -> None:
    client = service.client()
    assert "目录" in client.get("/login").text
    answer = _sign_in(client, "lin", "林的密码 lin")
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["name"] == "林一"
    assert set(answer.json()["user"]["can"]) == accounts.ROLES["reviewer"]
    assert _actions(service) == ["user-created", "login"]
    again = _sign_in(service.client(), "LIN", "林的密码 lin").json()
    assert again["user"]["id"] == answer.json()["user"]["id"], "a directory finds a name in any case"
    assert (_count(service, users), _count(service, identities), _count(service, login_attempts)) == (1, 1, 0)
    page = client.get("/security").text
    assert "修改密码" not in page
    assert "动态验证码" in page
    both = _sign_in(service.client(), "wang", "(secret*)\\")
    assert set(both.json()["user"]["can"]) == accounts.ROLES["administrator"]


def test_a_role_follows_the_groups_and_who_has_none_is_signed_out(service: Served, slapd: Slapd) -> None:
    service.user("boss", "administrator")
    dn = slapd.add_person("mei", "mei's password")
    group = slapd.add_group("暂时", [dn])
    roles = {"reviewer": frozenset({group}), "clerk": frozenset({f"cn=后来,{GROUPS}"})}
    service.app.state.directory = Directory(_known(slapd, roles=roles))
    service.app.state.context = replace(
        service.context, settings=replace(service.context.settings, ldap=_known(slapd, roles=roles))
    )
    client = service.client()
    assert set(_sign_in(client, "mei", "mei's password").json()["user"]["can"]) == accounts.ROLES["reviewer"]
    slapd.remove(group)
    later = slapd.add_group("后来", [dn])
    again = _sign_in(service.client(), "mei", "mei's password")
    assert set(again.json()["user"]["can"]) == accounts.ROLES["clerk"]
    slapd.remove(later)
    refused = _sign_in(service.client(), "mei", "mei's password")
    assert (refused.status_code, refused.json()["detail"]) == (403, "目录账号没有使用本系统的权限")
    assert client.get("/api/v1/session").status_code == 401
    assert _count(service, sessions) == 0
    assert _sign_in(service.client(), "mei", "wrong").status_code == 401, (
        "told to who knows the password alone"
    )


def test_whoever_is_renamed_there_stays_who_they_are_and_a_new_one_of_the_name_is_another(
    service: Served, slapd: Slapd
) -> None:
    dn = slapd.add_person("hua", "hua's password")
    slapd.change(f"cn=复核组,{GROUPS}", member=dn)
    try:
        first = _sign_in(service.client(), "hua", "hua's password").json()["user"]
        slapd.rename(dn, "uid=hua2")
        again = _sign_in(service.client(), "hua2", "hua's password")
        assert again.json()["user"]["id"] == first["id"]
        other = slapd.add_person("hua", "of another")
        slapd.change(f"cn=复核组,{GROUPS}", member=other)
        new = _sign_in(service.client(), "hua", "of another")
        assert (new.status_code, new.json()["user"]["id"] != first["id"]) == (200, True)
    finally:
        slapd.change(f"cn=复核组,{GROUPS}", member=[slapd.people[one] for one in ("lin", "mute", "odd")])


@pytest.mark.parametrize("password", ["", "wrong", "\0", "x" * 257, "林的密码 LIN"])
def test_no_other_password_gets_in_and_least_of_all_none(service: Served, password: str) -> None:
    answer = _sign_in(service.client(), "lin", password)
    assert answer.status_code in (401, 422)
    assert _count(service, sessions) == _count(service, users) == 0


def test_the_directory_itself_takes_no_password_for_a_yes(slapd: Slapd) -> None:
    """So that we do not rely on it."""
    dn = slapd.people["lin"].encode()
    bind = b"\x02\x01\x03\x04" + bytes([len(dn)]) + dn + b"\x80\x00"
    asked = b"\x02\x01\x01\x60" + bytes([len(bind)]) + bind
    with socket.create_connection(("127.0.0.1", slapd.port)) as nobody:
        nobody.sendall(b"\x30" + bytes([len(asked)]) + asked)
        assert b"\x0a\x01\x00" in nobody.recv(4096), "success (RFC 4511, 4.2.2)"
    directory = Directory(_known(slapd))
    entry = directory.find("lin")
    assert entry is not None
    assert not directory.fits(entry, "")
    assert not directory.fits(entry, "\ud800")
    assert directory.find("\ud800") is None
    assert directory.fits(entry, "林的密码 lin")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_a_value_and_never_a_filter(service: Served, slapd: Slapd, name: str) -> None:
    assert Directory(_known(slapd)).find(name) is None
    assert _sign_in(service.client(), name, "林的密码 lin").status_code == 401


def test_odd_names_are_found_and_two_of_one_name_are_nobody(slapd: Slapd) -> None:
    directory = Directory(_known(slapd))
    odd = directory.find('o*d(d)\\"')
    assert odd is not None
    assert directory.fits(odd, "odd password")
    assert directory.find("both") is None
    assert directory.find("nobody") is None
    mute = directory.find("mute")
    assert mute is not None
    assert not directory.fits(mute, "anything")
    again = directory.again(odd.subject)
    assert again is not None
    assert again.dn == odd.dn


def test_groups_are_told_by_their_full_names_or_below_where_they_are(slapd: Slapd) -> None:
    def groups(name: str, **more: Any) -> frozenset[str]:
        directory = Directory(_known(slapd, **more))
        entry = directory.find(name)
        assert entry is not None
        return directory.person(entry).groups

    assert groups("guest") == frozenset(), "a group of the same name elsewhere"
    named = {"administrator": frozenset({"管理组"}), "clerk": frozenset({"经办组"})}
    assert groups("guest", roles=named, group_base=GROUPS) == {"经办组"}
    assert groups("wang", roles=named, group_base=GROUPS) == {"管理组"}
    assert groups('o*d(d)\\"', roles=ROLES, group_base=GROUPS) == ROLES["reviewer"]


@pytest.mark.parametrize("base", [None, GROUPS], ids=["as people tell", "as groups tell"])
def test_groups_within_groups_count_where_it_is_set_and_no_deeper_than_ten(
    slapd: Slapd, base: str | None
) -> None:
    kind = "told" if base is None else "sought"
    dn = slapd.add_person(f"deep-{kind}", "a deep password")
    chain = [slapd.add_group(f"{kind}1", [dn])]
    for level in range(2, 12):
        chain.append(slapd.add_group(f"{kind}{level}", [chain[-1]]))
    # In a circle, and one within that is gone.
    slapd.change(chain[0], member=[READER, dn, chain[1], f"cn=gone,{GROUPS}"])
    aside = slapd.add_group(f"{kind}-aside", [chain[0]], f"ou=others,{BASE}")
    roles = {"reviewer": frozenset(chain), "administrator": frozenset({aside})}

    def groups(*, nested: bool) -> frozenset[str]:
        directory = Directory(_known(slapd, roles=roles, group_base=base, nested=nested))
        entry = directory.find(f"deep-{kind}")
        assert entry is not None
        return directory.person(entry).groups

    assert groups(nested=False) == {chain[0]}
    found = {*chain[:10]} if base else {*chain[:10], aside}
    assert groups(nested=True) == found, "none beside where groups are, where that is said"


def test_guesses_at_one_person_are_counted_whatever_the_spelling(service: Served) -> None:
    spellings = ["lin", "LIN", " lin", "Lin", "lIn", "liN", "lin ", "LIn", "lIN", "LiN", "l\u0131n", "lin  "]
    answers = [_sign_in(service.client(), name, "wrong").status_code for name in spellings]
    assert answers.count(401) <= 8 + 1  # one of these names is nobody's
    assert answers[-1] == 429
    assert _sign_in(service.client(), "lin", "林的密码 lin").status_code == 429
    service.clock.forward(minutes=16)
    assert _sign_in(service.client(), "lin", "林的密码 lin").status_code == 200


def test_a_local_account_is_its_own_and_the_way_in_when_the_directory_is_gone(
    service: Served, slapd: Slapd
) -> None:
    service.user("lin", "administrator")
    assert _sign_in(service.client(), "lin", "林的密码 lin").status_code == 401
    service.app.state.directory = Directory(_known(slapd, url="ldap://127.0.0.1:9"))
    client = service.client()
    assert _sign_in(client, "lin", PASSWORD).status_code == 200
    before = _count(service, login_attempts)
    gone = _sign_in(service.client(), "wang", "(secret*)\\")
    assert (gone.status_code, gone.json()["code"]) == (502, "provider-failed")
    assert "本系统的账号" in gone.json()["advice"]
    assert _count(service, login_attempts) == before, "nothing was compared"


def test_an_administrator_of_the_directory_owes_a_second_factor_and_sets_it_by_that_password(
    service: Served,
) -> None:
    settings = replace(service.context.settings, second_factor=True)
    service.app.state.context = context = replace(service.context, settings=settings)
    client = service.client()
    answer = _sign_in(client, "wang", "(secret*)\\")
    assert answer.json()["user"]["can"] == []
    client.headers["X-CSRF-Token"] = answer.json()["csrf"]
    assert client.post("/api/v1/second-factor", json={"password": "wrong"}).status_code == 403
    secret = client.post("/api/v1/second-factor", json={"password": "(secret*)\\"}).json()["secret"]

    def code() -> str:
        return second_factor.code_at(secret, int(context.clock().timestamp()) // 30)

    assert client.post("/api/v1/second-factor/confirmation", json={"code": code()}).status_code == 200
    service.clock.forward(minutes=1)
    wanted = _sign_in(service.client(), "wang", "(secret*)\\")
    assert (wanted.status_code, wanted.json()["code"]) == (401, "second-factor-needed")
    assert _sign_in(service.client(), "wang", "(secret*)\\", code="000000").status_code == 401
    right = _sign_in(service.client(), "wang", "(secret*)\\", code=code())
    assert set(right.json()["user"]["can"]) == accounts.ROLES["administrator"]
    assert client.post("/api/v1/session/password", json={"current": "x", "new": PASSWORD}).status_code == 403


def test_no_referral_is_followed(slapd: Slapd) -> None:
    for base in (BASE, PEOPLE):
        assert Directory(_known(slapd, base=base)).find("lin") is not None
    with pytest.raises(ProviderFailed):
        Directory(_known(slapd, base="dc=elsewhere,dc=test")).find("lin")
    away = Entry("uid=lin,dc=elsewhere,dc=test", "1", "lin", "", {})
    assert not Directory(_known(slapd)).fits(away, "any password")
    assert not slapd.was_trapped()


def test_a_server_that_answers_a_password_with_a_referral_has_not_said_yes(slapd: Slapd) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refer() -> None:
            client, _ = server.accept()
            with client:
                asked = client.recv(4096)
                # The library refuses an answer with another number than the question's, whatever it says.
                number = asked[asked.index(b"\x02") :][: 2 + asked[asked.index(b"\x02") + 1]]
                said = number + bytes.fromhex("61070a010a04000400")
                client.sendall(b"\x30" + bytes([len(said)]) + said)
                client.recv(4096)

        thread = threading.Thread(target=refer)
        thread.start()
        directory = Directory(_known(slapd, url=f"ldap://127.0.0.1:{server.getsockname()[1]}"))
        with pytest.raises(ProviderFailed):
            directory.fits(Entry(slapd.people["lin"], "1", "lin", "", {}), "any password")
        thread.join()


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
def test_over_a_network_it_is_tls_with_a_certificate_that_is_trusted_and_its_own(
    slapd: Slapd, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{scheme}://{TLS_HOST}:{slapd.tls if scheme == 'ldaps' else slapd.port}"
    directory = Directory(_known(slapd, url=url))
    with pytest.raises(ProviderFailed):
        directory.find("lin")
    monkeypatch.setenv("SSL_CERT_FILE", str(slapd.certificate))
    entry = directory.find("lin")
    assert entry is not None
    assert directory.fits(entry, "林的密码 lin")
    with pytest.raises(ProviderFailed):
        Directory(_known(slapd, url=f"ldaps://127.0.0.3:{slapd.tls}")).find("lin")


def test_a_server_that_gives_no_tls_hears_no_password(slapd: Slapd) -> None:
    heard: list[bytes] = []
    with socket.create_server((TLS_HOST, 0)) as server:

        def listen() -> None:
            client, _ = server.accept()
            with client:
                heard.append(client.recv(4096))
                # Of the request for TLS: unavailable (52).
                client.sendall(bytes.fromhex("300c02010178070a0134040004 00".replace(" ", "")))
                heard.append(client.recv(4096))

        thread = threading.Thread(target=listen)
        thread.start()
        with pytest.raises(ProviderFailed):
            Directory(_known(slapd, url=f"ldap://{TLS_HOST}:{server.getsockname()[1]}")).find("lin")
        thread.join()
    assert READER.encode() not in b"".join(heard)
    assert READER_PASSWORD.encode() not in b"".join(heard)


def test_one_that_does_not_answer_costs_no_more_than_its_time(
    slapd: Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.web.directory._TO_ANSWER", 1)
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(ProviderFailed):
        Directory(_known(slapd, url=f"ldap://127.0.0.1:{server.getsockname()[1]}")).find("lin")


def test_who_seeks_must_be_known(slapd: Slapd) -> None:
    with pytest.raises(ProviderFailed, match="查找用户的账号"):
        Directory(_known(slapd, password="wrong")).find("lin")
    with pytest.raises(ProviderFailed, match="没有给出"):
        Directory(_known(slapd, id="employeeNumber")).find("lin")


GOOD = {
    "SEALFORM_LDAP_URL": "ldaps://ldap.example.cn", "SEALFORM_LDAP_BASE": PEOPLE,
    "SEALFORM_LDAP_USER": READER, "SEALFORM_LDAP_PASSWORD": "x",
    "SEALFORM_LDAP_ROLES": "reviewer=cn=a,dc=b; administrator=cn=c,dc=b",
}  # fmt: skip


def test_its_settings_are_whole_or_refused() -> None:
    known = Settings.read(GOOD).ldap
    assert known is not None
    assert known.roles == {"reviewer": {"cn=a,dc=b"}, "administrator": {"cn=c,dc=b"}}
    assert "password" not in repr(known)
    assert not known.nested
    assert Settings.read({**GOOD, "SEALFORM_LDAP_NESTED": "1"}).ldap == replace(known, nested=True)
    wrong = [{name: ""} for name in GOOD if name != "SEALFORM_LDAP_URL"]
    wrong += [
        {"SEALFORM_LDAP_URL": url} for url in ("http://a", "ldap://", "ldap.example.cn", "ldaps://a/dc=b")
    ]
    wrong += [{"SEALFORM_LDAP_FILTER": "(uid=*)"}, {"SEALFORM_LDAP_ROLES": "reviewer=复核组"}]
    wrong += [{"SEALFORM_LDAP_ROLES": "king=cn=a,dc=b"}]
    for one in wrong:
        with pytest.raises(BadUsage):
            Settings.read({**GOOD, **one})
    named = {"SEALFORM_LDAP_ROLES": "reviewer=复核组", "SEALFORM_LDAP_GROUP_BASE": GROUPS}
    assert Settings.read({**GOOD, **named}).ldap is not None
