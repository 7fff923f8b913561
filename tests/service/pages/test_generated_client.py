"""A client that a generator of others makes of the description, before the real service: the lines of
`docs/api.zh.md`, and then all that another system does. The generator wants other editions of libraries that
we pin, so it lives in an environment of its own, by its own lock; whoever has no package index goes
without."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service.pages.samples import filled
from tests.service.pages.serving import ROOT, Service

LOCK = Path(__file__).parent / "client_generator/requirements.lock"
TEXT = (ROOT / "docs/api.zh.md").read_text("utf-8").partition("## 六、生成客户端")[2]
(GENERATE,) = re.findall(r"^openapi-python-client generate .*$", TEXT, re.MULTILINE)
(PYTHON,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
_INSTALL_SECONDS = 180

# Goes on where the guide ends: the same key again, a list, a change, one that comes too late, a decision,
# and a file.
MORE = """
from sealform_client.api.export import export_columns, export_counts, export_export
from sealform_client.api.submissions import editing_change_fields, editing_decide, submissions_index
from sealform_client.models import (
    ExportExportFormatType0, FieldChange, FieldChanges, SubmissionsIndexSort, Verdict, VerdictMove,
)

body = UploadsReceiveBody(files=[File(open("申请表.docx", "rb"), "申请表.docx")])
again = uploads_receive.sync(client=client, body=body, idempotency_key="mail-20260305-19")
assert again.uploads[0].id == made.uploads[0].id
listed = submissions_index.sync(client=client, sort=SubmissionsIndexSort.URGENCY, limit=200)
assert found.id in {one.id for one in listed.items}
fields = found.fields.additional_properties
name = next(name for name, one in fields.items() if isinstance(one.value, str) and one.text)
field = fields[name]
seen = f'"{found.version}"'
changes = FieldChanges(changes=[FieldChange(field=name, text=field.text)])
changed = editing_change_fields.sync(found.id, client=client, body=changes, if_match=seen)
assert changed.fields[name].state == "confirmed"
verdict = Verdict(move=VerdictMove.ACCEPT, reason="由生成的客户端受理")
late = editing_decide.sync_detailed(found.id, client=client, body=verdict, if_match=seen)
assert late.status_code == 409 and b"stale" in late.content
for name, one in changed.fields.additional_properties.items():
    if one.state == "doubtful":
        text = {"text": one.text} if isinstance(one.text, str) else {}
        change = FieldChange(field=name, **text)
        changed = editing_change_fields.sync(
            found.id, client=client, body=FieldChanges(changes=[change]), if_match=f'"{changed.version}"'
        )
decided = editing_decide.sync(found.id, client=client, body=verdict, if_match=f'"{changed.version}"')
assert decided.status == "accepted", decided
taken = export_changes.sync(client=client, after=0, limit=200).items
taken = next(one for one in taken if one.id == found.id)
assert name in taken.fields.additional_properties
assert export_counts.sync(client=client, form=decided.form).records >= 1
columns = [one.name for one in export_columns.sync(client=client, form=decided.form).items]
file = export_export.sync_detailed(
    client=client, format_=ExportExportFormatType0.CSV, form=decided.form, columns=",".join(columns[:3])
)
assert str(found.id) in file.content.decode("utf-8-sig")
print("done")
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the generator and what its clients need."""
    folder = tmp_path_factory.mktemp("generator")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    install = ["--python", str(python), "install", "--quiet", "--no-compile", "--require-hashes", "-r"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *install, str(LOCK)],
        capture_output=True, text=True, timeout=_INSTALL_SECONDS,
    )  # fmt: skip
    if "No matching distribution" in done.stderr or "ConnectionError" in done.stderr:
        pytest.skip("needs a package index: " + done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    return python


@pytest.fixture(scope="module")
def environment(service: Service, python: Path) -> dict[str, str]:
    made = service.administrator.ask(
        "POST",
        "/tokens",
        json={"name": "生成的客户端", "scopes": ["upload", "see", "correct", "decide", "export"]},
    )
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    return {
        **{name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")},
        "SEALFORM": service.url, "TOKEN": made["token"], "NO_PROXY": "127.0.0.1", "PATH": path,
    }  # fmt: skip


def test_a_generator_makes_a_client_that_does_all_that_another_system_does(
    python: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    made = subprocess.run(
        ["sh", "-c", GENERATE], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert (tmp_path / "sealform_client/api").is_dir(), made.stdout + made.stderr
    # All but the bytes of pictures and files, which it hands over unread.
    unread = re.findall(r"Unsupported content_type (\S+?)\)", made.stdout + made.stderr)
    assert not [kind for kind in unread if kind.endswith("json")]
    # Of a unit that no other test has, since what looks like another one can't be accepted.
    shutil.copy(filled(tmp_path, 690), tmp_path / "申请表.docx")
    ran = subprocess.run(
        [str(python), "-c", PYTHON + MORE],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.endswith("done\n")
