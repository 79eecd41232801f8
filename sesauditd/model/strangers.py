"""Receiving domains where strangers have their mailboxes side by side, or that nobody meant."""

from __future__ import annotations

from collections.abc import Collection

_PROVIDERS = """
a1.net alice.it aliceadsl.fr arcor.de aruba.it att.net bbox.fr bellsouth.net bigpond.com
blueyonder.co.uk bol.com.br btinternet.com centrum.cz charter.net chello.at chello.nl
club-internet.fr comcast.net cox.net earthlink.net ewetel.net gmx.fr gmx.us hetnet.nl home.nl
hotmail.be hotmail.ch hotmail.es hotmail.nl hotmail.se inbox.lv inbox.ru inwind.it juno.com
kabelbw.de kabelmail.de kpnmail.nl live.be live.co.uk live.de live.fr live.nl netcologne.de
netzero.net neuf.fr ntlworld.com numericable.fr o2.pl o2online.de onet.pl online.de online.no
optonline.net optusnet.com.au outlook.at outlook.es outlook.fr outlook.it planet.nl
poczta.onet.pl proximus.be quicknet.nl rocketmail.com rogers.com sbcglobal.net scarlet.be sfr.fr
shaw.ca sky.com skynet.be sunrise.ch swissonline.ch sympatico.ca talktalk.net telefonica.net
telenet.be telia.com telus.net tin.it tiscali.it unity-mail.de upcmail.nl verizon.net
versanet.de versatel.nl vodafone.de vodafonemail.de voila.fr wanadoo.fr windstream.net xs4all.nl
xtra.co.nz yahoo.ca yahoo.co.in yahoo.co.jp yahoo.com.au yahoo.com.br yahoo.es yahoo.it
yandex.com ymail.com ziggo.nl zonnet.nl
"""
INTERNET_PROVIDERS = frozenset(_PROVIDERS.split())
"""Mailboxes that come with a telephone line, and countries of the large free ones."""
MADE_UP = frozenset({"example.com", "example.net", "example.org", "test.com", "test.de"})
"""What developers and visitors write where an address is asked for."""

_SECOND_LEVELS = frozenset({"ac", "co", "com", "edu", "gob", "gov", "gv", "net", "or", "org"})
_COUNTRY = 2
"""Letters of a country's top level."""
_SWAPPED = 2
_SHORTEST_MISTYPED = 3
"""A label shorter than this is within one edit of everything."""


def strangers_live_at(domain: str, free_mail: Collection[str]) -> bool:
    """Say whether anybody may have a mailbox there, or it is a slip of the finger for such.

    A slip is one edit or one swap of neighbours in the label, whatever the top level.
    """
    if domain in free_mail or domain in INTERNET_PROVIDERS or domain in MADE_UP:
        return True
    label = label_of(domain)
    return any(
        label == known or _one_edit_apart(label, known) for known in map(label_of, free_mail)
    )


def label_of(domain: str) -> str:
    """Return the label that somebody registered: `acme` of `mail.acme.co.uk`."""
    labels = domain.split(".")
    has_second = (
        len(labels) > _COUNTRY and len(labels[-1]) == _COUNTRY and labels[-2] in _SECOND_LEVELS
    )
    return labels[-3] if has_second else labels[max(len(labels) - 2, 0)]


def _cut(label: str) -> set[str]:
    return {label[:at] + label[at + 1 :] for at in range(len(label))}


def _one_edit_apart(one: str, other: str) -> bool:
    if len(other) < _SHORTEST_MISTYPED:
        return False
    if len(one) != len(other):
        longer, shorter = (one, other) if len(one) > len(other) else (other, one)
        return shorter in _cut(longer)
    apart = [at for at, (mine, its) in enumerate(zip(one, other, strict=True)) if mine != its]
    if len(apart) == 1:
        return True
    swapped = len(apart) == _SWAPPED and apart[1] == apart[0] + 1
    return swapped and one[apart[0]] == other[apart[1]] and one[apart[1]] == other[apart[0]]
