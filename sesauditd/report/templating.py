"""How pages are made of templates: every text from outside stays text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sesauditd.report.plain import cleaned

if TYPE_CHECKING:
    from collections.abc import Mapping

_TORN = re.compile(r"(?<=[0-9]) (?=%)")


def html_environment(package: str) -> Environment:
    """Return what renders the templates of a package: escaped, and no name left unknown."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_text,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def rendered(environment: Environment, template: str, values: Mapping[str, object]) -> str:
    """Return a page; no line of it ends between a number and its percent sign."""
    return _TORN.sub("\N{NO-BREAK SPACE}", environment.get_template(template).render(values))


def _text(value: object) -> object:
    """Return what is written into a page: text without what would reorder or hide it."""
    if isinstance(value, str) and not isinstance(value, Markup):
        # Line breaks stay, for evidence; everything else that is no character to see goes.
        return "\n".join(cleaned(line) for line in value.split("\n"))
    return value
