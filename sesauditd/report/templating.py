"""How pages are made of templates: every text from outside stays text."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sesauditd.report.plain import cleaned


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


def _text(value: object) -> object:
    """Return what is written into a page: text without what would reorder or hide it."""
    if isinstance(value, str) and not isinstance(value, Markup):
        # Line breaks stay, for evidence; everything else that is no character to see goes.
        return "\n".join(cleaned(line) for line in value.split("\n"))
    return value
