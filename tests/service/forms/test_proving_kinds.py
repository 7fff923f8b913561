"""Kinds that prove themselves, as a form: out as Word and as PDF, and back from both and from a scan."""

import pytest

from extractor import Options
from models.form import FormDefinition
from service.forms.trials import trial

_KINDS = ("money", "division", "credit-code", "id-card", "bank-account", "postcode")
_FORM = FormDefinition.model_validate(
    {
        "name": "proving",
        "version": "1",
        "title": "合同备案表",
        "columns": [4, 5, 4, 5],
        "rows": [
            *(
                {
                    "cells": [
                        {
                            "label": f"第{number}栏",
                            "columns": 3,
                            "content": [{"kind": kind, "name": f"f{number}"}],
                        }
                    ]
                }
                for number, kind in enumerate(_KINDS)
            ),
            {
                "cells": [
                    {
                        "label": "明细",
                        "columns": 3,
                        "content": [
                            {
                                "kind": "rows",
                                "name": "items",
                                "columns": [
                                    {"label": "名称", "field": {"kind": "text", "name": "item"}},
                                    {
                                        "label": "金额",
                                        "columns": 2,
                                        "field": {"kind": "money", "name": "sum"},
                                    },
                                ],
                            }
                        ],
                    }
                ]
            },
        ],
    }
)


@pytest.mark.parametrize("scanned", [False, pytest.param(True, marks=pytest.mark.accept)])
def test_each_kind_is_read_back_as_it_was_written(scanned: bool) -> None:
    copies = 5 if scanned else 1
    readings = list(trial(_FORM, None, Options(), copies=copies, scanned=scanned))
    assert len(readings) == len(_FORM.fields) * copies * (3 if scanned else 2)
    assert [one for one in readings if one.is_silent] == []
    assert [one for one in readings if not one.is_right and one.way != "扫描件"] == []
    typed = [one for one in readings if one.way != "扫描件"]
    assert all(one.is_accepted for one in typed)
    if scanned:
        proved = [one for one in readings if one.way == "扫描件" and one.title in ("第0栏", "第1栏")]
        # Both writings of an amount, and a name of the table, are evidence enough.
        assert sum(one.is_accepted for one in proved) >= 0.7 * len(proved)
