"""Pages for what goes wrong: one heading, one sentence, no trace."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from auditor.problems import Refused
from auditor.views import Conflict, NotFound, Unavailable
from auditor.web.here import POLICY
from auditor.web.language import settle

SENTENCES = {
    404: ("There is no such page", "The address may be mistyped, or what it showed was deleted."),
    405: ("That page does not take this", "Go back to the front page and start from there."),
    413: (
        "That file is too large",
        "Upload a smaller file, or ask whoever runs this service to raise AUDITOR_UPLOAD_BYTES.",
    ),
    500: (
        "Something broke on our side",
        "The fault was logged. What you entered so far is kept; try again in a moment.",
    ),
}


def add_to(pages: Blueprint) -> None:
    """Answer what the service refuses to a page with a page; the application calls `failed` for the rest."""
    pages.register_error_handler(NotFound, lambda why: _page(404, "There is no such thing here", str(why)))
    pages.register_error_handler(Conflict, lambda why: _page(409, "That is not possible now", str(why)))
    pages.register_error_handler(Unavailable, lambda why: _page(503, "This host cannot do that", str(why)))
    pages.register_error_handler(Refused, lambda why: _page(422, "That is not accepted", str(why)))
    pages.register_error_handler(CSRFError, _stale)


def failed(error: HTTPException) -> ResponseReturnValue:
    """Answer an HTTP error with its page."""
    code = error.code or 500
    heading, sentence = SENTENCES.get(
        code, ("That did not work", error.description or "Go back and try again.")
    )
    return _page(code, heading, sentence)


def _stale(_error: CSRFError) -> ResponseReturnValue:
    return _page(
        400,
        "This form has gone stale",
        "Your browser or the service has forgotten its key. Go back, reload the page, and send it again.",
    )


def _page(code: int, heading: str, sentence: str) -> ResponseReturnValue:
    settle()  # whoever is turned away at the door is told so in their language too
    page = render_template("web/error.html", heading=heading, sentence=sentence, code=code)
    return page, code, {"Content-Security-Policy": POLICY}
