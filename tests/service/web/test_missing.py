"""What a person sees at an address that there is not, and where nothing has arrived yet."""

import pytest

from tests.service.web.readings import submitted
from tests.service.web.serving import Served

PAGE = {"Accept": "text/html,application/xhtml+xml"}


@pytest.mark.parametrize(
    "path", ["/nowhere", "/admin/users/", "/submissions/abc", "/submissions/" + "9" * 30]
)
def test_an_unknown_address_is_a_page_for_people(service: Served, path: str) -> None:
    answer = service.signed_in("clerk").get(path, headers=PAGE)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "没有" in answer.text
    assert "回到收件箱" in answer.text


def test_whoever_is_not_signed_in_is_led_to_where_one_does(service: Served) -> None:
    answer = service.client().get("/nowhere", headers=PAGE)
    assert (answer.status_code, 'href="/login"' in answer.text) == (404, True)


@pytest.mark.parametrize(("path", "accept"), [("/nowhere", "*/*"), ("/api/v1/nowhere", PAGE["Accept"])])
def test_a_program_gets_a_problem_as_ever(service: Served, path: str, accept: str) -> None:
    answer = service.signed_in("clerk").get(path, headers={"Accept": accept})
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_a_record_that_there_is_not_is_told_by_the_server(service: Served) -> None:
    client = service.signed_in("clerk")
    missing = client.get("/submissions/7", headers=PAGE)
    assert (missing.status_code, "没有这份申请" in missing.text) == (404, True)
    made = submitted(service, client)
    assert client.get(f"/submissions/{made}", headers=PAGE).status_code == 200


def test_an_empty_system_says_where_to_begin_to_each_what_they_may(service: Served) -> None:
    administrator, clerk = (service.signed_in(role) for role in ("administrator", "clerk"))
    page = administrator.get("/", headers=PAGE).text
    assert [words in page for words in ("添加同事", "看看表格", "上传第一份", "试点申请表")] == [True] * 4
    assert "添加同事" not in clerk.get("/", headers=PAGE).text
    submitted(service, clerk)
    assert "从这里开始" not in administrator.get("/", headers=PAGE).text
