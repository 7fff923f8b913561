"""How many places of forms of another writer can be filled in their own files, and are read back: each form
is drafted, filled as its own template with an invented record, and read."""

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

from benchmarks.drafts.forms import Form
from benchmarks.drafts.written import add_forms, forms_asked
from extractor import Source, draft_form, extract, spots_in
from generator import generate_from, new_identity
from models.form import FormDefinition
from service.forms.drafts import field_name
from service.forms.trials import random_record


def main() -> None:
    """Print how many fields are placed, how many read back right, and each that isn't."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_forms(parser)
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    for seed, form in enumerate(forms_asked(given), given.first):
        _measure(form, seed, counts)
    print(dict(counts))


def _measure(drawn: Form, seed: int, counts: Counter[str]) -> None:
    form = FormDefinition.model_validate(draft_form(drawn.blank, "drafted", field_name).form)
    spots, unplaced = spots_in(form, drawn.blank)
    record = random_record(form, Random(seed))
    made, more = generate_from(drawn.blank, form, new_identity(form), spots, record)
    lacking = {one.title for one in (*unplaced, *more)}
    for one in dict.fromkeys((*unplaced, *more)):
        print(f"{seed} {drawn.title}：{one}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.docx")
        path.write_bytes(made.data)
        (result,) = extract(Source(path.name, path), {form.name: form})
    for name, value in record.values.items():
        title = form.titles[name]
        if title in lacking:
            counts["told"] += 1
            continue
        read = result.fields[name] if not result.error else None
        right = read is not None and read.value == value
        state = "right" if right else "silent" if read and read.decision == "accept" else "wrong"
        counts[state] += 1
        if not right:
            print(f"{seed} {drawn.title}：“{title}”填 {value}，读成 {read and read.value}（{state}）")


if __name__ == "__main__":
    main()
