"""What `sealform doctor` looks at, and when it says that something is broken."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from service.settings import Settings
from service.upkeep import doctor
from service.upkeep.doctor import OPTIONAL, REQUIRED, WEIGHTS, check_weights, examine
from tests.service.databases import sqlite

# Of an installation that has never served.
SETTINGS = Settings(data=Path("/nowhere/data"))
PROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))["project"]


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9._-]", requirement)[0] for requirement in requirements}


def test_it_looks_at_exactly_what_the_project_depends_on() -> None:
    assert set(REQUIRED) == _names(PROJECT["dependencies"])
    assert set(OPTIONAL) == {
        name for extra in PROJECT["optional-dependencies"].values() for name in _names(extra)
    }


def test_the_weights_in_the_wheel_are_the_ones_that_were_measured() -> None:
    found = {item.name: item for item in examine(SETTINGS)}
    assert {name: found[name].state for name in WEIGHTS} == dict.fromkeys(WEIGHTS, "ok")


def test_weights_that_were_changed_are_broken(tmp_path: Path) -> None:
    name = next(iter(WEIGHTS))
    path = tmp_path / name
    path.write_bytes(b"not the model")
    item = check_weights(name, path)
    assert item.broken
    assert WEIGHTS[name] in item.cost
    assert check_weights(name, tmp_path / "none").state == "missing"
    assert check_weights(name, None).state == "missing"


def test_missing_optional_parts_are_told_with_cost_and_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program: None)
    monkeypatch.setattr(doctor, "_version", lambda name: None if name in OPTIONAL else "1.0")
    missing = {item.name: item for item in examine(SETTINGS) if item.state == "missing"}
    assert {"LibreOffice", "中文字体", *OPTIONAL} <= set(missing)
    assert all(item.cost and item.remedy and not item.broken for item in missing.values())
    assert "libreoffice-writer-nogui" in missing["LibreOffice"].remedy


def test_a_missing_library_that_is_required_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "lxml" else "1.0")
    assert [item.name for item in examine(SETTINGS) if item.broken] == ["lxml"]


def test_the_command_tells_all_as_json_and_as_a_table(run) -> None:
    ran = run("doctor", "--json")
    assert ran.code == 0
    items = json.loads(ran.out)
    table = run("doctor")
    assert table.code == 0
    assert all(item["name"] in table.out for item in items)


def test_the_command_fails_where_something_is_broken(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WEIGHTS, "ppocrv6_det.onnx", "0" * 64)
    ran = run("doctor")
    assert ran.code == 1
    assert "有误" in ran.out


def test_a_service_that_nobody_has_started_is_not_told_as_missing(run) -> None:
    out = run("doctor").out
    assert "服务 未启用：" in out
    assert "服务 未安装" not in out


def _states(settings: Settings) -> dict[str, tuple[str, bool]]:
    names = ("服务", "数据文件夹", "数据库", "文件存储")
    return {item.name: (item.state, item.broken) for item in examine(settings) if item.name in names}


def test_what_the_service_keeps_is_looked_at_once_there_is_a_service(tmp_path: Path) -> None:
    assert _states(SETTINGS) == {"服务": ("unused", False)}
    settings = Settings(data=tmp_path)
    assert _states(settings)["数据库"] == ("unused", False)
    assert not (tmp_path / "sealform.db").exists()
    with sqlite(tmp_path) as database:
        assert set(_states(settings).values()) == {("ok", False)}
        with database.write() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert _states(settings)["数据库"] == ("broken", True)


def test_a_service_whose_places_are_out_of_reach_is_broken(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    settings = Settings(
        data=tmp_path,
        database="postgresql://user:secret@127.0.0.1:1/none",
        blobs=str(tmp_path / "file/blobs"),
    )
    assert _states(settings) == {
        "数据文件夹": ("ok", False),
        "数据库": ("broken", True),
        "文件存储": ("broken", True),
    }
    assert not any("secret" in item.found for item in examine(settings))
