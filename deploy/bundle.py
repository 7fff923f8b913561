"""Makes a folder that installs Sealform on a Debian without network: `make bundle`.

It holds a wheel of every package that runs, as requirements.lock pins it for this platform and this Python,
our own wheel, pip's, the units of systemd, the script that installs all that, and what there is to know.

`python deploy/bundle.py --machine aarch64` makes one for machines of another kind, with the same Python.
"""

import argparse
import ensurepip
import hashlib
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).parent.parent
# What of this folder goes into the bundle as it is.
COPIED = (
    "install.sh",
    "sealform.service",
    "sealform-worker@.service",
    "sealform.env",
    "README.md",
    "UPGRADE.md",
)
SUMS = "SHA256SUMS"
MACHINES = ("x86_64", "aarch64")
# The newest C library that wheels for another machine may ask for: glibc 2.36, Debian 12's.
_GLIBC = 36
_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;]+)")


def runtime_names(project: Path, machine: str = platform.machine()) -> set[str]:
    """The canonical names of every package that runs: the project's dependencies, its extras', and all that
    these need on a `machine`.

    Raises:
        PackageNotFoundError: one is not installed in this environment.
    """
    described = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    known: dict[str, set[str]] = {}
    waiting = [Requirement(text) for text in described["dependencies"]]
    waiting += [Requirement(text) for extra in described["optional-dependencies"].values() for text in extra]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name in known and wanted.extras <= known[name]:
            continue
        known[name] = known.get(name, set()) | wanted.extras
        for text in metadata.requires(name) or []:
            inner = Requirement(text)
            if inner.marker is None or any(
                inner.marker.evaluate({"extra": extra, "platform_machine": machine})
                for extra in ("", *known[name])
            ):
                waiting.append(inner)
    return set(known)


def pins(lock: str) -> Iterator[tuple[str, str, str]]:
    """(canonical name, version, the whole entry with its hashes) of every package that the text of a lock
    file pins."""
    for entry in re.split(r"\n(?=[A-Za-z0-9])", lock):
        found = _PIN.match(entry)
        if found:
            yield canonicalize_name(found["name"]), found["version"], entry


def make_bundle(project: Path, target: Path, machine: str = platform.machine()) -> None:
    """Makes `target` anew, for a `machine`.

    Raises:
        CalledProcessError: pip could not get or make a wheel.
        LookupError: a package that runs is not pinned or has no wheel for the machine, or this Python comes
            without pip's wheel.
    """
    names = runtime_names(project, machine)
    pinned = [
        (name, version, entry)
        for name, version, entry in pins((project / "requirements.lock").read_text("utf-8"))
        if name in names
    ]
    if missing := names - {name for name, _, _ in pinned}:
        raise LookupError(f"not in requirements.lock: {', '.join(sorted(missing))}")
    shutil.rmtree(target, ignore_errors=True)
    wheels = target / "wheels"
    wheels.mkdir(parents=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as chosen:
        chosen.write("\n".join(entry for _, _, entry in pinned))
        chosen.flush()
        pinned_ones = "--require-hashes", "--requirement", chosen.name
        if machine == platform.machine():
            _pip(*pinned_ones, into=wheels)
        else:
            _download(*pinned_ones, into=wheels, machine=machine)
    _pip(str(project), into=wheels)
    if machine != platform.machine() and (strange := foreign(wheels, machine)):
        raise LookupError(f"not for {machine}: {', '.join(strange)}")
    own = next(wheels.glob("sealform-*.whl")).name.split("-")[1]
    lines = [f"{name}=={version}" for name, version, _ in pinned] + [f"sealform=={own}"]
    (target / "requirements.txt").write_text("\n".join(lines) + "\n", "utf-8")
    shutil.copy(_pips_wheel(), target)
    for name in COPIED:
        shutil.copy(project / "deploy" / name, target)
    sums = _sums(target)
    # A release is called after what it holds: two bundles of one version don't share a folder.
    release = f"{own}-{hashlib.sha256(sums.encode()).hexdigest()[:8]}"
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    system = sysconfig.get_platform() if machine == platform.machine() else f"linux-{machine}"
    for name, text in (("PYTHON", python), ("PLATFORM", system), ("VERSION", release)):
        (target / name).write_text(text + "\n", "utf-8")
    (target / SUMS).write_text(_sums(target), "utf-8")


def _pip(*what: str, into: Path) -> None:
    """Gets or makes wheels; what comes as source is built by the tools that the lock pins."""
    usual = (
        "-qq",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(into),
    )
    subprocess.run([sys.executable, "-m", "pip", "wheel", *usual, *what], check=True)


def _download(*what: str, into: Path, machine: str) -> None:
    """Gets wheels for another machine; nothing can be built for it here."""
    systems = ["manylinux2014", *(f"manylinux_2_{minor}" for minor in range(17, _GLIBC + 1)), "linux"]
    usual = ["-qq", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "--dest", str(into)]
    for system in systems:
        usual += ["--platform", f"{system}_{machine}"]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    usual += ["--python-version", version, "--implementation", "cp"]
    subprocess.run([sys.executable, "-m", "pip", "download", *usual, *what], check=True)


def foreign(wheels: Path, machine: str) -> list[str]:
    """The names of the wheels in a folder that do not run on `machine`."""
    return [
        wheel.name
        for wheel in sorted(wheels.glob("*.whl"))
        if not any(
            tag.platform == "any" or tag.platform.endswith(f"_{machine}")
            for tag in parse_wheel_filename(wheel.name)[3]
        )
    ]


def _pips_wheel() -> Path:
    """The wheel of pip that this Python brings: Debian's own Python has none unless another package is
    installed."""
    places = [
        Path(ensurepip.__file__).parent / "_bundled",
        Path(sysconfig.get_config_var("WHEEL_PKG_DIR") or "/nowhere"),
    ]
    found = sorted(wheel for place in places for wheel in place.glob("pip-*.whl"))
    if not found:
        raise LookupError("this Python comes without pip's wheel; on Debian: apt-get install python3-venv")
    return found[-1]


def _sums(folder: Path) -> str:
    """The SHA-256 of every file in `folder`, as sha256sum reads it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return "".join(f"{_digest(path)}  {path.relative_to(folder)}\n" for path in files)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main(arguments: Sequence[str] | None = None) -> None:
    """Makes the bundle and says how large it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "dist/sealform-bundle")
    parser.add_argument("--machine", choices=MACHINES, default=platform.machine())
    given = parser.parse_args(arguments)
    target = given.output
    make_bundle(ROOT, target, given.machine)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    print(f"{target}: {len(list((target / 'wheels').iterdir()))} wheels, {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
