"""Every count and rate rule just below, at and just above its limit, for small and large n."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest

from tests.support import ses
from tests.support.cases import WEEK, Case, Judged, judged, spread, when

Result = Callable[[str], Mapping[str, Judged]]
"""What the program makes of a table."""
Story = Callable[[Sequence[str]], list[ses.Event]]

NOTHING: frozenset[str] = frozenset()
HARD_WARN = frozenset({"hard_bounce.warn"})
HARD_DISABLE = frozenset({"hard_bounce.disable"})
HARD_SURGE = frozenset({"hard_bounce.surge"})
WARN = frozenset({"complaint.warn"})
DISABLE = frozenset({"complaint.disable"})
TERMINATE = frozenset({"complaint.terminate"})
SURGE = frozenset({"complaint.surge"})
ODD_STATUS = "5.2.1"
"""A mailbox that is closed: a hard bounce, and no unknown user for the guessing rule."""


def bound(hits: int, trials: int) -> float:
    """Return the lower end of the 90 % Wilson interval in percent, solved as an equation.

    It is the smaller p for which (p - hits/trials)^2 = z^2 p (1 - p) / trials.
    """
    z2 = 1.645 * 1.645
    a = 1 + z2 / trials
    b = 2 * hits / trials + z2 / trials
    c = (hits / trials) ** 2
    return 100 * (b - math.sqrt(b * b - 4 * a * c)) / (2 * a)


def least(trials: int, percent: float) -> int:
    """Return the fewest hits of so many trials whose bound reaches the percentage."""
    return next(hits for hits in range(trials + 1) if bound(hits, trials) >= percent)


def dead(count: int, reached: int, *, monday: datetime = WEEK, status: str = ODD_STATUS) -> Story:
    """Return a week in which `count` of `reached` recipients bounce hard."""

    def story(domains: Sequence[str]) -> list[ses.Event]:
        everybody = ses.people(reached)
        first = monday + timedelta(days=1)
        times = spread(count, first, first + timedelta(days=5))
        return [
            *ses.sends(domains[0], everybody, monday + timedelta(hours=10)),
            *(
                ses.bounce(domains[0], one, at, status=status)
                for one, at in zip(everybody, times, strict=False)
            ),
        ]

    return story


def angry(count: int, reached: int, *, at_gmail: int = 0, monday: datetime = WEEK) -> Story:
    """Return a week in which `count` of `reached` recipients complain, and Gmail is silent."""

    def story(domains: Sequence[str]) -> list[ses.Event]:
        everybody = ses.people(reached)
        half = at_gmail // 2
        silent = ses.people(half, domain="gmail.com")
        silent += ses.people(at_gmail - half, domain="googlemail.com")
        first = monday + timedelta(days=1)
        times = spread(count, first, first + timedelta(days=5))
        return [
            *ses.sends(domains[0], [*everybody, *silent], monday + timedelta(hours=10)),
            *(
                ses.complaint(domains[0], one, at)
                for one, at in zip(everybody, times, strict=False)
            ),
        ]

    return story


def together(*stories: Story) -> Story:
    """Return all that happens in the stories."""
    return lambda domains: [one for story in stories for one in story(domains)]


def row(name: str, events: Story, expected: frozenset[str] = NOTHING, **more: object) -> Case:
    """Return a row of the table."""
    domains = more.pop("domains", 1)
    since = more.pop("since", "")
    assert isinstance(domains, int)
    return Case(name=name, events=events, expected=expected, domains=domains, since=str(since))


def hard_rows() -> Iterator[Case]:
    """Yield the limits of dead addresses in one week."""
    small = {7: NOTHING, 8: HARD_WARN, 14: HARD_WARN, 15: HARD_DISABLE}
    for reached in (16, 50, 99):
        for count, rules in small.items():
            yield row(f"{count} dead of {reached}", dead(count, reached), rules)
    for reached in (100, 101, 250, 700, 1000):
        warned, disabled = least(reached, 4), least(reached, 8)
        for count, rules in (
            (warned - 1, NOTHING),
            (warned, HARD_WARN),
            (disabled - 1, HARD_WARN),
            (disabled, HARD_DISABLE),
        ):
            yield row(f"{count} dead of {reached}", dead(count, reached), rules)
    yield from estimated_hard_rows(2500)


def estimated_hard_rows(reached: int) -> Iterator[Case]:
    """Yield limits above a thousand, where `n` may be off by 3 %."""
    far, near = reached * 1.03, reached * 0.97
    for percent, under, over in ((4, NOTHING, HARD_WARN), (8, HARD_WARN, HARD_DISABLE)):
        few, many = least(int(near), percent) - 1, least(int(far), percent)
        yield row(f"{few} dead of {reached}", dead(few, reached), under)
        yield row(f"{many} dead of {reached}", dead(many, reached), over)


def complaint_rows() -> Iterator[Case]:
    """Yield the limits of complaints in one week."""
    small = {2: NOTHING, 3: WARN, 4: WARN, 5: DISABLE, 14: DISABLE, 15: TERMINATE}
    large = {1: NOTHING, 2: WARN, 3: WARN, 4: WARN, 5: DISABLE, 14: DISABLE, 15: TERMINATE}
    for reached in (15, 400, 999):
        for count, rules in small.items():
            yield row(f"{count} angry of {reached}", angry(count, reached), rules)
    for count, rules in large.items():
        yield row(f"{count} angry of 1000", angry(count, 1000), rules)
    for count, rules in {15: DISABLE, 17: DISABLE, 20: TERMINATE}.items():
        yield row(f"{count} angry of 1800", angry(count, 1800), rules)
    yield row("2 angry of 500 and 900 at gmail", angry(2, 500, at_gmail=900))
    yield row("3 angry of 500 and 900 at gmail", angry(3, 500, at_gmail=900), WARN)
    yield row("4 angry of 990 and 40 at gmail", angry(4, 990, at_gmail=40), WARN)


def many_complaints_rows() -> Iterator[Case]:
    """Yield the limits of complaints among thousands."""
    for reached, limits in {
        5000: {3: NOTHING, 5: WARN, 13: WARN, 17: DISABLE, 47: DISABLE, 54: TERMINATE},
        12000: {8: NOTHING, 11: WARN},
    }.items():
        for count, rules in limits.items():
            yield row(f"{count} angry of {reached}", angry(count, reached), rules)
    yield row("2 angry of 1000 and 4000 at gmail", angry(2, 1000, at_gmail=4000), WARN)


def one_address(count: int) -> Story:
    """Return the same address bouncing again and again."""
    return lambda domains: [
        ses.bounce(domains[0], "one@mail.example", at, status=ODD_STATUS)
        for at in spread(count, when(1), when(6))
    ]


def no_host(*places: str, kind: str = "Transient") -> Story:
    """Return one bounce at each place, which has no mail server."""
    times = spread(len(places), when(1), when(6))
    return lambda domains: [
        ses.bounce(domains[0], f"r{number}@{place}", at, kind=kind, status="5.4.4")
        for number, (place, at) in enumerate(zip(places, times, strict=True))
    ]


def swallowed(count: int, **how: Any) -> Story:
    """Return bounces that say nothing but their type."""
    times = spread(count, when(1), when(6))
    return lambda domains: [
        ses.bounce(domains[0], one, at, status=None, **how)
        for one, at in zip(ses.people(count, "swallowed"), times, strict=True)
    ]


def unhappy(count: int, **how: Any) -> Story:
    """Return complaints of different people."""
    times = spread(count, when(1), when(6))
    return lambda domains: [
        ses.complaint(domains[0], one, at, **how)
        for one, at in zip(ses.people(count), times, strict=True)
    ]


def guessed(count: int) -> Story:
    """Return complaints of which nobody knows who of twelve made them."""
    hidden = ses.people(12, "hidden")
    return lambda domains: [
        ses.complaint(domains[0], hidden, at) for at in spread(count, when(1), when(6))
    ]


def simulated(count: int) -> Story:
    """Return events about so many of each of the simulator's addresses."""
    makers: tuple[tuple[str, Callable[..., ses.Event]], ...] = (
        ("bounce", ses.bounce),
        ("complaint", ses.complaint),
        ("success", ses.send),
        ("suppressionlist", ses.bounce),
    )
    return lambda domains: [
        make(domains[0], f"{word}+{number}@simulator.amazonses.com", when(2, minutes=number))
        for number in range(count)
        for word, make in makers
    ]


