from __future__ import annotations

import re
import sys

import pytest
from pygal import PluginImportFixer

from sesauditd.report.plots import columns, named, scale


@pytest.mark.parametrize("highest", [0, 1, 3, 4, 5, 9, 17, 41, 100, 999, 1001, 123_456, 10**9])
def test_the_scale_ends_just_above_the_highest_value(highest: int) -> None:
    steps = scale(highest)
    assert steps[0] == 0
    assert steps[-1] >= highest
    assert steps[-1] <= max(4, 2.5 * highest + 4)


@pytest.mark.parametrize("count", [0, 1, 5, 7, 8, 14, 60])
def test_few_weeks_are_named_and_always_the_last(count: int) -> None:
    names = named([f"W{number}" for number in range(count)])
    assert len(names) == count
    assert sum(map(bool, names)) <= 7
    assert not names or names[-1]


def test_a_plot_has_no_script_no_style_and_its_numbers_as_columns() -> None:
    plot = columns("<b>Mail</b>", ["W1", "<i>"], [("hard", [1, 2]), ("soft", [0, 5])])
    assert set(re.findall(r"<(\w+)", plot.svg)) <= {"svg", "g", "rect", "path", "text"}
    assert 'aria-label="&lt;b&gt;Mail&lt;/b&gt;"' in plot.svg
    assert not re.search(r" (?:style|id|on\w+)=", plot.svg)
    assert plot.svg.count('class="rect reactive tooltip-trigger"') == 4


def test_the_library_leaves_no_hook_behind() -> None:
    assert not [one for one in sys.meta_path if isinstance(one, PluginImportFixer)]
