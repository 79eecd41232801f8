"""Labelled weeks of one sender: guessing of many styles, and honest senders with dead addresses."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sesauditd.model.arrivals import Arrival
from sesauditd.model.events import Outcome
from sesauditd.model.history import Strike
from sesauditd.model.tried import Tried

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
SENDER = "shop.example"
TUNED_ON = range(10_000)
TESTED_ON = range(1_000_000, 2_000_000)
"""Seeds that nobody looked at while the detector was written."""

_FIRST = """
james mary robert patricia john jennifer michael linda david elizabeth william barbara richard
susan joseph jessica thomas sarah charles karen daniel lisa matthew nancy anthony betty mark
sandra paul ashley steven kimberly andrew emily kenneth donna joshua michelle kevin carol brian
amanda george melissa edward deborah ronald stephanie jörg günter françois chloé anne-marie
jean-luc karl-heinz søren łukasz agnieszka piotr katarzyna giulia lorenzo matteo carmen javier
noelia aiko hiroshi wei li priya arjun fatima omar olga dmitri ngozi kwame zeynep mehmet
"""
_LAST = """
smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez wilson
anderson thomas taylor moore jackson martin lee thompson white harris clark lewis robinson walker
young allen king wright scott torres nguyen hill flores müller schmidt schneider fischer weber
meyer wagner becker schulz hoffmann schäfer koch bauer richter klein wolf neumann schwarz braun
zimmermann krüger dubois moreau lefebvre rossi ferrari bianchi romano novak kowalski nowak
wiśniewski ivanov petrov sato suzuki tanaka kim park chen wang liu patel singh khan okafor mensah
yilmaz kaya jensen nielsen hansen johansson karlsson o'brien mac-donald garcía-lopez
meyer-schulze de-vries van-dijk
"""
FIRST, LAST = _FIRST.split(), _LAST.split()
FOLDED = str.maketrans("öüäçéøłśñí", "ouaceolsni")
SYLLABLES = ("ka", "lo", "mi", "ren", "tos", "vel", "bra", "dun", "sel", "por", "gan", "thi")
OFFICES = """
info sales contact admin support office hr jobs marketing press accounting billing purchasing
service webmaster team hello reception management it legal
"""
SPELLED = (
    "{f}.{l}", "{i}{l}", "{l}{i}", "{i}.{l}", "{f}_{l}", "{l}.{f}", "{f}{j}", "{f}", "{f}{l}",
    "{l}", "{l}{f}", "{f}-{l}", "{i}_{l}", "{l}.{i}", "{f}.{j}", "{l}_{f}", "{i}-{l}", "{j}{f}",
)  # fmt: skip


@dataclass(kw_only=True)
class Week:
    """What one domain sent in a week, and what came back."""

    draw: random.Random
    unknown: list[Strike] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    reached: dict[str, datetime] = field(default_factory=dict)

    def bounces(self, recipient: str, at: datetime) -> None:
        """Add an unknown user."""
        number = len(self.unknown)
        self.unknown.append(
            Strike(
                event=f"{number:08x}",
                at=at,
                customer="k",
                domain=SENDER,
                recipient=recipient.lower(),
                spelling=recipient,
                outcome=Outcome.HARD_BOUNCE,
                message_id=f"m{number}",
                blockable=True,
                counted_as=recipient.lower(),
                status=self.draw.choice(["5.1.1", "5.1.1", "5.1.10", "5.1.0"]),
            )
        )

    def arrives(self, recipient: str, at: datetime) -> None:
        """Add a delivery."""
        place = recipient.rpartition("@")[2]
        self.arrivals.append(Arrival(domain=SENDER, recipient=recipient, at=at, delivered=True))
        self.reached[place] = min(at, self.reached.get(place, at))

    def tried(self) -> Tried:
        """Return the week as the detector gets it."""
        return Tried(
            unknown=self.unknown,
            arrivals=self.arrivals,
            reached_at=self.reached,
            since=MONDAY,
            settled=timedelta(hours=24),
        )


Style = Callable[[Week], None]


def moments(draw: random.Random, count: int, within: timedelta) -> Iterator[datetime]:
    """Yield times in order, from some hour of the week on."""
    start = MONDAY + timedelta(hours=draw.uniform(5, 40))
    for share in sorted(draw.random() for _ in range(count)):
        yield start + share * within


def company(draw: random.Random) -> str:
    """Return a receiving domain that nobody else has."""
    name = "".join(draw.choices(SYLLABLES, k=draw.randint(2, 3)))
    return f"{name}{draw.choice(['', '', '-group', '-gmbh', 'tech'])}.example"


def person(draw: random.Random) -> tuple[str, str]:
    """Return a first and a last name as mail systems write them."""
    return draw.choice(FIRST).translate(FOLDED), draw.choice(LAST).translate(FOLDED)


def spelled(pattern: str, name: tuple[str, str]) -> str:
    """Return a name by a pattern: `f` and `l` names, `i` and `j` their initials."""
    first, last = name
    joins = any(mark in pattern for mark in "._-")
    first, last = (one if joins else one.replace("-", "") for one in (first, last))
    return pattern.format(f=first, l=last.replace("'", ""), i=first[0], j=last[0])


def try_out(week: Week, place: str, locals_tried: Sequence[str], hits: float) -> None:
    """Send to each of the local parts; a share of them exists, as chance has it."""
    draw = week.draw
    within = timedelta(hours=draw.choice([0.5, 1, 6, 30, 90]))
    for local, at in zip(locals_tried, moments(draw, len(locals_tried), within), strict=True):
        if draw.random() < hits:
            week.arrives(f"{local}@{place}", at)
        else:
            week.bounces(f"{local}@{place}", at)


def _spell(draw: random.Random, people: int, patterns: Sequence[str]) -> list[str]:
    found = [
        spelled(one, name) for name in (person(draw) for _ in range(people)) for one in patterns
    ]
    kept = list(dict.fromkeys(found))
    return draw.sample(kept, len(kept)) if draw.random() < 0.3 else kept


def one_person(week: Week) -> None:
    """One person's name in eight and more spellings, one of them perhaps right."""
    draw = week.draw
    locals_tried = _spell(draw, 1, draw.sample(SPELLED, draw.randint(9, len(SPELLED))))
    try_out(week, company(draw), locals_tried, 0.08)


