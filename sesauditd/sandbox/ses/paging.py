"""Lists in pages, with tokens that say after which name the next page begins."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from sesauditd.sandbox.ses.declined import Declined

if TYPE_CHECKING:
    from sesauditd.sandbox.ses.reading import Parameters

T = TypeVar("T")

LARGEST_PAGE = 1000


def page(
    named: Mapping[str, T],
    parameters: Parameters,
    *,
    default: int = 100,
    invalid: str = "BadRequestException",
) -> tuple[list[T], str | None]:
    """Return one page in the order of names, and the token of the next page if there is one.

    Raises:
        Declined: PageSize or NextToken is wrong; `invalid` is the error's code for the token.
    """
    size = parameters.get("PageSize") or default
    if not 0 < size <= LARGEST_PAGE:
        raise Declined("BadRequestException", f"PageSize must be from 1 to {LARGEST_PAGE}.")
    after = _name_in(parameters.get("NextToken"), invalid)
    names = sorted(name for name in named if after is None or name > after)
    shown = names[:size]
    token = _token(shown[-1]) if len(names) > size else None
    return [named[name] for name in shown], token


def filtered(
    named: Mapping[str, T], parameters: Parameters, facts: Mapping[str, Callable[[T], str]]
) -> Mapping[str, T]:
    """Return what a request's Filter lets through, by what each of its keys looks at.

    Keys that end in `_CONTAINS` look for a part of a name, the others for the whole value.
    """
    wanted: Mapping[str, str] = parameters.get("Filter") or {}
    return {
        name: one
        for name, one in named.items()
        if all(_passes(key, value, facts[key](one)) for key, value in wanted.items())
    }


def _passes(key: str, value: str, fact: str) -> bool:
    return value in fact if key.endswith("_CONTAINS") else value == fact


def _token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _name_in(token: str | None, invalid: str) -> str | None:
    if not token:
        return None
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Declined(invalid, "The specified token is not valid.") from error
