"""`python -m benchmarks.machines [FILES] [NAME]` lets the service run on three machines in network
namespaces, with PostgreSQL and S3 on a fourth and a proxy before two of the three, and lets eight troubles
befall them while FILES (2,000 unless said) are uploaded and read: an act each, or those alone whose names
hold NAME. Prints how each went; ends with 1 where anything was lost or doubled, or the log is not whole.

Needs root, `ip` (Debian: iproute2), the programs of PostgreSQL, a compiler of C, and a package index for the
S3 server, which is put into `.venv-machines` once.
"""

import sys
import tempfile
from pathlib import Path

from benchmarks.machines import acts, network, shared
from benchmarks.machines.site import MACHINES, ROOT, compiler, site
from benchmarks.machines.troubles import TROUBLES
from service.forms.definitions import load_forms

FILES = 2000


def main(count: int = FILES, wanted: str = "") -> int:
    """Plays the acts whose names hold `wanted`, and judges."""
    if not network.is_possible() or shared.binaries() is None or compiler() is None:
        print("needs root, ip, the programs of PostgreSQL, and a compiler of C", file=sys.stderr)
        return 2
    program = shared.s3_server(ROOT / ".venv-machines")
    form = next(iter(load_forms().values()))
    troubles = [one for one in TROUBLES if wanted in one.name]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with site(folder, program) as running:
            for machine in MACHINES:
                running.start(machine)
            running.wait_until_ready()
            outs = []
            for number, trouble in enumerate(troubles):
                files = folder / f"files-{number}"
                share = count // len(troubles) + (number < count % len(troubles))
                acts.make_files(files, share, form, number)
                act = acts.play(running, trouble, files)
                print(act, *(f"\n    {times} × {why}" for why, times in act.refused.items()), flush=True)
                outs.append(folder / f"{files.name}.jsonl")
                running.wait_until_ready()
            verdict = acts.judge(running.database, outs)
    print(verdict)
    return int(bool(verdict.lost or verdict.doubled or verdict.amiss))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else FILES, *sys.argv[2:3]))