def few_people(week: Week) -> None:
    """Two to six persons in four and more spellings each."""
    draw = week.draw
    locals_tried = _spell(draw, draw.randint(2, 6), draw.sample(SPELLED[:12], draw.randint(4, 8)))
    try_out(week, company(draw), locals_tried, 0.15)


def many_people(week: Week) -> None:
    """A business network's people of one company, three spellings each."""
    draw = week.draw
    patterns = ["{f}.{l}", "{i}{l}", *draw.sample(SPELLED[2:9], draw.randint(1, 2))]
    try_out(week, company(draw), _spell(draw, draw.randint(6, 60), patterns), 0.15)


def two_spellings(week: Week) -> None:
    """Many persons in two spellings each, both mostly wrong."""
    draw = week.draw
    locals_tried = _spell(draw, draw.randint(6, 40), draw.sample(SPELLED[:6], 2))
    try_out(week, company(draw), locals_tried, 0.08)


def one_spelling(week: Week) -> None:
    """Many persons by the one spelling that was guessed for the company."""
    draw = week.draw
    locals_tried = _spell(draw, draw.randint(12, 60), [draw.choice(SPELLED[:6])])
    try_out(week, company(draw), locals_tried, 0.1)


def numbers(week: Week) -> None:
    """A word and a number, counted up."""
    draw = week.draw
    stem = draw.choice(["user", "test", "mail", "mitarbeiter", "desk-", "", "office", "u"])
    width, first = draw.choice(["d", "02d", "03d"]), draw.randint(0, 20)
    locals_tried = [f"{stem}{one:{width}}" for one in range(first, first + draw.randint(9, 60))]
    try_out(week, company(draw), locals_tried, 0.05)


def offices(week: Week) -> None:
    """Names of offices, one after the other."""
    draw = week.draw
    known = OFFICES.split()
    try_out(week, company(draw), draw.sample(known, draw.randint(10, len(known))), 0.15)


def first_names(week: Week) -> None:
    """A dictionary of first names."""
    draw = week.draw
    usual = FIRST[:48]
    try_out(week, company(draw), draw.sample(usual, draw.randint(20, len(usual))), 0.06)