def who_bounced_rows() -> Iterator[Case]:
    """Yield which bounces are counted, and which are not."""
    yield row("the same address dead twenty times", one_address(20))
    for kind in ("Transient", "Permanent"):
        one_broken = no_host(*["broken.example"] * 20, kind=kind)
        yield row(f"20 addresses of one domain without host, {kind}", one_broken)
        many = no_host(*(f"gone{number}.example" for number in range(8)), kind=kind)
        yield row(f"8 domains without host, {kind}", many, HARD_WARN)
        twice = no_host(*(f"gone{number // 2}.example" for number in range(14)), kind=kind)
        yield row(f"7 domains without host, two addresses each, {kind}", twice)
    for subtype in ("OnAccountSuppressionList", "OnTenantSuppressionList"):
        echoes = swallowed(60, kind="Permanent", subtype=subtype)
        yield row(f"60 echoes {subtype}", echoes)
        # With the echoes in n it were 8 of 150, whose bound is 3.0 %.
        yield row(f"8 dead of 90 beside 60 {subtype}", together(dead(8, 90), echoes), HARD_WARN)
    silent = ses.people(60, domain="gmail.com")
    beside = together(dead(8, 90), lambda domains: ses.sends(domains[0], silent, when(0, 10)))
    yield row("8 dead of 90 and 60 at gmail", beside)
    yield row("40 simulated", simulated(10))
    yield row("8 dead of 90 beside simulated", together(dead(8, 90), simulated(20)), HARD_WARN)
    for subtype in ("EmailValidationSuppressed", "UnsubscribedRecipient", "InventedTomorrow"):
        yield row(f"20 {subtype}", swallowed(20, kind="Permanent", subtype=subtype))
    for subtype in ("General", "NoEmail", "Suppressed"):
        yield row(f"8 {subtype}", swallowed(8, kind="Permanent", subtype=subtype), HARD_WARN)
    for subtype in (
        "MailboxFull",
        "General",
        "MessageTooLarge",
        "ContentRejected",
        "AttachmentRejected",
        "CustomTimeoutExceeded",
    ):
        yield row(f"20 Transient {subtype}", swallowed(20, kind="Transient", subtype=subtype))
    yield row("20 Undetermined", swallowed(20, kind="Undetermined", subtype="Undetermined"))


