"""Local parts that were tried in a row: numbers, letters, offices and common first names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from sesauditd.model.given_names import GIVEN_NAMES, SHORT_FOR
from sesauditd.model.names import plain

FEWEST_IN_A_ROW = 5
LONGEST_NUMBER = 4
"""Digits: longer ones are numbers of pupils or of customers, given out in a row."""
WIDEST_GAP = 2
LONGEST_ENUMERATED = 4
"""Letters of what is enumerated as `aaa`, `aab`, `aac`."""
FEWEST_FIRST_NAMES = 15
"""Small companies do go by first names; companies of this size do not."""

_OFFICES = """
abuse account accounting accounts accueil achats acquisti admin administracion administratie
administration administrator almacen amministratore amministrazione anfrage ap ar assistant
assistenza atencion ausbildung bestellingen bestellung bewerbung bilgi billing biuro boekhouding
booking buchhaltung business calidad careers ceo cfo commercial commerciale communication compras
compta comptabilite contabilidad contabilita contact contacto contatti cto customerservice
datenschutz destek development direccion directie direction director direzione dyrektor edv einkauf
empfang enquiries events export facturacion facturation facturen faktury fatturazione feedback
finance finans gerencia geschaeftsfuehrung geschaeftsleitung gf hallo handel hausverwaltung hello
help helpdesk hola hostmaster hr hukuk ihracat iletisim info information informatique infos inkoop
inquiry insankaynaklari invoice invoices it ithalat jobs juridico juridique kadry kalite karriere
klantenservice kontakt ksiegowosc kundendienst kundenservice lager legal logistica logistics
logistik logistique logistyka lojistik magazijn magazzino mail mailbox management manager marketing
media muhasebe newsletter obchod office operations order orders ordini owner payroll pazarlama
pedidos pers personal personalabteilung personale personeel planning post postmaster praca praxis
press presse privacy procurement prodej production produktion projects purchase purchasing qa
qualita quality recepcion recepcja receptie reception rechnung recruiting recruitment recrutement
redaktion reklamacje reservation returns rh root rrhh sales santral satinalma satis sav secretaria
secretariat secretary security segreteria sekretariat service servis serwis shipping shop siparis
sklad soporte sprzedaz staff support team tech techniek technik technique tecnico teknik training
uctarna ufficio vacatures vendas vendite ventas vente ventes verkauf verkoop vertrieb verwaltung
web webmaster welcome werkstatt yonetim zakupy zamowienia zarzad zentrale
"""
ROLES = frozenset(_OFFICES.split())

_NUMBERED = re.compile(r"(.*?)(\d+)(\D*)")
_MARKS = re.compile(r"[._-]")


class Kind(StrEnum):
    """What a row is made of, in words."""

    NUMBERS = "numbers in a row"
    LETTERS = "letters in a row"
    OFFICES = "names of offices"
    FIRST_NAMES = "common first names"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Local parts that somebody tried one after the other."""

    kind: Kind
    locals: tuple[str, ...]


def runs(local_parts: Iterable[str]) -> tuple[Run, ...]:
    """Return every row that the local parts hold, each of them in one row only."""
    left = {plain(one): one for one in sorted(set(local_parts))}
    taken: set[str] = set()
    kept = []
    for run in (*_numbers(left), *_letters(left), *_offices(left), *_first_names(left)):
        fresh = tuple(one for one in run.locals if one not in taken)
        taken.update(fresh)
        if len(fresh) >= FEWEST_IN_A_ROW:
            kept.append(Run(kind=run.kind, locals=fresh))
    return tuple(kept)


def _numbers(left: dict[str, str]) -> Iterator[Run]:
    """Yield rows such as `user1`, `user2`, `user3`, with small gaps at most."""
    rows: dict[tuple[str, str], dict[int, str]] = {}
    for name, local in left.items():
        numbered = _NUMBERED.fullmatch(name)
        if numbered and len(numbered[2]) <= LONGEST_NUMBER:
            rows.setdefault((numbered[1], numbered[3]), {})[int(numbered[2])] = local
    for row in rows.values():
        for found in _dense(row, WIDEST_GAP):
            yield Run(kind=Kind.NUMBERS, locals=found)


def _letters(left: dict[str, str]) -> Iterator[Run]:
    """Yield rows such as `aa`, `ab`, `ac`, without a gap."""
    for length in range(1, LONGEST_ENUMERATED + 1):
        row = {
            _as_number(name): local
            for name, local in left.items()
            if len(name) == length and name.isascii() and name.isalpha()
        }
        for found in _dense(row, 1):
            yield Run(kind=Kind.LETTERS, locals=found)


def _offices(left: dict[str, str]) -> Iterator[Run]:
    found = tuple(local for name, local in left.items() if _MARKS.sub("", name) in ROLES)
    if len(found) >= FEWEST_IN_A_ROW:
        yield Run(kind=Kind.OFFICES, locals=found)


def _first_names(left: dict[str, str]) -> Iterator[Run]:
    found = tuple(local for name, local in left.items() if name in GIVEN_NAMES or name in SHORT_FOR)
    if len(found) >= FEWEST_FIRST_NAMES:
        yield Run(kind=Kind.FIRST_NAMES, locals=found)


def _dense(row: dict[int, str], widest: int) -> Iterator[tuple[str, ...]]:
    """Yield the stretches of a row in which no gap is wider."""
    stretch: list[int] = []
    numbers = sorted(row)
    for number, following in pairwise([*numbers, numbers[-1] + widest + 1] if numbers else []):
        stretch.append(number)
        if following - number > widest:
            if len(stretch) >= FEWEST_IN_A_ROW:
                yield tuple(row[one] for one in stretch)
            stretch = []


def _as_number(letters: str) -> int:
    number = 0
    for one in letters:
        number = 26 * number + ord(one) - ord("a")
    return number
