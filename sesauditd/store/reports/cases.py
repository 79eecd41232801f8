"""Cases as they are read back: the list, and one with all that happened in it."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select

from sesauditd.model.actions import REVERSES, action_id
from sesauditd.model.notice import NoticeState
from sesauditd.model.register import plain
from sesauditd.model.verdicts import Does
from sesauditd.report.cases import CaseFile, Moment, Stop, offences, strikes
from sesauditd.store import casebook, evidence
from sesauditd.store.reports.decided import all_cases
from sesauditd.store.tables import actions, case_actions, cases, journal, notices

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.report.figures import Case

Answers = dict[tuple[datetime, str], tuple[str, str]]
"""When and about what an operator took something back, to who that was and why."""


async def domains_of(connection: AsyncConnection) -> Mapping[str, tuple[str, ...]]:
    """Return the domains of every case: those that it stopped, and where its rule fired."""
    found: dict[str, set[str]] = defaultdict(set)
    linked = await connection.execute(
        select(case_actions.c.case, actions.c.domain).join(
            actions, actions.c.id == case_actions.c.action
        )
    )
    own = await connection.execute(select(cases.c.id.label("case"), cases.c.domain))
    for row in [*linked, *own]:
        if row.domain is not None:
            found[row.case].add(row.domain)
    return {name: tuple(sorted(names)) for name, names in found.items()}


async def case_file(connection: AsyncConnection, name: str) -> CaseFile:
    """Return one case with all that is known of it; raises Refused if there is none."""
    whole = await casebook.named(connection, name)
    everything = await all_cases(connection)
    (case,) = (one for one in everything if one.id == whole)
    rows = (
        await connection.execute(
            select(actions, case_actions.c.undone_at, case_actions.c.withdrawn)
            .join(case_actions, case_actions.c.action == actions.c.id)
            .where(case_actions.c.case == whole)
            .order_by(actions.c.requested_at, actions.c.id)
        )
    ).fetchall()
    grounds = [one for row in rows for one in await evidence.grounds_of(connection, row.id)]
    names = _names(rows)
    answers = await _answers(connection, rows)
    timeline = [
        Moment(at=case.opened_at, what="opened", text=f"opened: {case.rule}"),
        *(_requested(row) for row in rows),
        *await _said(connection, whole, names),
        *(_undone(row, answers) for row in rows if row.undone_at is not None),
        *await _told(connection, names),
    ]
    return CaseFile(
        case=case,
        explained_at=await connection.scalar(
            select(cases.c.explained_at).where(cases.c.id == whole)
        ),
        domains=(await domains_of(connection)).get(whole, ()),
        stops=tuple(_stop(row) for row in rows),
        timeline=tuple(sorted(timeline, key=lambda one: one.at)),
        grounds=tuple(grounds),
        reason=_reason(rows, case),
        offence=offences(everything).get(whole),
        strikes=strikes(everything, case.customer),
    )


def _stop(row: Row[Any]) -> Stop:
    return Stop(
        action=row.id,
        kind=row.kind,
        domain=row.domain if row.kind == Does.DISABLE else None,
        state=row.state,
        undone_at=row.undone_at,
        withdrawn=bool(row.withdrawn),
    )


def _reason(rows: Sequence[Row[Any]], case: Case) -> str:
    """Return the hardest stop's own words."""
    ended = [row for row in rows if row.kind == str(Does.TERMINATE)]
    chosen = [*ended, *rows]
    return str(chosen[0].reason) if chosen else case.rule


def _subject(row: Row[Any]) -> str:
    return str(row.domain if row.kind == Does.DISABLE else row.customer)


def _subjects(row: Row[Any]) -> set[str]:
    return {str(row.customer), str(row.domain or row.customer), _plain(row)}


def _plain(row: Row[Any]) -> str:
    """Return the domain as it was called when something was decided about it, else nothing."""
    return plain(row.domain or "")


def _names(rows: Iterable[Row[Any]]) -> dict[str, str]:
    """Return what each action and its reverse is about, in words, by their ids."""
    found = {}
    for row in rows:
        does = Does(row.kind)
        reverse = REVERSES[does]
        found[row.id] = f"{does.partition('_')[0]} {_subject(row)}"
        # What was taken back before the domain went to another customer was named by it alone.
        for domain in (row.domain, _plain(row)):
            about = f"{row.customer}/{row.recipient or domain or row.customer}"
            undoing = action_id(str(reverse), about, row.id, 0)
            found[undoing] = f"{reverse.partition('_')[0]} {_subject(row)}"
    return found


async def _answers(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> Answers:
    """Return what operators wrote when they took something back."""
    found = await connection.execute(
        select(journal.c.at, journal.c.subject, journal.c.actor, journal.c.facts).where(
            journal.c.kind.in_(["reinstate", "restore"]),
            journal.c.subject.in_(sorted({each for row in rows for each in _subjects(row)})),
        )
    )
    return {(row.at, row.subject): (row.actor, str(row.facts["explanation"])) for row in found}


def _requested(row: Row[Any]) -> Moment:
    text = f"asked for: {Does(row.kind).partition('_')[0]} {_subject(row)}"
    return Moment(at=row.requested_at, what="requested", text=text, actor=row.actor)


def _undone(row: Row[Any], answers: Answers) -> Moment:
    if row.withdrawn:
        what = f"{Does(row.kind).partition('_')[0]} {_subject(row)}"
        text = f"{what} withdrawn: events that came later leave no ground for it"
        return Moment(at=row.undone_at, what=casebook.WITHDRAWN, text=text)
    names = (_subject(row), _plain(row), row.customer)
    given = (answers.get((row.undone_at, one)) for one in names)
    actor, explanation = next(filter(None, given), (None, ""))
    because = f": {explanation}" if explanation else ""
    text = f"{REVERSES[Does(row.kind)].partition('_')[0]} {_subject(row)}{because}"
    return Moment(at=row.undone_at, what=casebook.REINSTATED, text=text, actor=actor)


async def _said(connection: AsyncConnection, case: str, names: Mapping[str, str]) -> list[Moment]:
    """Return explanations and the executor's outcomes, as the journal has them."""
    wanted = or_(
        and_(journal.c.kind == "explain", journal.c.subject == case),
        and_(journal.c.kind == "outcome", journal.c.subject.in_(sorted(names))),
    )
    found = []
    for row in await connection.execute(select(journal).where(wanted).order_by(journal.c.sequence)):
        if row.kind == "explain":
            text = f"explained: {row.facts['explanation']}"
            found.append(Moment(at=row.at, what="explained", text=text, actor=row.actor))
        else:
            said = f": {row.facts['outcome']}" if row.facts.get("outcome") else ""
            text = f"{names[row.subject]} {row.facts['state']}{said}"
            found.append(Moment(at=row.at, what="outcome", text=text, actor=row.actor))
    return found


async def _told(connection: AsyncConnection, names: Mapping[str, str]) -> list[Moment]:
    """Return the mails to the customer that were sent."""
    rows = await connection.execute(
        select(notices.c.kind, notices.c.changed_at, notices.c.subject).where(
            notices.c.subject.in_(sorted(names)),
            notices.c.audience == "customer",
            notices.c.state == str(NoticeState.SENT),
        )
    )
    return [
        Moment(at=row.changed_at, what="told", text=f"told by mail: {names[row.subject]}")
        for row in rows
    ]
