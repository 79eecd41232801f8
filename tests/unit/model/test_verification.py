"""How often SES is asked about a domain's records, and who hears when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sesauditd.model.verification import Stage, Told, first, looked

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
MISSING = ("DKIM: pending",)
MINUTES, HOURS = timedelta(minutes=1), timedelta(hours=1)


def test_waits_grow_to_an_hour_and_to_six_once_it_is_late() -> None:
    note, now = first(NOW), NOW
    waits: list[timedelta] = []
    told: list[Told] = []
    while now - NOW < 90 * HOURS:
        note, said = looked(note, MISSING, now)
        waits.append(note.next_at - now)
        told += [said] if said else []
        now = note.next_at
    assert waits[:8] == [
        1 * MINUTES,
        2 * MINUTES,
        4 * MINUTES,
        8 * MINUTES,
        16 * MINUTES,
        32 * MINUTES,
        HOURS,
        HOURS,
    ]
    assert waits[-1] == 6 * HOURS
    assert told == [Told.LATE]
    assert note.stage is Stage.WAITING


def test_what_is_found_is_told_once_and_looked_at_daily() -> None:
    note, told = looked(first(NOW), (), NOW)
    assert (note.stage, told, note.next_at - NOW) == (Stage.FOUND, Told.VERIFIED, 24 * HOURS)
    later = NOW + 24 * HOURS
    again, told = looked(note, (), later)
    assert told is None
    assert (again.since, again.next_at) == (NOW, later + 24 * HOURS)


def test_what_is_lost_is_told_at_once_and_once_when_it_is_back() -> None:
    found, _ = looked(first(NOW), (), NOW)
    lost, told = looked(found, MISSING, NOW + HOURS)
    assert (lost.stage, told, lost.missing) == (Stage.LOST, Told.LOST, MISSING)
    assert lost.next_at == NOW + HOURS + MINUTES
    still, told = looked(lost, MISSING, NOW + 2 * HOURS)
    assert told is None
    back, told = looked(still, (), NOW + 3 * HOURS)
    assert (back.stage, told) == (Stage.FOUND, Told.VERIFIED_AGAIN)
