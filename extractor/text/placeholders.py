"""The texts that programs put into empty places. They are print of the form and never an answer."""

STANDARD_PLACEHOLDERS = frozenset(
    [
        "单击或点击此处输入文字。",
        "单击此处输入文字。",
        "点击此处输入文字。",
        "单击或点击以输入日期。",
        "单击此处输入日期。",
        "选择一项。",
        "Click or tap here to enter text.",
        "Click here to enter text.",
        "Click or tap to enter a date.",
        "Choose an item.",
    ]
)