def who_complained_rows() -> Iterator[Case]:
    """Yield which complaints are counted, and which are not."""
    for subtype in ("OnAccountSuppressionList", "OnTenantSuppressionList"):
        yield row(f"20 complaints {subtype}", unhappy(20, subtype=subtype))
    for kind in ("not-spam", "auth-failure"):
        yield row(f"20 complaints of type {kind}", unhappy(20, kind=kind))
    for said in ("abuse", "fraud", "virus", "other", None):
        yield row(f"3 complaints of type {said}", unhappy(3, kind=said), WARN)
    yield row("2 ambiguous complaints about 12", guessed(2))
    yield row("3 ambiguous complaints about the same 12", guessed(3), WARN)
    yield row("5 ambiguous complaints about the same 12", guessed(5), DISABLE)
    yield row("1 ambiguous and 1 plain complaint", together(guessed(1), unhappy(1)))
    yield row("2 ambiguous and 1 plain complaint", together(guessed(2), unhappy(1)), WARN)


def window_rows() -> Iterator[Case]:
    """Yield what belongs to the week, and which mails its bounces are measured against."""

    def dead_at(at: datetime, count: int = 8) -> Story:
        return lambda domains: [
            ses.bounce(domains[0], one, at, status=ODD_STATUS) for one in ses.people(count)
        ]

    def mailed_at(at: datetime, count: int) -> Story:
        return lambda domains: ses.sends(domains[0], ses.people(count), at)

    last_second = when(7) - timedelta(seconds=1)
    yield row("dead in the first second of Monday", dead_at(when()), HARD_WARN)
    yield row("dead in the last second of Sunday", dead_at(last_second), HARD_WARN)
    yield row("dead in the second before the week", dead_at(when() - timedelta(seconds=1)))
    yield row("dead in the first second of the next Monday", dead_at(when(7)))
    yield row(
        "mailed on the Sunday before, dead on Monday",
        together(mailed_at(when(-1, 12), 400), dead_at(when(0, 1), 13)),
    )
    yield row(
        "mailed two days before, dead on Monday",
        together(mailed_at(when(-2, 12), 400), dead_at(when(0, 1), 13)),
        HARD_WARN,
    )
    yield row(
        "15 angry of 40, no mail seen",
        lambda domains: [
            ses.complaint(domains[0], one, at)
            for one, at in zip(ses.people(15), spread(15, when(1), when(6)), strict=True)
        ],
        DISABLE,
    )
    yield row(
        "15 angry of 15, one delivery seen",
        together(
            lambda domains: [ses.delivery(domains[0], "reader0@mail.example", when(1))],
            lambda domains: [
                ses.complaint(domains[0], one, at)
                for one, at in zip(ses.people(15), spread(15, when(2), when(6)), strict=True)
            ],
        ),
        TERMINATE,
    )


