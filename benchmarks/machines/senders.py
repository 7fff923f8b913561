"""Who uploads: `python -m benchmarks.machines.senders ADDRESS TOKEN FOLDER COUNT OUT` sends every file of a
folder, COUNT at a time, each as often as it takes, with its name as the key of the request; and writes a line
of JSON of each once it was taken: its name, the number of the upload, how often it was sent, why it was not
taken before, and the seconds until it was."""

import json
import sys
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue

import httpx

_SECONDS, _PAUSE = 20.0, 0.5


def main(address: str, token: str, folder: Path, count: int, out: Path) -> None:
    waiting: SimpleQueue[Path] = SimpleQueue()
    for path in sorted(folder.iterdir()):
        waiting.put(path)
    lock = threading.Lock()

    def send() -> None:
        with httpx.Client(
            base_url=address, timeout=_SECONDS, headers={"Authorization": f"Bearer {token}"}
        ) as to:
            while True:
                try:
                    path = waiting.get_nowait()
                except Empty:
                    return
                line = json.dumps(_sent(to, path))
                with lock, out.open("a") as file:
                    file.write(line + "\n")

    threads = [threading.Thread(target=send) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _sent(to: httpx.Client, path: Path) -> dict[str, object]:
    started, tries, refused = time.monotonic(), 0, list[str]()
    while True:
        tries += 1
        try:
            files = [("files", (path.name, path.read_bytes()))]
            answer = to.post("/api/v1/uploads", headers={"Idempotency-Key": path.stem}, files=files)
            if answer.status_code == 201:
                (upload,) = answer.json()["uploads"]
                took = time.monotonic() - started
                return {
                    "name": path.name,
                    "upload": upload["id"],
                    "tries": tries,
                    "seconds": took,
                    "refused": refused,
                }
            refused.append(f"{answer.status_code} {answer.text[:80]}")
        except httpx.TransportError as error:
            refused.append(type(error).__name__)
        time.sleep(_PAUSE)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]))
