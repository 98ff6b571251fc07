"""What a page needs from the application around it."""

from __future__ import annotations

from typing import cast

from flask import current_app, g

from auditor.config import Settings
from auditor.service import Service
from auditor.views import Account
from frameworks.model import Framework

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Our pages run our own scripts and styles only. `data:` is for the pictures inside Bootstrap's CSS."""


def retention_days() -> float:
    """Return after how many days the files of an audit go."""
    settings = current_app.config.get("AUDITOR_SETTINGS")
    return settings.retention_days if isinstance(settings, Settings) else Settings().retention_days


def service() -> Service:
    """Return the one door to audits."""
    return cast("Service", current_app.extensions["auditor"])


def account() -> Account:
    """Return who asks; the application has settled it before any page is reached."""
    return cast("Account", g.account)


def all_frameworks() -> tuple[Framework, ...]:
    """Return every framework in full, in the order of the list; then the rules of the account."""
    bundled = tuple(service().framework(row.id) for row in service().frameworks())
    return (*bundled, *service().rules.frameworks(account()))