def repeated_rows() -> Iterator[Case]:
    """Yield warnings of several weeks; week 0 is the judged one."""

    def weeks(make: Callable[..., Story], count: int, *back: int) -> Story:
        stories = [make(count, 50, monday=WEEK - timedelta(weeks=number)) for number in back]
        return together(*stories)

    for make, count, warned, disabled, word in (
        (dead, 8, HARD_WARN, HARD_DISABLE, "dead"),
        (angry, 3, WARN, DISABLE, "angry"),
    ):
        yield row(f"{word}: second warning", weeks(make, count, 1, 0), warned)
        yield row(f"{word}: third in three weeks", weeks(make, count, 2, 1, 0), disabled)
        yield row(f"{word}: third in eight weeks", weeks(make, count, 7, 3, 0), disabled)
        yield row(f"{word}: third, the first ten weeks ago", weeks(make, count, 10, 3, 0), warned)


def each(
    make: Callable[..., ses.Event],
    count: int,
    reached: int,
    domains: int,
    *,
    same: bool = False,
    within_a_day: bool = False,
) -> Story:
    """Return what the same number of recipients do on each of the first domains."""
    settings = {"status": ODD_STATUS} if make is ses.bounce else {}
    first, last = (when(1, 12), when(2, 8)) if within_a_day else (when(1), when(6))

    def story(names: Sequence[str]) -> list[ses.Event]:
        found = []
        for number, name in enumerate(names[:domains]):
            everybody = ses.people(reached, "all" if same else f"of{number}x")
            found += ses.sends(name, everybody, first - timedelta(hours=10))
            found += [
                make(name, one, at, **settings)
                for one, at in zip(everybody, spread(count, first, last), strict=False)
            ]
        return found

    return story


def wide_rows() -> Iterator[Case]:
    """Yield customers whose domains are within the limits one by one, not together."""
    bounce, complain = ses.bounce, ses.complaint
    yield row("7 dead of 30 on 3 of 4 domains", each(bounce, 7, 30, 3), HARD_DISABLE, domains=4)
    yield row("7 dead of 30 on 1 of 4 domains", each(bounce, 7, 30, 1), domains=4)
    yield row("4 dead of 30 on 2 of 2 domains", each(bounce, 4, 30, 2), HARD_WARN, domains=2)
    yield row("the same 7 dead on 3 domains", each(bounce, 7, 30, 3, same=True), domains=3)
    lopsided = together(each(bounce, 15, 50, 1), lambda names: each(bounce, 5, 50, 1)(names[1:]))
    yield row("15 dead of 50 and 5 of 50", lopsided, HARD_DISABLE, domains=2)
    yield row("2 angry of 30 on 2 domains", each(complain, 2, 30, 2), WARN, domains=2)
    yield row("the same 2 angry on 2 domains", each(complain, 2, 30, 2, same=True), domains=2)
    yield row("8 angry of 40 on 2 domains", each(complain, 8, 40, 2), TERMINATE, domains=2)
    for count, rules in ((50, HARD_SURGE), (49, HARD_WARN)):
        flood = each(bounce, count, 900, 2, within_a_day=True)
        yield row(f"{count} dead on 2 domains in a day", flood, rules, domains=2)