def several_companies(week: Week) -> None:
    """A few persons at each of several companies."""
    draw = week.draw
    for _ in range(draw.randint(2, 6)):
        patterns = draw.sample(SPELLED[:10], draw.randint(5, 7))
        try_out(week, company(draw), _spell(draw, draw.randint(1, 3), patterns), 0.12)


def hidden_in_a_list(week: Week) -> None:
    """Guesses at one company beside an honest newsletter."""
    stale_list(week)
    few_people(week)


def at_a_customer(week: Week) -> None:
    """Guesses at a company that takes mail from the sender already."""
    draw = week.draw
    place = company(draw)
    for _ in range(draw.randint(1, 10)):
        local = spelled("{f}.{l}", person(draw))
        week.arrives(f"{local}@{place}", MONDAY - timedelta(days=draw.randint(2, 90)))
        week.arrives(f"{local}@{place}", MONDAY + timedelta(days=1))
    try_out(week, place, _spell(draw, draw.randint(2, 5), draw.sample(SPELLED[:12], 6)), 0.1)


def mixed(week: Week) -> None:
    """Everything that a list of guesses may hold."""
    draw = week.draw
    tried = [*_spell(draw, draw.randint(2, 4), SPELLED[:5]), *draw.sample(OFFICES.split(), 6)]
    try_out(week, company(draw), list(dict.fromkeys(tried)), 0.1)


# Honest senders.


def _mailbox(draw: random.Random) -> str:
    local = spelled(draw.choice(SPELLED[:9]), person(draw))
    return local + (str(draw.randint(1, 99)) if draw.random() < 0.4 else "")


def _before(week: Week, recipient: str) -> None:
    for _ in range(week.draw.randint(1, 3)):
        week.arrives(recipient, MONDAY - timedelta(days=week.draw.uniform(3, 300)))


def _newsletter(week: Week, recipients: Sequence[str], dead: float) -> None:
    draw = week.draw
    recipients = list(dict.fromkeys(recipients))
    for one, at in zip(recipients, moments(draw, len(recipients), timedelta(hours=3)), strict=True):
        if draw.random() < dead:
            week.bounces(one, at)
        else:
            week.arrives(one, at)


def stale_list(week: Week) -> None:
    """A list of three years ago, over many receiving domains."""
    draw = week.draw
    places = [company(draw) for _ in range(draw.randint(20, 80))]
    large = ["gmail.com", "gmx.de", "web.de", "hotmail.com", "comcast.net", *places[:3]]
    everybody = [
        f"{_mailbox(draw)}@{draw.choice(large if draw.random() < 0.5 else places)}"
        for _ in range(draw.randint(60, 600))
    ]
    _newsletter(week, everybody, draw.uniform(0.1, 0.5))


def closed_company(week: Week) -> None:
    """A company that closed: everybody there was delivered to before."""
    draw = week.draw
    place, pattern = company(draw), draw.choice(SPELLED[:6])
    for local in dict.fromkeys(_spell(draw, draw.randint(8, 80), [pattern])):
        if draw.random() < 0.95:
            _before(week, f"{local}@{place}")
        week.bounces(f"{local}@{place}", MONDAY + timedelta(days=1, minutes=draw.random() * 90))


def mistyped(week: Week) -> None:
    """Visitors who mistype the name of their provider."""
    draw = week.draw
    places = ["gmial.com", "gmai.com", "gmail.co", "hotmial.com", "yaho.com", "outlok.com", "gmx.d"]
    for _ in range(draw.randint(8, 60)):
        at = MONDAY + timedelta(days=draw.random() * 7)
        week.bounces(f"{_mailbox(draw)}@{draw.choice(places)}", at)


def form_spam(week: Week) -> None:
    """Robots that sign up with addresses at free-mail providers."""
    draw = week.draw
    places = ["gmail.com", "mail.ru", "yahoo.com", "hotmail.com", "outlook.com", "proton.me"]
    for _ in range(draw.randint(10, 400)):
        rubbish = "".join(draw.choices(string.ascii_lowercase, k=draw.randint(6, 12)))
        local = rubbish if draw.random() < 0.5 else _mailbox(draw)
        at = MONDAY + timedelta(days=draw.random() * 7)
        week.bounces(f"{local}@{draw.choice(places)}", at)


