import re

from tests.service.web.serving import Served


def test_what_a_page_loads_is_kept_for_good_under_its_edition_and_looked_up_again_elsewhere(
    service: Served,
) -> None:
    client = service.client()
    page = client.get("/login").text
    paths = re.findall(r'(?:src|href)="(/static/[^"#]+)"', page)
    assert len(paths) > 3
    for path in paths:
        answer = client.get(path)
        assert (path, answer.status_code) == (path, 200)
        assert "immutable" in answer.headers["cache-control"]
    plain = re.sub(r"/static/[0-9a-f]{16}/", "/static/", paths[0])
    assert client.get(plain).headers["cache-control"] == "no-cache"
    assert client.get(plain.replace("/static/", "/static/0123456789abcdef/")).status_code == 404