EVENING = when(1, 18)


def flood(
    make: Callable[..., ses.Event], count: int, reached: int, hours: float = 20, seconds: int = 0
) -> Story:
    """Return a flood that begins on Tuesday evening, with all its mail at the beginning."""
    everybody = ses.people(max(reached, count))
    settings = {"status": ODD_STATUS} if make is ses.bounce else {}
    end = EVENING + timedelta(hours=hours, seconds=seconds)
    times = [*spread(count - 1, EVENING, end), end]
    return lambda domains: [
        *ses.sends(domains[0], everybody, EVENING),
        *(make(domains[0], one, at, **settings) for one, at in zip(everybody, times, strict=False)),
    ]


def dead_flood_rows() -> Iterator[Case]:
    """Yield floods of dead addresses, slow enough that they are no guesses."""
    dies = ses.bounce
    yield row("99 dead in 20 hours", flood(dies, 99, 3000))
    yield row("100 dead in 20 hours over midnight", flood(dies, 100, 3000), HARD_SURGE)
    yield row("100 dead in exactly 24 hours", flood(dies, 100, 3000, 24), HARD_SURGE)
    yield row("100 dead in 24 hours and a second", flood(dies, 100, 3000, 24, 1))
    yield row("120 addresses of one domain without host", no_host_flood(120))
    # The flood is 30 days after Oct 18.
    new, old = "2026-11-01", "2026-10-10"
    yield row("24 dead, a new customer", flood(dies, 24, 1500), since=new)
    yield row("25 dead, a new customer", flood(dies, 25, 1500), HARD_SURGE, since=new)
    yield row("25 dead of 2700, a new customer", flood(dies, 25, 2700), since=new)
    yield row("25 dead, an old customer", flood(dies, 25, 1500), since=old)
    yield row("25 dead, nobody told since when", flood(dies, 25, 1500))


def day_after(mailed: int) -> Story:
    """Return 100 dead of mail that is in the window that ended 24 hours earlier only."""
    early = ses.people(mailed)
    return together(
        lambda domains: ses.sends(domains[0], early, EVENING - timedelta(hours=22)),
        flood(ses.bounce, 100, 100, 6),
    )


def no_host_flood(count: int) -> Story:
    """Return so many addresses of one domain without a mail server within hours."""
    return lambda domains: [
        ses.bounce(domains[0], one, at, kind="Transient", status="5.4.4")
        for one, at in zip(
            ses.people(count, domain="broken.example"),
            spread(count, EVENING, EVENING + timedelta(hours=20)),
            strict=True,
        )
    ]


def complaint_flood_rows() -> Iterator[Case]:
    """Yield floods of complaints."""
    hates = ses.complaint
    yield row("24 angry in 20 hours", flood(hates, 24, 3000), DISABLE)
    yield row("25 angry in 20 hours over midnight", flood(hates, 25, 3000), SURGE | DISABLE)
    yield row("25 angry in exactly 24 hours", flood(hates, 25, 3000, 24), SURGE | DISABLE)
    yield row("25 angry in 24 hours and a second", flood(hates, 25, 3000, 24, 1), DISABLE)


def many_surges_rows() -> Iterator[Case]:
    """Yield floods among so many that their share decides."""
    for mailed, rules in ((9500, HARD_SURGE), (10500, NOTHING)):
        yield row(f"100 dead of {mailed}", flood(ses.bounce, 100, mailed), rules)
        yield row(f"100 dead the day after {mailed}", day_after(mailed), rules)
    yield row("25 angry of 23000", flood(ses.complaint, 25, 23_500), SURGE)
    yield row("25 angry of 27000", flood(ses.complaint, 25, 26_500), WARN)


