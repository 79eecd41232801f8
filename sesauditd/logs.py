"""Log lines on stderr: one stable event name a fact, people's addresses shortened."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Literal, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import EventDict, Processor, WrappedLogger

Level = Literal["debug", "info", "warning", "error"]
Form = Literal["json", "console"]

ADDRESS_KEYS = frozenset({"recipient", "recipients", "address", "addresses"})
FOREIGN_LEVEL = logging.WARNING
"""Below, the libraries' own lines are of no use to an operator."""

_ADDRESS = re.compile(r"^(.)[^@]*@", re.DOTALL)
# In a sentence an address ends where a word does; a quoted local part may hold spaces.
_WITHIN = re.compile(r"""("[^"\n]{1,64}"|[^\s<>"'(),:;=\[\]{}/]+)@(?=[\w\[])""")
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def configure(*, level: Level, form: Form, stream: TextIO | None = None) -> None:
    """Send the log lines of structlog and of the libraries to stderr, in one form.

    Level `debug` also shows recipients' addresses in full.
    """
    import structlog

    number = logging.getLevelNamesMapping()[level.upper()]
    lines = sys.stderr if stream is None else stream
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if level != "debug":
        # A traceback ends with the error's own words, so it has to be text before that.
        shared += [structlog.processors.format_exc_info, redacted]
    structlog.configure(
        processors=[*shared, *_rendering(form, colours=lines.isatty())],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(lines),
        cache_logger_on_first_use=False,
    )
    _adopt_foreign_lines(shared, form, lines, max(number, FOREIGN_LEVEL))


def redacted(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Shorten the addresses in a log line's values to `j***@x.org`.

    Also those in a sentence: the reason of a failure often quotes whom it is about.
    """
    for key, value in event.items():
        event[key] = _without_addresses(value, shortened if key in ADDRESS_KEYS else _within)
    return event


def shortened(address: str) -> str:
    """Return an address with its local part cut to the first letter."""
    return _ADDRESS.sub(r"\1***@", address)


def _within(text: str) -> str:
    return _WITHIN.sub(lambda found: f"{found[1].lstrip(chr(34))[:1]}***@", text)


def _without_addresses(value: object, shorten: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return shorten(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_without_addresses(one, shorten) for one in value]
    if isinstance(value, dict):
        return {_within(str(key)): _without_addresses(one, shorten) for key, one in value.items()}
    return value


def printable(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take from a log line's values what a terminal would obey instead of show."""
    for key, value in event.items():
        if isinstance(value, str) and key != "exception":
            event[key] = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", value)
    return event


def _rendering(form: Form, *, colours: bool) -> list[Processor]:
    import structlog

    if form == "json":
        return [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ]
    plain = structlog.dev.plain_traceback
    return [printable, structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain)]


def _adopt_foreign_lines(shared: list[Processor], form: Form, lines: TextIO, level: int) -> None:
    """Give the lines of libraries that use the standard logging the same form."""
    import structlog

    handler = logging.StreamHandler(lines)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(form, colours=lines.isatty()),
            ],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
