"""The page about definitions tells the truth: its examples load, and every key is on it."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from models.fields import Field
from models.form import FormCell, FormDefinition, FormRow, Printed
from service.forms.definitions import load_form, problems

PAGE = (Path(__file__).parents[3] / "docs" / "definitions.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_loads_without_a_problem(number: int, tmp_path: Path) -> None:
    path = tmp_path / "form.yaml"
    path.write_text(EXAMPLES[number], "utf-8")
    assert problems(path) == []
    assert load_form(path).rows


def _kinds() -> list[type[BaseModel]]:
    return list(Field.__args__[0].__args__)  # type: ignore[attr-defined]


def test_every_key_is_on_the_page() -> None:
    keys = {
        name
        for model in (FormDefinition, FormRow, FormCell, Printed, *_kinds())
        for name in model.model_fields
    }
    assert {name for name in keys if f"`{name}`" not in PAGE} == set()


def test_every_kind_is_on_the_page_and_in_an_example() -> None:
    kinds = {model.model_fields["kind"].annotation.__args__[0] for model in (Printed, *_kinds())}  # type: ignore[union-attr]
    assert {kind for kind in kinds if f"`{kind}`" not in PAGE} == set()
    assert {kind for kind in kinds if f"kind: {kind}" not in "".join(EXAMPLES)} == set()