TABLES: Mapping[str, Sequence[Case]] = {
    "dead addresses": tuple(hard_rows()),
    "complaints": tuple(complaint_rows()),
    "who counts": (*who_bounced_rows(), *who_complained_rows()),
    "windows": tuple(window_rows()),
    "repeated": tuple(repeated_rows()),
    "wide": tuple(wide_rows()),
    "surges": (*dead_flood_rows(), *complaint_flood_rows()),
    "among many": (*estimated_hard_rows(5000), *many_complaints_rows(), *many_surges_rows()),
}
LONG = frozenset({"among many"})
"""A hundred thousand recipients."""
ALL_ROWS = [
    pytest.param(
        table,
        case,
        id=f"{table}: {case.name}",
        marks=[pytest.mark.slow] if table in LONG else [],
    )
    for table, cases in TABLES.items()
    for case in cases
]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Return what judges a table when it is asked for, each in a database of its own."""

    @cache
    def of(table: str) -> Mapping[str, Judged]:
        return judged(tmp_path_factory.mktemp("table"), TABLES[table])

    return of


@pytest.mark.parametrize(("table", "case"), ALL_ROWS)
def test_a_limit_is_where_the_policy_says(result: Result, table: str, case: Case) -> None:
    assert result(table)[case.name].rules == case.expected


@pytest.mark.parametrize(
    ("rule", "action", "lane"),
    [
        ("hard_bounce.warn", "warn", "weekly"),
        ("hard_bounce.disable", "disable_domain", "weekly"),
        ("hard_bounce.surge", "disable_domain", "fast"),
        ("complaint.warn", "warn", "weekly"),
        ("complaint.disable", "disable_domain", "weekly"),
        ("complaint.surge", "disable_domain", "fast"),
        ("complaint.terminate", "terminate_customer", "weekly"),
    ],
)
def test_a_rule_has_one_lane_one_action_numbers_and_evidence(
    result: Result, rule: str, action: str, lane: str
) -> None:
    found = [
        verdict
        for table in TABLES
        if table not in LONG
        for one in result(table).values()
        for verdict in one.of(rule)
    ]
    assert found
    for verdict in found:
        assert (verdict["action"], verdict["lane"]) == (action, lane)
        assert verdict["recipient"] is None
        assert any(letter.isdigit() for letter in verdict["reason"])
        assert verdict["evidence"]


def test_a_weekly_verdict_names_the_week_and_a_fast_one_its_span(
    result: Result,
) -> None:
    weekly = result("dead addresses")["15 dead of 50"].verdicts
    (verdict,) = [one for one in weekly if one["lane"] == "weekly"]
    assert verdict["window"] == {"start": "2026-11-16T00:00:00Z", "end": "2026-11-23T00:00:00Z"}
    (surge,) = result("surges")["100 dead in exactly 24 hours"].of("hard_bounce.surge")
    assert surge["window"]["end"] == "2026-11-18T18:00:00Z"


def test_together_each_domain_with_a_share_is_disabled_and_no_other(
    result: Result,
) -> None:
    one = result("wide")["7 dead of 30 on 3 of 4 domains"]
    disabled = sorted(verdict["domain"] for verdict in one.of("hard_bounce.disable"))
    assert disabled == sorted(one.domains[:3])


def test_a_domain_over_its_own_limit_and_over_the_customers_is_judged_once(
    result: Result,
) -> None:
    one = result("wide")["15 dead of 50 and 5 of 50"]
    disabled = [verdict["domain"] for verdict in one.of("hard_bounce.disable")]
    assert sorted(disabled) == sorted(one.domains)


def test_every_dead_address_is_blocked_whatever_the_rates_say(
    result: Result,
) -> None:
    assert len(result("dead addresses")["7 dead of 50"].blocked) == 7


def test_an_ambiguous_complaint_blocks_nobody(
    result: Result,
) -> None:
    assert result("who counts")["5 ambiguous complaints about the same 12"].blocked == frozenset()
