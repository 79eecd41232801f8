"""People who do not exist, at companies that do not exist, and their addresses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

FIRST = (
    "ada", "alma", "anton", "bela", "bruno", "carla", "cosima", "egon", "elvira", "emil",
    "enno", "fanny", "frieda", "gesa", "gustav", "hedda", "henrik", "ilse", "jorid", "karla",
    "klaas", "lotte", "ludwig", "magda", "malte", "nele", "oskar", "ottilie", "paula", "quint",
    "rosa", "ruben", "selma", "sverre", "tilda", "tjark", "ulla", "vera", "wanda", "xaver",
)  # fmt: skip
FRONT = (
    "apfel", "birken", "blau", "brombeer", "distel", "donner", "eulen", "farn", "hasel",
    "honig", "kiesel", "korn", "mohn", "mond", "nebel", "regen", "schilf", "silber", "sturm",
    "tau", "winter", "zucker",
)  # fmt: skip
BACK = ("acker", "bach", "feder", "garten", "kamp", "mehl", "stein", "wald", "weiler", "zweig")

FREE_MAIL = ("gmail.com", "gmx.de", "web.de", "t-online.de", "outlook.com", "freenet.de")
"""Where anybody may have a mailbox; nobody of these does, and nothing is ever sent to them."""
TOWN = (
    "stadtpost.example",
    "hafenamt.example",
    "kita-am-deich.example",
    "buchhandlung-eule.example",
    "praxis-dr-taubach.example",
    "hotel-leuchtturm.example",
    "fahrrad-kiesel.example",
    "stadtwerke-altfurt.example",
)
OLD_PROVIDERS = ("t-online.de", "freenet.de", "web.de", "gmx.de", "aol.com")
"""Where mailboxes of ten years ago were, and many no longer are."""
ROWING = tuple(
    f"{kind}-{town}.example"
    for kind in ("rc", "rv")
    for town in ("altfurt", "deichhagen", "kaltenau", "moorbek", "seewarden", "tiefensee")
)
FIRMS = tuple(
    f"{name}.example"
    for name in (
        "hagen-und-sohn", "ostwind-energie", "druckerei-falter", "altfurt-immobilien",
        "kanzlei-rabenau", "elbtor-versand", "mohn-medizintechnik", "sieben-spedition",
        "delfin-software", "werft-tiefensee", "kupferkanne", "blaupause-planung",
    )
)  # fmt: skip


@dataclass(slots=True)
class Townsfolk:
    """Draws people by lot, never the same one twice."""

    draw: Random
    known: set[str] = field(default_factory=set)

    def take(self, count: int, domains: Sequence[str]) -> list[str]:
        """Return addresses of so many new people, spread evenly over the domains."""
        return [f"{self._name()}@{domains[number % len(domains)]}" for number in range(count)]

    def _name(self) -> str:
        while True:
            first, front, back = (self.draw.choice(part) for part in (FIRST, FRONT, BACK))
            name = f"{first}.{front}{back}"
            if name not in self.known:
                self.known.add(name)
                return name
