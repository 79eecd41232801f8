"""The dashboard in a real browser: nothing runs, nothing is cut off, everybody can read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import browser as browsers
from tests.support.dashboards import attacked, busy, dashboard
from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browsers.found() is None, reason="no Chromium is installed"),
]
PAGES = ("/", "/customers", "/domains", "/actions", "/cases", "/quarantine")
LOOKS = [(1280, False), (1280, True), (390, False), (390, True)]
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
ASIDE = """[...document.querySelectorAll('.scroll:has(> .wide)')]
  .filter((one) => one.scrollWidth > one.clientWidth).length"""
"""Tables whose rows stand beneath each other on a phone, and yet have something out of sight."""
TINY = """[...document.querySelectorAll('main *')].filter((one) => one.children.length === 0
  && one.textContent.trim() && !one.closest('svg')
  && parseFloat(getComputedStyle(one).fontSize) < 12).length"""


@pytest.fixture(scope="module", params=["empty", "busy", "attacked"])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Program:
    found = Program.made(tmp_path_factory.mktemp(request.param))
    assert found.run("customers").code == 0
    fill = {"busy": busy, "attacked": attacked}.get(request.param)
    if fill is not None:
        fill(found)
    return found


def pages(program: Program) -> list[str]:
    """Return the addresses of all kinds of pages that there are."""
    customers = program.run("customers", "--json").json["customers"]
    cases = program.run("cases", "--json").json["cases"]
    subjects = [
        path
        for one in customers[-1:]
        for path in (f"/customers/{one['customer']}", f"/domains/{one['domains'][0]}")
    ]
    return [*PAGES, *subjects, *(f"/cases/{one['id']}" for one in cases[:1])]


@pytest.fixture(scope="module")
def addresses(program: Program) -> list[str]:
    return pages(program)


async def test_every_page_is_readable_and_runs_nothing(
    program: Program, addresses: list[str], tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    async with dashboard(program) as client, browsers.browser(tmp_path / "profile") as browser:
        for path in addresses:
            for width, dark in LOOKS:
                await browser.look(width=width, dark=dark)
                await browser.go(str(client.make_url(path)))
                name = f"{path.strip('/').replace('/', '-') or 'start'}-{width}-{dark}.png"
                await browser.picture(pictures / name[-100:])
                assert await browser.violations() == [], (path, width, dark)
                assert await browser.value(WIDER) == 0, (path, width)
                assert width > 390 or await browser.value(ASIDE) == 0, path
                assert await browser.value(TINY) == 0, (path, width)
                assert await browser.value("document.scripts.length") == 0
    assert browser.complaints == []
