"""In which language the pages are told: a link in the head, remembered in a cookie; else as the browser asks.

Words of templates and of modules of pages are marked (`_`, `n_`, `{% trans %}`); sentences that the service,
a check or a rule wrote in English are found again by `local`, as reports do. The API stays English.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack
from functools import lru_cache
from urllib.parse import quote, urlencode

from flask import Flask, Response, current_app, g, request
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from auditor.documents import language_asked
from auditor.web.docstring import codes, inline
from reports import catalogue
from reports.language import ENGLISH, LANGUAGES, _, current, n_, of_two, speaking

COOKIE, YEAR = "language", 365 * 24 * 3600
_ENGLISH = Markup('<span lang="en">{}</span>')
_HAN = re.compile("[\u2e80-\u9fff\uf900-\ufaff]")


def register(app: Flask) -> None:
    """Let *app* tell its pages in the language that is asked for."""
    app.before_request(settle)
    app.after_request(_remember)
    app.teardown_request(_forget)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.install_gettext_callables(_block, _blocks, newstyle=True)  # type: ignore[attr-defined]  # of the extension
    app.jinja_env.globals.update(
        {"_": _, "n_": n_, "local": local, "codes": sentence, "of_two": of_two, "languages": LANGUAGES}
    )


def settle() -> None:
    """Settle the language of this request, once: `?lang=` wins, then the cookie, then Accept-Language."""
    if "speaking" in g or request.path.startswith("/api/") or request.endpoint == "web.static":
        return
    named = (request.args.get("lang"), request.cookies.get(COOKIE))
    chosen = next((tag for tag in named if tag in LANGUAGES), None)
    g.speaking = ExitStack()
    g.speaking.enter_context(speaking(chosen or language_asked(None, request.accept_languages)))


def _forget(_error: BaseException | None) -> None:
    if stack := g.pop("speaking", None):
        stack.close()


def _remember(response: Response) -> Response:
    if "speaking" not in g:
        return response
    response.headers["Content-Language"] = current()
    response.vary.update(("Accept-Language", "Cookie"))
    if request.args.get("lang") in LANGUAGES:
        settings = current_app.config.get("AUDITOR_SETTINGS")
        response.set_cookie(
            COOKIE,
            current(),
            max_age=YEAR,
            samesite="Lax",
            httponly=True,
            secure=getattr(settings, "https", False),
        )
    return response


def switch() -> list[tuple[str, str, str]]:
    """Return each language with its own name and the address of this page in it."""
    path = f"/{request.path.lstrip('/')}"  # two slashes would lead to another host
    while not _can_be_read(path):  # what a form was sent to cannot be opened by a link: go up to what can
        path = path.rstrip("/").rpartition("/")[0] or "/"
    kept = [(key, value) for key, value in request.args.items(multi=True) if key != "lang"]
    kept = kept if path == request.path else []
    asked = {tag: urlencode([*kept, ("lang", tag)]) for tag in LANGUAGES}
    return [(tag, name, f"{quote(path)}?{asked[tag]}") for tag, name in LANGUAGES.items()]


def _can_be_read(path: str) -> bool:
    if path == "/" or (request.method == "GET" and path == request.path):
        return True
    try:
        current_app.url_map.bind("").match(path, method="GET")
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return True


def local(text: str | None) -> str:
    """Return what a check, a rule or the service wrote, in the reader's language; else marked as English."""
    language = current()
    if language == ENGLISH or not text:
        return text or ""
    found = catalogue.record(language).find(text) or catalogue.words(language).get(text)
    if found is None and not _HAN.search(text):
        return _ENGLISH.format(text)
    return text if found is None else found


def sentence(text: str) -> Markup:
    """Return a sentence in the reader's language, with what stands between backticks as code."""
    return _dressed(text, codes)


def inlined(text: str) -> Markup:
    """Return a note in the reader's language, with its code and its emphasis."""
    return _dressed(text, inline)


def _dressed(text: str, dress: Callable[[str], Markup]) -> Markup:
    told = local(text)
    return _ENGLISH.format(dress(text)) if isinstance(told, Markup) else dress(told)


# Blocks of templates hold HTML, and the template engine marks places as %(name)s: catalogues have {name}.


def _block(message: str) -> str:
    return _turned(current(), message, message, 1)


def _blocks(one: str, many: str, number: float) -> str:
    return _turned(current(), one, many, number)


@lru_cache(maxsize=2048)
def _turned(language: str, one: str, many: str, number: float) -> str:
    message = one if number == 1 else many
    if language != ENGLISH:
        key = re.sub(r"%\((\w+)\)s", r"{\1}", one).replace("%%", "%")
        found = catalogue.words(language).get(key)
        if found is not None:
            return re.sub(r"\{(\w+)\}", r"%(\1)s", found.replace("%", "%%"))
    return message
