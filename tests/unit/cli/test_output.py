"""What reaches the terminal: JSON that every program reads, tables that obey nobody."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from sesauditd.cli import output
from sesauditd.model.calendar import iso
from sesauditd.model.register import Attribution
from sesauditd.model.verdicts import Does


class Terminal(io.StringIO):
    """Something that says it is a terminal."""

    @override
    def isatty(self) -> bool:
        return True


def emitted(document: object, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        output.emit_json(document)
    return raw.getvalue().decode(encoding)


def test_a_document_keeps_its_order_and_its_letters() -> None:
    assert emitted({"b": "ü", "a": 1}) == '{\n  "b": "ü",\n  "a": 1\n}\n'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2026, 1, 31, 3, tzinfo=UTC), "2026-01-31T03:00:00Z"),
        (datetime(2026, 1, 31, 3, 0, 0, 5000, tzinfo=UTC), "2026-01-31T03:00:00.005000Z"),
        (date(2026, 1, 31), "2026-01-31"),
        (b"\x01\xff", "01ff"),
        (frozenset({"b", "a"}), ["a", "b"]),
        (("a", 1), ["a", 1]),
        (Path("/srv/a"), "/srv/a"),
        (Does.WARN, "warn"),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (
            Attribution(customer="k", domain="x.org"),
            {"customer": "k", "domain": "x.org", "foreign_caller": False},
        ),
        (None, None),
    ],
    ids=[
        "whole second",
        "microseconds",
        "day",
        "bytes",
        "set",
        "tuple",
        "path",
        "enumeration",
        "mapping",
        "dataclass",
        "nothing",
    ],
)
def test_a_value_has_one_form_in_json(value: object, expected: object) -> None:
    assert json.loads(emitted({"value": value})) == {"value": expected}


def test_what_has_no_form_in_json_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="object has no form in JSON"):
        output.emit_json(object())


def test_a_time_without_a_zone_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        iso(datetime.fromisoformat("2026-01-01"))


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
@given(text=st.text(st.characters(codec=None, exclude_categories=[])))
def test_any_text_survives_json_in_any_encoding(encoding: str, text: str) -> None:
    assert json.loads(emitted([text], encoding)) == [text]


def test_a_table_shows_markup_as_it_is_and_fits(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(
        ("Domain", "Count", "Reason", "At"),
        [
            (
                "x.org",
                3,
                "[red]not red[/red] :boom: " + "word " * 30,
                datetime(2026, 1, 1, tzinfo=UTC),
            ),
            ("y.org", 12, "\x1b[2J\u202egone", None),
        ],
        title="[b]Title[/b]",
    )
    shown = capsys.readouterr().out
    assert "[b]Title[/b]" in shown
    assert "[red]not" in shown
    assert ":boom:" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "2026-01-01" in shown
    assert shown.count("word") == 30
    assert max(len(line) for line in shown.splitlines()) <= output.PLAIN_WIDTH


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "-"), ("", "-"), (True, "yes"), (False, "no"), (0.0800001, "0.0800001"), (0, "0")],
)
def test_a_cell_is_plain(capsys: pytest.CaptureFixture[str], value: object, expected: str) -> None:
    output.table(("Value",), [(value,)])
    assert capsys.readouterr().out.splitlines()[-1].strip() == expected


def test_an_empty_table_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("Domain",), [], empty="No domains yet.")
    assert capsys.readouterr().out == "No domains yet.\n"


def test_a_note_goes_beside_the_facts(capsys: pytest.CaptureFixture[str]) -> None:
    output.note("by the way\x07")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "by the way\N{REPLACEMENT CHARACTER}\n")


def test_no_bar_is_drawn_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    with output.progress(10, "Reading") as advance:
        advance(10)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("total", [10, None])
def test_a_bar_is_drawn_on_a_terminal(monkeypatch: pytest.MonkeyPatch, total: int | None) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with output.progress(total, "Reading [b]a") as advance:
        advance(10)
    assert "Reading [b]a" in terminal.getvalue()


def test_a_note_takes_the_bar_away_while_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with output.progress(2, "Reading") as advance:
        advance(1)
        output.note("by the way")
        advance(1)
    before, after = terminal.getvalue().split("by the way\n")
    assert before.endswith("\x1b[2K")
    assert "Reading" in before
    assert "2/2" in after
    output.note("and after the bar")
    assert terminal.getvalue().endswith("and after the bar\n")


@pytest.mark.parametrize(
    ("a_second", "said"),
    [(None, ""), (0, ""), (1234.5, "1,234/s"), (1, "1/s"), (0.5, "30/min"), (0.001, "4/h")],
)
def test_a_pace_is_told_by_the_unit_that_fits(a_second: float | None, said: str) -> None:
    assert output.rate(a_second) == said


def test_what_goes_into_a_pipe_has_no_colour(capsys: pytest.CaptureFixture[str]) -> None:
    output.headline("All is [red]well.\x1b[31m", "bold green")
    assert capsys.readouterr().out == "All is [red]well.\N{REPLACEMENT CHARACTER}[31m\n"


@pytest.mark.parametrize("unwanted", [True, False])
def test_a_terminal_has_colour_unless_it_is_unwanted(
    unwanted: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    if unwanted:
        monkeypatch.setenv("NO_COLOR", "1")
    output.headline("All is well.", "green")
    assert ("32m" in capsys.readouterr().out) is not unwanted
