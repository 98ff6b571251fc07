"""MLflow model folders as MLflow 3.17 writes them, without MLflow, which would bring 25 packages."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import skops.io
import yaml


def write(folder: Path, flavour: str, told: dict[str, Any], columns: list[str]) -> Path:
    """Write the MLmodel of a folder; the model's own file is the caller's."""
    folder.mkdir(parents=True, exist_ok=True)
    inputs = [{"type": "double", "name": name, "required": True} for name in columns]
    file = told.get("pickled_model", told.get("data"))
    env = {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}
    function = {
        "env": env,
        "loader_module": f"mlflow.{flavour}",
        "model_path": file,
        "python_version": "3.11.7",
    }
    manifest = {
        "flavors": {"python_function": function, flavour: {"code": None, **told}},
        "is_signature_from_type_hint": False,
        "mlflow_version": "3.17.2",
        "model_uuid": "ce044c2fa9d14f379fdbc90679e7f21e",
        "signature": {"inputs": json.dumps(inputs), "outputs": None, "params": None},
        "utc_time_created": "2026-11-23 23:50:33.878320",
    }
    (folder / "MLmodel").write_text(yaml.safe_dump(manifest), encoding="utf-8")
    (folder / "requirements.txt").write_text("mlflow==3.17.2\n", encoding="utf-8")
    return folder


def zipped(path: Path, flavour: str, columns: list[str]) -> Path:
    """Return a zipped folder of *flavour* around the model that was saved at *path*."""
    key = "pickled_model" if flavour == "sklearn" else "data"
    folder = write(path.parent / "folder", flavour, {key: path.name}, columns)
    shutil.copy(path, folder)
    return Path(shutil.make_archive(str(path.with_name("model")), "zip", folder))


def sklearn_folder(model: Any, folder: Path, columns: list[str]) -> Path:
    """Write a scikit-learn model in the skops serialisation, MLflow's default since 3."""
    told = {"pickled_model": "model.skops", "serialization_format": "skops", "sklearn_version": "1.9.1"}
    write(folder, "sklearn", told, columns)
    skops.io.dump(model, folder / "model.skops")
    return folder
