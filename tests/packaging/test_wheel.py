"""What a wheel holds is found again from the wheel alone."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

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
