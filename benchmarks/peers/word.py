"""Runs in the peers' own environment: reads Word files with docx2python and mammoth, and prints the output as
JSON.

For each peer and file it gives the CPU seconds of each round, and the text. Check boxes that the peer
recognises are written ☑ and ☐ in it.
"""

import json
import re
import sys
import time

import mammoth
from docx2python import docx2python


def by_docx2python(path: str) -> str:
    with docx2python(path) as document:
        return document.text


def by_mammoth(path: str) -> str:
    with open(path, "rb") as file:
        html = mammoth.convert_to_html(file).value
    html = re.sub(r'<input type="checkbox" checked[^>]*>', "☑", html)
    return re.sub(r"<[^>]+>", "\n", re.sub(r'<input type="checkbox"[^>]*>', "☐", html))


def main() -> None:
    rounds, paths = int(sys.argv[1]), sys.argv[2:]
    found = {}
    for name, read in (("docx2python", by_docx2python), ("mammoth", by_mammoth)):
        read(paths[0])  # what is loaded at first use is not part of reading
        for path in paths:
            times, text = [], ""
            for _ in range(rounds):
                start = time.process_time()
                text = read(path)
                times.append(time.process_time() - start)
            found.setdefault(name, {})[path] = {"seconds": times, "text": text}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
