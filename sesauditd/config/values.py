"""What a single setting may look like; each check returns the value or says what is expected."""

from __future__ import annotations

import json
import re
import shlex
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

from sesauditd.errors import Refused
from sesauditd.model import addresses

if TYPE_CHECKING:
    from collections.abc import Callable

SQLITE = "sqlite+aiosqlite:///"
POSTGRESQL = "postgresql+asyncpg://"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HIGHEST_PORT = 65_535
DATABASES = "expected a path, sqlite:///FILE or postgresql://USER@HOST/NAME"

_SQLITE_URL = re.compile(r"^sqlite(?:\+aiosqlite)?:///")
_POSTGRESQL_URL = re.compile(r"^postgres(?:ql)?(?:\+asyncpg)?://")
_URL = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_TIME = re.compile(r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
_BIND = re.compile(r"^(?:\[[0-9a-fA-F:]+\]|[^\s:\[\]]+):([0-9]{1,5})$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def database_url(text: str) -> str:
    """Return the URL with its asynchronous driver; a path means SQLite, relative to here."""
    plain = text.strip()
    if not plain:
        raise _wrong(DATABASES)
    if _POSTGRESQL_URL.match(plain):
        return _POSTGRESQL_URL.sub(POSTGRESQL, plain)
    if _SQLITE_URL.match(plain):
        plain = _SQLITE_URL.sub("", plain)
    elif _URL.match(plain) or _CONTROL.search(plain):
        raise _wrong(DATABASES)
    if plain in {"", ":memory:"}:
        return f"{SQLITE}:memory:"
    return f"{SQLITE}{Path(plain).expanduser().absolute()}"


def without_password(url: str) -> str:
    """Return a database URL as it may be shown."""
    shown = re.sub(r"(?<=://)([^/@:]*):[^/]*@", r"\1:***@", url)
    return re.sub(r"(?<=[?&])password=[^&]*", "password=***", shown)


def words(value: object) -> object:
    """Return a list from text: a JSON array, or words between commas and blanks."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return _json_list(value)
    return [word for word in re.split(r"[,\s]+", value) if word]


def services(value: object) -> object:
    """Return tables from addresses, each alone or in a table that says more of it."""
    listed = words(value)
    if not isinstance(listed, list | tuple):
        return listed
    return [{"url": one} if isinstance(one, str) else one for one in listed]


def command(value: object) -> object:
    """Return a command's words from text, split as a shell would."""
    if not isinstance(value, str):
        return value
    return _json_list(value) if value.lstrip().startswith("[") else shlex.split(value)


def matching(pattern: str, expectation: str) -> Callable[[str], str]:
    """Return a check that text has a form, and says in words what is expected."""
    form = re.compile(pattern)

    def check(text: str) -> str:
        if form.fullmatch(text):
            return text
        raise _wrong(f"expected {expectation}")

    return check


def whole(value: object) -> object:
    """Refuse `true` where a number is meant, which Python would count as 1."""
    if isinstance(value, bool):
        raise _wrong("expected a whole number")
    return value


def quoted(value: object) -> object:
    """Say that text needs quotes where somebody wrote a bare number."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise _wrong(f'expected text in quotes: "{value}"')
    return value


def mailbox(text: str) -> str:
    """Return an address, with or without a display name; says so if it is none."""
    plain = text.strip()
    _accepted(addresses.contact, plain)
    return plain


def domain(text: str) -> str:
    """Return a domain as its A-label; says so if it is none."""
    return _accepted(addresses.registrable, text)


def host(text: str) -> str:
    """Return a server's name or its address; says so if it is neither."""
    plain = text.strip()
    if plain == "localhost" or _is_address(plain):
        return plain
    return domain(plain)


def web_url(text: str) -> str:
    """Return an address of the web; says so if it is none."""
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.netloc or _CONTROL.search(text):
        raise _wrong("expected an address that begins with http:// or https://")
    return text


def time_of_day(text: str) -> str:
    """Return a time such as `00:30`, UTC."""
    if not _TIME.match(text):
        raise _wrong('expected a time of day in UTC, such as "00:30"')
    return text


def time_of_week(text: str) -> str:
    """Return a weekday and a time such as `monday 03:00`, UTC."""
    day, _, time = text.strip().lower().partition(" ")
    if day not in WEEKDAYS or not _TIME.match(time.strip()):
        raise _wrong('expected a weekday and a time in UTC, such as "monday 03:00"')
    return f"{day} {time.strip()}"


def bind(text: str) -> str:
    """Return an address and a port to listen on."""
    match = _BIND.match(text)
    if match is None or not 0 <= int(match.group(1)) <= HIGHEST_PORT:
        raise _wrong('expected an address and a port, such as "127.0.0.1:8080"')
    return text


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _json_list(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise _wrong("expected a list: words between commas, or a JSON array") from error


def _accepted(check: Callable[[str], str], text: str) -> str:
    try:
        return check(text)
    except Refused as refusal:
        raise _wrong(str(refusal)) from refusal


def _wrong(expectation: str) -> PydanticCustomError:
    return PydanticCustomError("setting", "{expectation}", {"expectation": expectation})
