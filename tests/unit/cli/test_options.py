"""Times as people write them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from types import ModuleType

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.cli import database, main
from sesauditd.cli.options import SinceOption, moment
from sesauditd.errors import Refused

WRONG_TIME = (
    "sesauditd: Invalid value for '--since': 'tomorow' is no time: give a day (2026-01-31), "
    "a time (2026-01-31T03:00:00Z) or a span (90d, 12h) (see `sesauditd act --help`)\n"
)
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T03:00", datetime(2026, 1, 31, 3, tzinfo=UTC)),
        ("2026-01-31 03:00:01", datetime(2026, 1, 31, 3, 0, 1, tzinfo=UTC)),
        ("2026-01-31T03:00:00Z", datetime(2026, 1, 31, 3, tzinfo=UTC)),
        ("2026-01-31T03:00:00+02:00", datetime(2026, 1, 31, 1, tzinfo=UTC)),
        ("90d", NOW - timedelta(days=90)),
        ("12h", NOW - timedelta(hours=12)),
        (" 2W ", NOW - timedelta(weeks=2)),
        ("0d", NOW),
    ],
)
def test_a_time_is_a_day_a_time_or_a_span(text: str, expected: datetime) -> None:
    read = moment(text, NOW)
    assert read == expected
    assert read.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-13-01",
        "2026-02-30",
        "31.01.2026",
        "90",
        "d",
        "-1d",
        "1.5d",
        "99999999w",
        "999999d",
        "9999-12-31T23:59-14:00",
        "٣d",
    ],
)
def test_another_text_is_refused_with_examples(text: str) -> None:
    with pytest.raises(Refused, match="give a day"):
        moment(text, NOW)


@given(st.text(max_size=20))
def test_no_text_ends_in_anything_but_a_time_or_a_refusal(text: str) -> None:
    try:
        assert moment(text, NOW).tzinfo is UTC
    except Refused as refused:
        said = str(refused)
    else:
        said = "one line"
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("written", "code", "said"),
    [
        ("12h", 0, ("2026-11-24 00:00:00+00:00\n", "")),
        ("tomorow", 2, ("", WRONG_TIME)),
    ],
)
def test_a_wrong_time_is_refused_by_the_name_of_its_option(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    written: str,
    code: int,
    said: tuple[str, str],
) -> None:
    clock = ModuleType("sesauditd.bootstrap")
    monkeypatch.setattr(clock, "now", lambda: NOW, raising=False)
    monkeypatch.setitem(sys.modules, "sesauditd.bootstrap", clock)

    class Acting:
        @staticmethod
        def register(app: typer.Typer) -> None:
            app.command("act")(act)

    monkeypatch.setattr(main, "modules_for", lambda _: (Acting, database))
    assert main.main(["act", "--since", written]) == code
    assert capsys.readouterr() == said


def act(since: SinceOption = None) -> None:
    typer.echo(str(since))
