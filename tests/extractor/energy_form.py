"""Rows of a form about energy that several tests read: words, numbers, a telephone number, a table inside, a
long text."""

from typing import Any

from models.form import FormDefinition

SOURCES: dict[str, Any] = {
    "cells": [
        {
            "label": "主要能源",
            "label_columns": 1,
            "columns": 3,
            "content": [
                {
                    "kind": "rows",
                    "name": "sources",
                    "columns": [
                        {"label": "品种", "columns": 1, "field": {"kind": "text", "name": "source"}},
                        {
                            "label": "数量",
                            "columns": 2,
                            "field": {"kind": "number", "name": "used", "unit": "吨"},
                        },
                    ],
                }
            ],
        }
    ]
}
_PLAIN: list[dict[str, Any]] = [
    {"cells": [{"label": "项目名称", "columns": 3, "content": [{"kind": "text", "name": "project"}]}]},
    {
        "cells": [
            {"label": "综合能耗", "content": [{"kind": "number", "name": "energy", "unit": "吨"}]},
            {"label": "联系电话", "content": [{"kind": "phone", "name": "phone"}]},
        ]
    },
    {
        "cells": [
            {"label": "建筑面积", "columns": 3, "content": [{"kind": "number", "name": "area", "unit": "m²"}]}
        ]
    },
]
_POLICY: dict[str, Any] = {
    "cells": [{"label": "管理政策", "columns": 3, "content": [{"kind": "prose", "name": "policy"}]}]
}


def energy_form(name: str, *inner: dict[str, Any]) -> FormDefinition:
    """The form, with the rows `inner` before its last."""
    rows = [*_PLAIN, *inner, _POLICY]
    return FormDefinition.model_validate(
        {"name": name, "version": "1", "title": "用能表", "columns": [3, 5, 3, 5], "rows": rows}
    )
