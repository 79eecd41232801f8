"""The weekly judgement: each ISO week in order, also those missed, also those reopened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sesauditd.model.calendar import Week, last_ended_week, weeks_between

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager


class Book(Protocol):
    """The weekly side of the store, inside one transaction."""

    async def first_week(self) -> Week | None:
        """Return the oldest week with any event, None while there is none."""
        ...

    async def judged(self) -> Collection[Week]:
        """Return the weeks that were judged."""
        ...

    async def reopened(self) -> Mapping[str, Week]:
        """Return each customer's oldest week in which events came late."""
        ...

    async def customers_in(self, week: Week) -> Collection[str]:
        """Return the customers with strikes or standing weekly verdicts in the week."""
        ...

    async def judge(self, customer: str, week: Week) -> None:
        """Judge one customer's week and make the stored verdicts so."""
        ...

    async def finish(self, weeks: Sequence[Week]) -> None:
        """Mark the weeks as judged, hold back what is too much at once."""
        ...

    async def documents(self, as_of: datetime) -> Sequence[Mapping[str, object]]:
        """Return the verdicts of the last ended week and of the time since, as JSON."""
        ...


class Books(Protocol):
    """Where books are opened."""

    def open(self, now: datetime, *, keep: bool) -> AbstractAsyncContextManager[Book]:
        """Open a transaction; without `keep` all that is written in it is undone."""
        ...


@dataclass(frozen=True, slots=True)
class Weekly:
    """Judges what is owed; a dry run takes the very same way and keeps nothing."""

    books: Books

    async def enforce(
        self, as_of: datetime, *, now: datetime, dry_run: bool
    ) -> Sequence[Mapping[str, object]]:
        """Judge every week that ended before `as_of` and is owed; return the verdicts to show."""
        async with self.books.open(now, keep=not dry_run) as book:
            weeks = await self._owed(book, as_of)
            for week, customers in weeks:
                for customer in sorted(customers):
                    await book.judge(customer, week)
            await book.finish([week for week, _ in weeks])
            return await book.documents(as_of)

    async def _owed(self, book: Book, as_of: datetime) -> Sequence[tuple[Week, Collection[str]]]:
        first, last = await book.first_week(), last_ended_week(as_of)
        if first is None:
            return []
        judged = await book.judged()
        reopened = await book.reopened()
        owed: list[tuple[Week, Collection[str]]] = []
        for week in weeks_between(first, last):
            present = await book.customers_in(week)
            if week in judged:
                # Third warnings and second offences look back: what is late in one week may
                # change what follows from the next.
                late = {one for one, oldest in reopened.items() if oldest <= week}
                present = {one for one in present if one in late}
                if not present:
                    continue
            owed.append((week, present))
        return owed
