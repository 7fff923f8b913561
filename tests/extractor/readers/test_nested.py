"""Tables inside the cells of a PDF's tables."""

from tests.extractor.pdfs import cells, say, typeset, written


def test_an_empty_cell_of_a_table_in_a_cell_is_a_place() -> None:
    inner = "#table(columns: (50pt, 40pt), [项目], [], [光伏], [1260])"
    found = cells(typeset(f"#table(columns: (60pt, 200pt), inset: 8pt, [任务], [{inner}])"))
    assert found[0, 1].text == "项目\t\n光伏\t1260"


def test_tables_in_cells_side_by_side_are_read_alike_though_one_touches_a_rule() -> None:
    """Met on a form for two owners of a car: the rules of the table at the right met one of the row below, so
    that its labels were cells, and those at the left lines of a single one."""
    level = [(50, 300, y) for y in (180, 200, 280, 300)]
    level += [(x, x + 105, y) for x in (60, 185) for y in (235, 270)]
    level += [(x, x + 105, 200.4) for x in (60, 185)]
    plumb = [(50, 180, 300), (300, 180, 300), (175, 200, 300), (185, 180, 200)]
    plumb += [(x + step, 200, 270) for x in (60, 185) for step in (0, 50, 105)]
    drawn = "".join(f"{x0} {y} m {x1} {y} l S\n" for x0, x1, y in level)
    drawn += "".join(f"{x} {y0} m {x} {y1} l S\n" for x, y0, y1 in plumb)
    words = (
        "".join(say(text, x, y) for x in (64, 189) for y, text in ((250, "name"), (215, "number")))
        + say("old", 60, 286)
        + say("new", 190, 286)
        + say("plate", 60, 186)
    )
    found = [cell.text for cell in cells(written(drawn + words)).values() if cell.text]
    assert found == ["old", "new", "name", "name", "number", "number", "plate"]
