"""Plots of weekly counts as SVG, for pages and files: no script, no style of their own."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from pygal import PluginImportFixer, StackedBar

from sesauditd.report.plain import cleaned, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.report.counts import WeekCounts

# The library hooks itself into every later import, for maps of its own, in a way that Python 3.12
# took away.
sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, PluginImportFixer)]

WIDTH, HEIGHT = 520, 220
"""Of the drawing; the page scales it."""
LABELS = 7
"""Weeks that are named below a plot, so that no name runs into the next."""
STEPS = 4
_SVG = "{http://www.w3.org/2000/svg}"
_UNWANTED = frozenset({"defs", "desc", "title", "script", "style"})
_TOOLTIPS = frozenset({"plot overlay", "plot text-overlay", "tooltip-overlay"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One drawing, and in words what it shows, for whoever cannot see it."""

    title: str
    svg: str
    series: tuple[str, ...]
    """What the columns stand for, from the foot upwards: the stylesheet's series-0, series-1."""

    def __html__(self) -> str:
        """Return the drawing for a template that escapes: it is made of numbers and own words."""
        return self.svg


def weekly_plots(weeks: Sequence[WeekCounts]) -> tuple[Plot, ...]:
    """Return what was mailed, and what came back, a column a week."""
    names = [one.week.partition("-")[2] for one in weeks]
    return (
        columns("Recipients mailed, by week", names, [("mailed", [one.mailed for one in weeks])]),
        columns(
            "Bounces and complaints, by week",
            names,
            [
                ("hard bounces", [one.hard_bounces for one in weeks]),
                ("soft bounces", [one.soft_bounces for one in weeks]),
                ("complaints", [one.complaints for one in weeks]),
            ],
        ),
    )


def columns(title: str, names: Sequence[str], series: Sequence[tuple[str, Sequence[int]]]) -> Plot:
    """Return stacked columns, one for each name; the counts of a series stand in that order."""
    highest = max(
        (sum(each) for each in zip(*(values for _, values in series), strict=True)), default=0
    )
    steps = scale(highest)
    chart = StackedBar(
        css=(),
        js=(),
        width=WIDTH,
        height=HEIGHT,
        margin=4,
        spacing=8,
        show_legend=False,
        disable_xml_declaration=True,
        no_prefix=True,
        range=(0, steps[-1]),
        y_labels=steps,
        formatter=lambda value: number(round(value)),
    )
    chart.x_labels = [cleaned(one) for one in named(names)]
    for name, values in series:
        chart.add(name, list(values))
    return Plot(
        title=title,
        svg=_bare(chart.render_tree(), title),
        series=tuple(name for name, _ in series),
    )


def scale(highest: int) -> list[int]:
    """Return round steps from zero up to the first that is not below the highest value."""
    decade, digits = 1, cycle((1, 2, 5))
    step = next(digits)
    while step * STEPS < highest:
        digit = next(digits)
        decade *= 10 if digit == 1 else 1
        step = digit * decade
    return [step * each for each in range(STEPS + 1)]


def named(names: Sequence[str]) -> list[str]:
    """Return the names with so many left out, counted from the last, that the rest has room."""
    every = -(-len(names) // LABELS) or 1
    last = len(names) - 1
    return [name if (last - place) % every == 0 else "" for place, name in enumerate(names)]


def _bare(root: ET.Element, title: str) -> str:
    """Return the drawing alone: what the library adds for its scripts and styles is left out."""
    _prune(root)
    for each in root.iter():
        each.tag = each.tag.removeprefix(_SVG)
        for name in ("style", "id"):
            each.attrib.pop(name, None)
        for name, value in each.attrib.items():
            each.attrib[name] = re.sub(r"(\d+\.\d)\d+", r"\1", value)
    root.attrib["role"] = "img"
    root.attrib["aria-label"] = title
    return ET.tostring(root, encoding="unicode")


def _prune(element: ET.Element) -> None:
    for child in list(element):
        # The tag of a comment is no name, but the function that makes one.
        name = str(child.tag).removeprefix(_SVG)
        unwanted = name in _UNWANTED or not name.isalpha()
        if unwanted or child.attrib.get("class") in _TOOLTIPS:
            element.remove(child)
        else:
            _prune(child)
