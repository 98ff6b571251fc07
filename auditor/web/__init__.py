"""The web pages: a route parses, calls one function of the service, and answers."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, request
from flask_bootstrap import Bootstrap5
from flask_wtf.csrf import CSRFProtect

from auditor.web import (
    audits,
    drafts,
    effectiveness,
    errors,
    language,
    library,
    plan,
    public,
    questions,
    rule_editor,
    rules,
    terms,
    words,
)
from auditor.web.exports import exports
from auditor.web.form import ROLES
from auditor.web.here import POLICY, service
from reports import wording
from reports.language import current

FORM_BYTES = 2**21
"""More than any form holds beside its files."""
ROOT = Path(__file__).resolve().parents[2]

blueprint = Blueprint(
    "web",
    __name__,
    template_folder=str(ROOT / "templates"),
    static_folder="static",
    static_url_path="/assets",
)
csrf = CSRFProtect()


def register(app: Flask) -> None:
    """Add the pages to *app*."""
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    app.config["WTF_CSRF_CHECK_DEFAULT"] = (
        False  # the API has its own rules; our blueprint asks for the token
    )
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a form may lie open for a day; the token ends with the session
    Bootstrap5(app)
    csrf.init_app(app)
    language.register(app)
    app.register_blueprint(blueprint)


@blueprint.before_request
def _protect() -> None:
    """Bound what is read of a request before the token inside it can be looked at."""
    settings = current_app.config.get("AUDITOR_SETTINGS")
    files = {"web.upload": 1, "web.step": len(ROLES) + 2}.get(request.endpoint or "", 0)
    request.max_content_length = FORM_BYTES + files * getattr(settings, "upload_bytes", 0)
    if current_app.config["WTF_CSRF_ENABLED"]:
        csrf.protect()


@blueprint.after_request
def _harden(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    return response


@blueprint.app_context_processor
def _frame() -> dict[str, object]:
    """Give every page what the frame around it shows."""
    settings = current_app.config.get("AUDITOR_SETTINGS")
    return {
        "loopback": getattr(settings, "loopback", False),
        "here": request.endpoint,
        "missing_layer": service().missing_layer,
        "exports": exports,
        "switch": language.switch,
        "language": current(),
        "words": words,
        "wording": wording,
    }


for _pages in (
    audits,
    drafts,
    effectiveness,
    errors,
    library,
    plan,
    public,
    questions,
    rule_editor,
    rules,
    terms,
):
    _pages.add_to(blueprint)
