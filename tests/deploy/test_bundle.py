"""The folder that installs without network: its parts, and the whole of it with the network cut."""

import ast
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.bundle import COPIED, ROOT, foreign, make_bundle, pins, runtime_names
from service.upkeep.doctor import OPTIONAL, REQUIRED

DEPLOY = ROOT / "deploy"
UNITS = ("sealform.service", "sealform-worker@.service")
HARDENING = (
    "NoNewPrivileges=yes", "ProtectSystem=strict", "ReadWritePaths=/var/lib/sealform", "PrivateTmp=yes",
    "ProtectHome=yes",
    "CapabilityBoundingSet=", "MemoryMax=8G",
)  # fmt: skip
SCAN = "scan_stamped.pdf"


def _needs(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"needs {program}")
    return found


def test_everything_that_runs_is_pinned_with_its_hashes_and_nothing_else_comes_along() -> None:
    pinned = {name: entry for name, _, entry in pins((ROOT / "requirements.lock").read_text("utf-8"))}
    names = runtime_names(ROOT)
    assert names - set(pinned) == set()
    assert {*REQUIRED, *OPTIONAL} - {"pdfminer.six"} <= names
    assert names & {"pytest", "mypy", "ruff", "playwright", "hatchling"} == set()
    assert [name for name in names if "--hash=sha256:" not in pinned[name]] == []


def test_the_lock_is_read_whole() -> None:
    text = (ROOT / "requirements.lock").read_text("utf-8")
    assert len(list(pins(text))) == len(re.findall(r"^[A-Za-z0-9].*==", text, re.MULTILINE))


def test_another_machine_needs_what_is_pinned_too() -> None:
    pinned = {name for name, _, _ in pins((ROOT / "requirements.lock").read_text("utf-8"))}
    assert runtime_names(ROOT, "aarch64") - pinned == set()


def test_a_wheel_for_another_machine_is_named(tmp_path: Path) -> None:
    tags = (
        "py3-none-any",
        "cp311-cp311-manylinux2014_aarch64.manylinux_2_17_aarch64",
        "cp311-abi3-linux_x86_64",
    )
    for number, tag in enumerate(tags):
        (tmp_path / f"some{number}-1.0-{tag}.whl").touch()
    assert foreign(tmp_path, "aarch64") == [f"some2-1.0-{tags[2]}.whl"]


def test_the_install_script_is_a_script_of_the_plainest_shell() -> None:
    for shell in ("bash", "dash"):
        if shutil.which(shell):
            subprocess.run([shell, "-n", str(DEPLOY / "install.sh")], check=True)
    assert os.access(DEPLOY / "install.sh", os.X_OK)


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_understood_by_systemd_and_may_do_little(name: str, tmp_path: Path) -> None:
    text = (DEPLOY / name).read_text("utf-8")
    assert [line for line in HARDENING if line not in text.splitlines()] == []
    program = _needs("systemd-analyze")
    # It looks for the program that a unit starts.
    unit = tmp_path / name
    unit.write_text(text.replace("/opt/sealform/current/bin/sealform", "/bin/true"), "utf-8")
    told = subprocess.run(
        [program, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stderr) == (0, "")


def test_both_units_run_in_the_same_cage() -> None:
    cages = [(DEPLOY / name).read_text("utf-8").partition("NoNewPrivileges")[2] for name in UNITS]
    settings = [[line for line in cage.splitlines() if line and not line.startswith("#")] for cage in cages]
    assert settings[0] == settings[1]


def test_the_environment_names_only_settings_that_there_are() -> None:
    named = set(
        re.findall(r"^#?(SEALFORM_[A-Z_]+)=", (DEPLOY / "sealform.env").read_text("utf-8"), re.MULTILINE)
    )
    known = {
        node.value
        for node in ast.walk(ast.parse((ROOT / "service/settings.py").read_text("utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith("SEALFORM_")
    }
    assert len(named) >= 6
    assert named - known == set()


def test_a_server_without_the_libraries_of_opencv_says_so_and_blames_no_file(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from extractor import Options, Source\n"
        "from service.processes.pool import read_submission; from "
        "service.forms.definitions import load_forms\n"
        "(line,) = read_submission(Source.at(Path(sys.argv[1])), load_forms(), Options())\n"
        "print(line['error']['code'], 'libgl1' in line['error']['message'])"
    )
    command = [sys.executable, "-c", code, str(ROOT / "fixtures/inbox" / SCAN)]
    (tmp_path / "cv2.py").write_text(
        "raise ImportError('libGL.so.1: cannot open shared object file')", "utf-8"
    )
    told = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert told.stdout.split() == ["ocr-unavailable", "True"]


@pytest.mark.accept
def test_it_installs_and_reads_a_scan_with_the_network_cut(tmp_path: Path) -> None:
    bundle, prefix = tmp_path / "bundle", tmp_path / "prefix"
    make_bundle(ROOT, bundle)
    assert {path.name for path in bundle.iterdir()} >= set(COPIED)
    wheels = {
        re.sub(r"[-_.]+", "-", path.name.split("-")[0]).lower() for path in (bundle / "wheels").iterdir()
    }
    assert wheels == runtime_names(ROOT) | {"sealform"}
    plain = [path.read_text("utf-8") for path in bundle.iterdir() if path.is_file() and path.suffix != ".whl"]
    assert [word for word in (socket.gethostname(), str(ROOT)) if any(word in text for text in plain)] == []

    def cut_off(*command: str) -> str:
        environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
        whole = [_needs("unshare"), "--map-root-user", "--net", *command]
        return subprocess.run(
            whole, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
        ).stdout

    cut_off(str(bundle / "install.sh"), "--prefix", str(prefix), "--python", sys.executable, "--no-system")
    sealform = str(prefix / "current/bin/sealform")
    states = {item["name"]: item["state"] for item in json.loads(cut_off(sealform, "doctor", "--json"))}
    assert [name for name in (*REQUIRED, *OPTIONAL, "OpenCV") if states[name] != "ok"] == []
    cut_off(sealform, "blank", "pilot-application", "-o", str(tmp_path / "blank.pdf"))
    line = json.loads(cut_off(sealform, "extract", str(ROOT / "fixtures/inbox" / SCAN)).splitlines()[0])
    assert (line["error"], line["form"]) == (None, "pilot-application")
    # Again is nothing new, and a damaged one is refused.
    cut_off(str(bundle / "install.sh"), "--prefix", str(prefix), "--python", sys.executable, "--no-system")
    (bundle / "UPGRADE.md").write_text("changed", "utf-8")
    with pytest.raises(subprocess.CalledProcessError):
        cut_off(
            str(bundle / "install.sh"), "--prefix", str(prefix), "--python", sys.executable, "--no-system"
        )
