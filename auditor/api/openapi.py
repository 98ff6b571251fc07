"""The API's description: what APIFlask writes from the routes, with bodies, errors and the token added."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from apiflask import APIBlueprint, APIFlask
from flask import Blueprint, Response
from flask_swagger_ui import get_swaggerui_blueprint
from pydantic import BaseModel

from auditor.api.shapes import BODIES, ProblemOut

REF = "#/components/schemas/{model}"


def register(app: APIFlask) -> None:
    """Serve /api/openapi.json (3.1) and a page to try it at /api/docs, both from here alone."""
    app.config["OPENAPI_VERSION"] = "3.1.0"
    app.config["AUTO_404_RESPONSE"] = False
    app.config["AUTO_VALIDATION_ERROR_RESPONSE"] = False
    app.security_schemes = {
        "token": {"type": "http", "scheme": "bearer", "description": "Not needed on the loopback address."}
    }
    app.spec_processor(_complete)
    app.register_blueprint(_docs())
    for blueprint in app.blueprints.values():
        if not isinstance(blueprint, APIBlueprint):
            blueprint.enable_openapi = False  # type: ignore[attr-defined]  # APIFlask asks every blueprint


def _complete(spec: Any) -> Any:
    schemas = spec.setdefault("components", {}).setdefault("schemas", {})
    models: set[type[BaseModel]] = {*BODIES.values(), ProblemOut}
    for model in sorted(models, key=lambda m: m.__name__):
        described = model.model_json_schema(ref_template=REF)
        schemas |= described.pop("$defs", {})
        schemas[model.__name__] = described
    for (path, method), model in BODIES.items():
        reference = {"$ref": REF.format(model=model.__name__)}
        spec["paths"][path][method]["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": reference}},
        }
    upload = {"schema": {"type": "string", "format": "binary"}}
    spec["paths"]["/api/v1/artifacts/{sha256}"]["put"]["requestBody"] = {
        "required": True,
        "content": {"application/octet-stream": upload},
    }
    problem = {"application/problem+json": {"schema": {"$ref": REF.format(model="ProblemOut")}}}
    for operations in spec["paths"].values():
        for operation in operations.values():
            if isinstance(operation, dict) and "responses" in operation:
                operation["responses"]["default"] = {
                    "description": "A problem (RFC 9457)",
                    "content": problem,
                }
    spec["security"] = [{"token": []}, {}]
    return spec


def _docs() -> Blueprint:
    """Return the page of the wheel; its one inline script is allowed by its hash."""
    docs: Blueprint = get_swaggerui_blueprint(
        "/api/docs", "/api/openapi.json", config={"app_name": "Auditor API", "validatorUrl": None}
    )

    @docs.after_request
    def _allow_own_script(response: Response) -> Response:
        own = ""
        if response.mimetype == "text/html" and not response.direct_passthrough:
            own = _hashes(response.get_data())
        response.headers["Content-Security-Policy"] = (
            f"default-src 'self'; script-src 'self' {own}; style-src 'self' 'unsafe-inline'; "
            "img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
        )
        return response

    return docs


def _hashes(page: bytes) -> str:
    scripts = re.findall(rb"<script>(.*?)</script>", page, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(script).digest()).decode() for script in scripts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)
