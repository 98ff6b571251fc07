"""Errors of the API: one shape, problem details (RFC 9457), whatever went wrong."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError

from auditor.problems import Problem, Refused
from auditor.views import Conflict, NotFound, Unavailable

logger = logging.getLogger(__name__)

MEDIA = "application/problem+json"


def attach(api: Blueprint) -> None:
    """Answer what the service refuses to *api*'s routes with problem documents."""
    api.register_error_handler(NotFound, lambda why: answer(404, str(why)))
    api.register_error_handler(Conflict, lambda why: answer(409, str(why)))
    api.register_error_handler(Unavailable, lambda why: answer(503, str(why)))
    api.register_error_handler(Refused, lambda why: answer(422, "the submission is refused.", why.problems))


def register(app: Flask) -> None:
    """Answer every other error: under /api and at machines' routes with a problem document, else a page."""
    app.register_error_handler(HTTPException, _failed)
    app.register_error_handler(Exception, _broke)


def document(status: int, detail: str, problems: Sequence[Problem] = ()) -> dict[str, Any]:
    """Return a problem document."""
    found: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if problems:
        found["problems"] = [asdict(problem) for problem in problems]
    return found


def answer(status: int, detail: str, problems: Sequence[Problem] = ()) -> Response:
    """Return a response that carries a problem document."""
    return Response(json.dumps(document(status, detail, problems)), status, mimetype=MEDIA)


def _failed(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error.response
    status = error.code or 500
    if not _is_page():
        response = answer(status, _sentence(error))
        if allowed := getattr(error, "valid_methods", None):
            response.headers["Allow"] = ", ".join(sorted(allowed))
        if wait := getattr(error, "retry_after", None):
            response.headers["Retry-After"] = str(wait)
        return response
    from auditor.web.errors import failed

    return failed(error)


def _broke(error: Exception) -> ResponseReturnValue:
    """Answer a fault of ours: the log has the place, the answer has no trace."""
    logger.error("%s %s broke", request.method, request.url_rule, exc_info=error)
    return _failed(InternalServerError("something broke on our side; the log of the service says where."))


def _is_page() -> bool:
    return not request.path.startswith(("/api/", "/healthz", "/readyz")) and request.path != "/api"


def _sentence(error: HTTPException) -> str:
    match error.code:
        case 404:
            return f"there is nothing at {request.path[:200]}; see /api/openapi.json."
        case 405:
            return f"{request.path[:200]} does not take {request.method}."
        case _:
            return error.description or "the request cannot be answered."
