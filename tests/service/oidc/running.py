"""A real identity provider of our own, and a browser that signs in there."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

_HERE = Path(__file__).parent
_INSTALL_SECONDS = 300
BACK = "http://127.0.0.1:8000/login/provider/back"
CLIENT, SECRET, OTHER_CLIENT = "sealform", "a secret of client and provider 0123", "another-system"


@dataclass(frozen=True)
class Running:
    """A provider that runs at `address`."""

    address: str

    def sign_in(self, url: str, subject: str) -> str:
        """Goes to `url`, signs in as `subject` and agrees; the address at which the browser would be sent
        back to us, with its code."""
        with httpx.Client(timeout=20) as browser:
            answer = browser.get(url)
            for _ in range(20):
                if answer.is_redirect:
                    place = urljoin(str(answer.url), answer.headers["location"])
                    if not place.startswith(self.address):
                        return place
                    answer = browser.get(place)
                    continue
                form = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
                assert form, answer.text
                fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)"', answer.text))
                filled = {**fields, "login": subject, "password": "any"}
                answer = browser.post(urljoin(str(answer.url), form[1]), data=filled)
        raise AssertionError("the provider goes round in circles")


def installed(folder: Path) -> Path:
    """`folder`, in which the provider is installed as package-lock.json pins it."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("needs npm and node: they are not on the path")
    for name in ("package.json", "package-lock.json", ".npmrc", "provider.mjs"):
        shutil.copy(_HERE / name, folder)
    subprocess.run(
        [npm, "ci", "--ignore-scripts"], cwd=folder, check=True, capture_output=True, timeout=_INSTALL_SECONDS
    )
    return folder


@contextmanager
def running(
    folder: Path, people: Mapping[str, Mapping[str, Any]], *, conforming: bool = True,
    issuer: str | None = None,
) -> Iterator[Running]:  # fmt: skip
    """Starts the provider that is installed in `folder`, and ends it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    common = {"redirect_uris": [BACK], "post_logout_redirect_uris": ["http://127.0.0.1:8000/login"]}
    clients = [
        {"client_id": CLIENT, "client_secret": SECRET, **common},
        {"client_id": OTHER_CLIENT, "token_endpoint_auth_method": "none", **common},
    ]
    told = {"port": port, "issuer": issuer, "people": people, "clients": clients, "conforming": conforming}
    process = subprocess.Popen(
        ["node", "provider.mjs"], cwd=folder, env={**os.environ, "PROVIDER": json.dumps(told)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(address, process)
        yield Running(address)
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError("the provider ended")
        try:
            httpx.get(f"{address}/.well-known/openid-configuration").raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise RuntimeError("the provider does not answer")
