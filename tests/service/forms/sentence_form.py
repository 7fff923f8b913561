"""A form whose answers stand among printed words: beside options, and in the blanks of a sentence."""

from models.form import FormDefinition

FORM = FormDefinition.model_validate(
    {
        "name": "career",
        "version": "1",
        "title": "职业经历证明申请表",
        "columns": [3, 5.5, 3, 5.5],
        "rows": [
            {
                "cells": [
                    {"label": "姓名", "content": [{"kind": "text", "name": "person"}]},
                    {"label": "电话", "content": [{"kind": "phone", "name": "phone"}]},
                ]
            },
            {
                "cells": [
                    {
                        "label": "取得方式",
                        "columns": 3,
                        "content": [
                            {"kind": "choice", "name": "ways", "options": ["考试", "评审", "其他"]},
                            {"kind": "text", "name": "other_way", "beside": "其他"},
                        ],
                    }
                ]
            },
            {
                "cells": [
                    {
                        "label": "带徒情况",
                        "columns": 3,
                        "content": [
                            {"kind": "choice", "name": "taught", "options": ["无", "有", "计划"], "max": 1},
                            {
                                "kind": "number",
                                "name": "learners",
                                "beside": "有",
                                "unit": "人",
                                "prompt": "，共",
                                "whole": True,
                            },
                            {"kind": "month", "name": "planned", "beside": "计划", "prompt": "，时间为"},
                        ],
                    }
                ]
            },
            {
                "cells": [
                    {
                        "label": "工作经历",
                        "columns": 3,
                        "content": [
                            {"kind": "printed", "text": "本人"},
                            {"kind": "text", "name": "me", "label": "本人姓名", "inline": True},
                            {
                                "kind": "month",
                                "name": "began",
                                "label": "开始",
                                "prompt": "于",
                                "inline": True,
                            },
                            {
                                "kind": "month",
                                "name": "ended",
                                "label": "结束",
                                "prompt": "至",
                                "inline": True,
                            },
                            {
                                "kind": "text",
                                "name": "place",
                                "label": "所在单位",
                                "prompt": "在",
                                "inline": True,
                            },
                            {"kind": "printed", "text": "单位从事相关工作，特此说明。", "inline": True},
                        ],
                    }
                ]
            },
        ],
    }
)