def throwaway(week: Week) -> None:
    """Robots that sign up with rubbish at one domain of their own."""
    draw = week.draw
    place = company(draw)
    for _ in range(draw.randint(8, 80)):
        rubbish = "".join(
            draw.choices(string.ascii_lowercase + string.digits, k=draw.randint(6, 12))
        )
        week.bounces(f"{rubbish}@{place}", MONDAY + timedelta(days=draw.random() * 7))


def migration(week: Week) -> None:
    """A mailbox provider of a region moves its customers and forgets some."""
    draw = week.draw
    place = company(draw)
    everybody = list(
        dict.fromkeys(f"{_mailbox(draw)}@{place}" for _ in range(draw.randint(30, 300)))
    )
    for one in everybody:
        if draw.random() < 0.9:
            _before(week, one)
    _newsletter(week, everybody, draw.uniform(0.2, 1.0))


def renamed(week: Week) -> None:
    """A company that writes its people anew; the list holds the old and the new spelling."""
    draw = week.draw
    place = company(draw)
    old, new = draw.sample(SPELLED[:6], 2)
    for name in {person(draw) for _ in range(draw.randint(8, 40))}:
        former = f"{spelled(old, name)}@{place}"
        if draw.random() < 0.5:
            _before(week, former)
        week.bounces(former, MONDAY + timedelta(days=1, minutes=draw.random() * 60))
        week.arrives(
            f"{spelled(new, name)}@{place}", MONDAY + timedelta(days=1, minutes=draw.random() * 60)
        )


def big_employer(week: Week) -> None:
    """A shop with real customers at one big employer, some of whom have left."""
    draw = week.draw
    place, pattern = company(draw), draw.choice(SPELLED[:6])
    for local in _spell(draw, draw.randint(40, 400), [pattern]):
        if draw.random() < 0.6:
            _before(week, f"{local}@{place}")
        at = MONDAY + timedelta(days=draw.random() * 7)
        if draw.random() < 0.3:
            week.bounces(f"{local}@{place}", at)
        else:
            week.arrives(f"{local}@{place}", at)


def school(week: Week) -> None:
    """A school whose leavers lose their addresses; some never got mail from here before."""
    draw = week.draw
    place = company(draw)
    known = draw.choice([0.0, 0.5, 1.0])
    for local in _spell(draw, draw.randint(10, 300), ["{f}.{l}"]):
        address = local + (str(draw.randint(2, 4)) if draw.random() < 0.1 else "") + f"@{place}"
        if draw.random() < known:
            _before(week, address)
        at = MONDAY + timedelta(days=2, minutes=draw.random() * 60)
        if draw.random() < draw.choice([0.3, 1.0]):
            week.bounces(address, at)
        else:
            week.arrives(address, at)


def pupils_by_number(week: Week) -> None:
    """A school that names its pupils by number; a whole year has left."""
    draw = week.draw
    place, first = company(draw), draw.randint(100_000, 900_000)
    for number in range(draw.randint(10, 60)):
        address = f"s{first + number}@{place}"
        _before(week, address)
        week.bounces(address, MONDAY + timedelta(days=2, minutes=draw.random() * 60))


def new_customer(week: Week) -> None:
    """An old list of a small association, most of it at one employer, first mailed from here."""
    draw = week.draw
    place, pattern = company(draw), draw.choice(SPELLED[:6])
    everybody = [f"{local}@{place}" for local in _spell(draw, draw.randint(15, 80), [pattern])]
    _newsletter(week, everybody, draw.uniform(0.2, 1.0))


def one_again_and_again(week: Week) -> None:
    """One dead address that a plugin writes to every hour."""
    place = company(week.draw)
    for hour in range(week.draw.randint(20, 160)):
        week.bounces(f"old.boss@{place}", MONDAY + timedelta(hours=hour))


GUESSING: tuple[Style, ...] = (
    one_person, few_people, many_people, two_spellings, one_spelling, numbers, offices, first_names,
    several_companies, hidden_in_a_list, at_a_customer, mixed,
)  # fmt: skip
HONEST: tuple[Style, ...] = (
    stale_list, closed_company, mistyped, form_spam, throwaway, migration, renamed, big_employer,
    school, pupils_by_number, new_customer, one_again_and_again,
)  # fmt: skip


def week_of(style: Style, seed: int) -> Week:
    """Return a week of that style, the same for the same seed."""
    week = Week(draw=random.Random(f"{style.__name__} {seed}"))
    style(week)
    return week
