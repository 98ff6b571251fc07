"""The web process: pages and API over one service. It measures nothing and imports nothing heavy."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from apiflask import APIFlask
from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.middleware.proxy_fix import ProxyFix

from auditor import jobs, sandbox
from auditor.api import openapi, problems
from auditor.api.effectiveness import effectiveness
from auditor.api.events import Holds
from auditor.api.public import public
from auditor.api.questions import questions
from auditor.api.routes import api
from auditor.api.rules import rules as own_rules
from auditor.api.terms import terms
from auditor.artifacts import Artifacts
from auditor.auth import guard
from auditor.auth.rate import Rate
from auditor.config import Settings, from_environment
from auditor.service import Service
from auditor.store import people
from auditor.store.database import Database

LOOKS_PER_HOUR = 120
"""Answers that one address may look up in an hour."""


def create_app(settings: Settings | None = None) -> APIFlask:
    """Return the application; tables are made or brought up to date first."""
    settings = settings or from_environment()
    app = APIFlask(
        "auditor",
        title="Auditor",
        version="1",
        spec_path="/api/openapi.json",
        docs_path=None,
        json_errors=False,
        static_folder=None,  # type: ignore[arg-type]  # the pages bring their own
        static_url_path="/static",  # Bootstrap-Flask serves its files below /bootstrap and this
    )
    service = open_service(settings)
    app.config["AUDITOR_SETTINGS"] = settings
    app.config["SERVER_NAME"] = f"{settings.host}:{settings.port}"  # for addresses made outside a request
    app.config["SECRET_KEY"] = _secret(settings.home)
    app.config["SESSION_COOKIE_SAMESITE"] = "Strict"
    app.config["SESSION_COOKIE_SECURE"] = settings.https
    app.extensions["auditor"] = service
    app.extensions["auditor-holds"] = Holds(settings.streams)
    app.extensions["auditor-sends"] = Rate(settings.concerns_per_hour)
    app.extensions["auditor-looks"] = Rate(LOOKS_PER_HOUR)
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's documented place for it
            app.wsgi_app, x_for=settings.proxies, x_proto=0, x_host=0, x_port=0, x_prefix=0
        )
    guard.register(app)
    app.register_blueprint(api)
    app.register_blueprint(public)
    app.register_blueprint(questions)
    app.register_blueprint(terms)
    app.register_blueprint(own_rules)
    app.register_blueprint(effectiveness)
    problems.register(app)
    _add_pages(app)
    openapi.register(app)
    _add_health(app, service)
    return app


def open_service(settings: Settings) -> Service:
    """Open the store, the files and the queue, making them where they are missing."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database)
    database.migrate()
    jobs.migrate(settings)
    with database.transaction() as session:
        people.local_account(session)
    artifacts = Artifacts(settings.home, settings.artifact_url)
    return Service(settings, database, artifacts, jobs.Jobs(settings))


def _add_health(app: Flask, service: Service) -> None:
    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return jsonify(status="ok")

    @app.get("/readyz")
    def readyz() -> ResponseReturnValue:
        database = service.database.reachable()
        workers = service.workers() if database else 0
        missing = service.missing_layer()
        ready = database and workers > 0 and missing is None
        return jsonify(
            ready=ready,
            database=database,
            workers=workers,
            sandbox=missing or "ok",
            layers={layer.name: layer.available for layer in sandbox.layers()},
            canary=sandbox.tried.state,
        ), 200 if ready else 503


def _add_pages(app: Flask) -> None:
    from auditor import web

    web.register(app)


def _secret(home: Path) -> bytes:
    """Return the key that signs cookies, made at the first start and readable by us alone."""
    path = home / "secret_key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        key = secrets.token_bytes(32)
        file.write(key)
    return key
