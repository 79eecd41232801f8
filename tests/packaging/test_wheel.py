"""What a wheel holds is found again from the wheel alone."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.support import browser as browsers

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ASK = """
import sesauditd
from pathlib import Path
from sesauditd.config import load_limits
from sesauditd.model.limits import Limits
from sesauditd.shipped import migrations_folder, policy_file

print(Path(sesauditd.__file__).parent)
print(migrations_folder())
for name in ("policy.toml", "policy-strict.toml", "config.toml"):
    print(policy_file(name))
assert load_limits(None) == Limits()
"""

PAGES = """
import asyncio, sys
from pathlib import Path
from aiohttp import web, ClientSession
import sesauditd
from sesauditd.bootstrap import now
from sesauditd.bootstrap.program import upgrade_database
from sesauditd.bootstrap.scraping import Books
from sesauditd.config import load, policies_of
from sesauditd.store.engine import Database
from sesauditd.web.access import Gate
from sesauditd.web.app import Site
from sesauditd.web.health import Pulse
from sesauditd.web.meters import CONTENT_TYPE, Meters

settings = load(None, {"SESAUDITD_DATABASE__URL": str(Path("pages.db").resolve())})
upgrade_database(settings)

async def main():
    database = Database.open(settings.database.url)
    books = Books(database=database, settings=settings, policies=policies_of(settings), clock=now,
                  machine_clock=now, meters=Meters(), pulse=Pulse, in_hand=lambda: 0)
    await books.rank()
    site = Site(books=books, pulse=Pulse, gate=Gate(None), metrics_type=CONTENT_TYPE)
    runner = web.AppRunner(site.application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    async with ClientSession() as session:
        for path in ("/", "/customers", "/actions", "/static/style.css", "/static/icon.svg",
                     "/metrics"):
            async with session.get(f"http://127.0.0.1:{port}{path}") as answer:
                print(path, answer.status)
    await runner.cleanup()
    await books.close()
    await database.close()

asyncio.run(main())
"""


def run(*arguments: object, cwd: Path) -> str:
    """Return what a program prints; fails the test with its errors if it fails."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COV", "PYTHON", "PYTEST"))
    }
    done = subprocess.run(
        [str(argument) for argument in arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment that holds the wheel, and the libraries of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps"]
    run(*build, "--no-build-isolation", "--wheel-dir", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("sesauditd-*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    there = Path(
        run(python, "-c", "import site; print(site.getsitepackages()[0])", cwd=folder)[:-1]
    )
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    run(*install, "--target", there, wheel, cwd=folder)
    # The path is added behind the wheel's own and without its .pth files, so that the editable
    # installation which the tests run on is not found by it.
    (there / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


def test_a_wheel_brings_its_migrations_and_policies(python: Path) -> None:
    package, migrations, *files = run(python, "-c", ASK, cwd=python.parent).splitlines()

    assert Path(package).is_relative_to(python.parents[1]), "the checkout was imported"
    assert Path(migrations).is_relative_to(package)
    assert list(Path(migrations).rglob("*.py"))
    assert all(Path(file).is_relative_to(package) and Path(file).is_file() for file in files)


def test_the_command_of_a_wheel_makes_a_database(python: Path, tmp_path: Path) -> None:
    settings = tmp_path / "sesauditd.toml"
    settings.write_text(f'[database]\nurl = "{tmp_path / "store.db"}"\n', encoding="utf-8")
    command = [python, "-m", "sesauditd", "--config", settings, "db", "upgrade"]

    run(*command, cwd=tmp_path)

    assert (tmp_path / "store.db").is_file()
    run(*command, cwd=tmp_path)


def test_the_wheel_holds_every_file_of_the_package_and_nothing_of_the_tests(python: Path) -> None:
    ours = [one for one in (ROOT / "sesauditd").rglob("*") if one.is_file()]
    wanted = {one.relative_to(ROOT) for one in ours if "__pycache__" not in one.parts}
    there = Path(run(python, "-c", ASK, cwd=python.parent).splitlines()[0]).parent
    assert sorted(str(one) for one in wanted if not (there / one).is_file()) == []
    assert not (there / "tests").exists()
    shipped = there / "sesauditd" / "_shipped" / "config"
    assert {one.name for one in (ROOT / "config").iterdir()} == {
        one.name for one in shipped.iterdir()
    }


def test_the_dashboard_answers_from_the_wheel(python: Path, tmp_path: Path) -> None:
    said = run(python, "-c", PAGES, cwd=tmp_path)
    for path in (
        "/",
        "/customers",
        "/actions",
        "/static/style.css",
        "/static/icon.svg",
        "/metrics",
    ):
        assert f"{path} 200" in said.splitlines()


@pytest.fixture(scope="module")
def made(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what the demo wrote, played to its end from the wheel."""
    folder = tmp_path_factory.mktemp("demo")
    run(python, "-m", "sesauditd", "demo", "--headless", cwd=folder)
    return folder / "sesauditd-demo"


def test_the_demo_plays_from_the_wheel(python: Path, made: Path, tmp_path: Path) -> None:
    assert "club" in (made / "report.txt").read_text()
    asked = [python, "-m", "sesauditd", "--config", made / "config.toml", "status", "--json"]
    assert run(*asked, cwd=tmp_path).startswith("{")


@pytest.mark.skipif(browsers.found() is None, reason="no Chromium is installed")
async def test_the_report_of_the_demo_opens_in_a_browser(made: Path, tmp_path: Path) -> None:
    async with browsers.browser(tmp_path / "profile") as browser:
        await browser.look(width=1280, dark=False)
        await browser.go((made / "report.html").as_uri())
        assert "club" in await browser.value("document.body.innerText")
        assert await browser.value("document.querySelectorAll('svg').length") > 0
        assert await browser.violations() == []
    assert browser.complaints == []
