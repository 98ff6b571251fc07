"""A model that MLServer serves: asked by columns or as one matrix, it answers classes and probabilities."""

from __future__ import annotations

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, PandasCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Credit(MLModel):
    async def load(self) -> bool:
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        if payload.parameters is not None and payload.parameters.content_type == "pd":
            table = PandasCodec.decode_request(payload)
            income = table["income"].to_numpy(dtype=np.float64)
            income = income + np.where(table["sex"].to_numpy() == "m", 10.0, 0.0)
        else:
            income = self.decode(payload.inputs[0], default_codec=NumpyCodec)[:, 0]
        yes = 1 / (1 + np.exp(-(income - 50) / 10))
        outputs = [
            StringCodec.encode_output("predict", ["yes" if p >= 0.5 else "no" for p in yes]),
            NumpyCodec.encode_output("predict_proba", np.column_stack([1 - yes, yes])),
        ]
        wanted = {output.name for output in payload.outputs or ()}
        return InferenceResponse(
            model_name=self.name, outputs=[one for one in outputs if not wanted or one.name in wanted]
        )
