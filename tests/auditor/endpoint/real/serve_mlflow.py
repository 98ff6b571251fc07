"""Save a model as MLflow does, then serve it with its own scoring server: `serve_mlflow.py FOLDER PORT`."""

from __future__ import annotations

import sys
import warnings

import mlflow.pyfunc
import numpy as np
import pandas as pd
import uvicorn
from mlflow.pyfunc import load_model, scoring_server


class Credit(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: pd.DataFrame, params=None) -> np.ndarray:
        bonus = np.where(model_input["sex"] == "m", 10.0, 0.0)
        yes = 1 / (1 + np.exp(-(model_input["income"].to_numpy(dtype=float) + bonus - 50) / 10))
        return np.column_stack([1 - yes, yes])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    folder, port = sys.argv[1], int(sys.argv[2])
    mlflow.pyfunc.save_model(folder, python_model=Credit(), pip_requirements=[])
    uvicorn.run(scoring_server.init(load_model(folder)), host="127.0.0.1", port=port, log_level="warning")
