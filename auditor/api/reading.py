"""Reading requests: a body is plain JSON, and a query holds what its route knows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from flask import request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from auditor.problems import Problem, Refused, refuse

BODY_BYTES = 1024 * 1024


def body() -> Any:
    """Return what the JSON body says; whatever is odd about it is refused in a sentence."""
    if not request.is_json:
        raise UnsupportedMediaType("send JSON, and say so: `Content-Type: application/json`.")
    request.max_content_length = BODY_BYTES
    sent = request.get_data()
    if not sent.strip():
        raise BadRequest("the body is not JSON; it is empty, so send an object such as {}.")
    try:
        return json.loads(sent.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except RecursionError:
        raise BadRequest("the body is nested too deeply; flatten it.") from None
    except UnicodeDecodeError:
        raise BadRequest("the body is not JSON; it is not UTF-8 text, so encode it as UTF-8.") from None
    except json.JSONDecodeError as why:
        place = f"line {why.lineno}, column {why.colno}"
        raise BadRequest(f"the body is not JSON; look at {place} and correct it.") from None
    except ValueError:
        raise BadRequest("the body is not JSON; a number in it is too long, so shorten it.") from None


def only(*known: str) -> None:
    """Refuse query parameters that the route does not know, that are empty, or that stand twice."""
    found = [
        Problem(name, code, sentence)
        for name, values in request.args.lists()
        for code, sentence in _odd(name, values, known)
    ]
    if found:
        raise Refused(found)


def whole(name: str, otherwise: int) -> int:
    """Return the query parameter *name* as a number from 1 on, or *otherwise* where it was not sent."""
    text = request.args.get(name)
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        raise refuse(name, "not-a-number", f"`{name}` is not a whole number from 1 on; send one such as 50.")
    return int(text)


def _odd(name: str, values: Sequence[str], known: Sequence[str]) -> list[tuple[str, str]]:
    if name not in known:
        near = get_close_matches(name, known, n=1)
        advice = f"did you mean `{near[0]}`?" if near else "remove it."
        return [("unknown-parameter", f"`{name[:100]}` is not a parameter of this address; {advice}")]
    if len(values) > 1:
        return [("twice", f"`{name}` is sent more than once; keep one.")]
    if not values[0].strip():
        return [("empty", f"`{name}` is empty; give it a value or leave it out.")]
    return []


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise refuse(key, "twice", f"the body gives `{key[:100]}` a second time; keep one.")
        made[key] = value
    return made


def _constant(name: str) -> NoReturn:
    raise BadRequest(f"the body is not JSON; {name} is not a JSON number, so leave it out.")
