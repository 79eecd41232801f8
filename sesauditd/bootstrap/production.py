"""Builds what asks AWS for production access."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sesauditd.bootstrap.onboarding import Administration
    from sesauditd.onboard.production import ProductionAccess


def production_access(opened: Administration) -> ProductionAccess:
    """Return the way out of AWS's sandbox, over an account that is open."""
    from sesauditd.aws.production import Production
    from sesauditd.onboard.production import ProductionAccess
    from sesauditd.store.watch import Memory

    return ProductionAccess(
        account=Production(opened.clients), memory=Memory(opened.program.database)
    )
