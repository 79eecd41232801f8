"""Values as they may stand in a mail, whoever wrote them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

LONGEST = 500
"""Characters of one value; a diagnostic may be 100 kB long."""

# Control characters end header lines and move cursors, bidirectional marks reorder what is
# read, lone surrogates cannot be encoded, and all of them come in what strangers write.
_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")


def stripped(text: str, longest: int = LONGEST) -> str:
    """Return at most so many characters on one line, an ellipsis for the last where it was cut."""
    whole = _HOSTILE.sub("", _BREAKS.sub(" ", text[: 2 * longest]))
    cut = len(text) > 2 * longest or len(whole) > longest
    return f"{whole[: longest - 1]}…" if cut else whole


def cleaned(value: object) -> object:
    """Return a JSON value with every text in it stripped, keys too."""
    match value:
        case str():
            return stripped(value)
        case Mapping():
            return {stripped(str(key)): cleaned(each) for key, each in value.items()}
        case Sequence():
            return [cleaned(each) for each in value]
        case _:
            return value
