"""The report's file in a real browser: everybody can read it, on a phone, on a desk, on A4."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.support import browser as browsers
from tests.support.dashboards import attacked, busy
from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browsers.found() is None, reason="no Chromium is installed"),
]
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
NARROW = """[...document.querySelectorAll('td, th')].filter((one) =>
  one.textContent.trim().length > 3 && one.getBoundingClientRect().width < 20).length"""
A4 = b"/MediaBox [0 0 594.95996 841.91998]"


@pytest.fixture(params=["empty", "busy", "attacked"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> list[Path]:
    program = Program.made(tmp_path / "installed")
    assert program.run("customers").code == 0
    fill = {"busy": busy, "attacked": attacked}.get(request.param)
    if fill is not None:
        fill(program)
    return written(program, tmp_path)


async def test_a_report_is_readable_everywhere_and_runs_nothing(
    files: list[Path], tmp_path: Path
) -> None:
    async with browsers.browser(tmp_path / "profile") as browser:
        for file in files:
            for width in (1280, 390):
                await browser.look(width=width, dark=False)
                await browser.go(file.as_uri())
                await browser.picture(tmp_path / f"{file.stem}-{width}.png")
                assert await browser.violations() == [], (file, width)
                assert await browser.value(WIDER) == 0, (file, width)
                assert await browser.value(NARROW) == 0, (file, width)
                assert await browser.value("document.scripts.length") == 0
            printed = await browser.ask("Page.printToPDF", preferCSSPageSize=True)
            assert A4 in base64.b64decode(printed["data"])
    assert browser.complaints == []


def written(program: Program, folder: Path) -> list[Path]:
    """Return the files of the account and of one customer, in both versions."""
    customers = program.run("customers", "--json").json["customers"]
    asked: list[tuple[str, list[str]]] = [("account", [])]
    for one in customers[:1]:
        asked += [
            ("operators", [one["customer"]]),
            ("customers", [one["customer"], "--for", "customer"]),
        ]
    files = []
    for name, words in asked:
        files.append(folder / f"{name}.html")
        ran = program.run("report", *words, "--format", "html", "--out", str(files[-1]))
        assert ran.code == 0, ran
    return files
