"""Symbols of which a paper says nothing, and sections that are read again."""

from dataclasses import replace

from empirics.report.figures.bounds import usual_ranges
from empirics.report.sections import Section, SectionTable, sections, write_section
from theory import claim


def test_a_symbol_without_usual_values_has_its_least_one():
    item = claim("ood-error-literal")
    silent = replace(
        item, source=replace(item.source, paper=replace(item.paper, usual=())), premises=type(item.premises)()
    )
    ranges = usual_ranges(silent, {})
    axis, *others = silent.symbols
    assert list(ranges) == [axis, *others]
    assert len(ranges[axis]) > 50
    assert [ranges[name] for name in others] == [(1,)] * len(others)


def test_a_section_with_tables_is_read_as_it_was_written(tmp_path):
    tables = tuple(SectionTable(caption=name, columns=("a", "b"), rows=((1, None), ("x", 2.5))) for name in "xy")
    section = Section(id="mine", title="Mine", tables=tables)
    assert write_section(section, tmp_path) == tmp_path / "sections" / "mine.json"
    assert sections(tmp_path) == [(section, [])]
