"""A runtime for MLServer, a model server from PyPI: one ONNX Runtime session behind its KServe v2 interface.

Its folder needs two files: settings.json {"http_port": P, "debug": false, "parallel_workers": 0} and model-settings.json
{"name": N, "implementation": "serve_mlserver.OnnxRuntime", "parameters": {"uri": MODEL.onnx, "extra": {"threads": T}}}.
bench/serve writes them and runs `mlserver start FOLDER`.
"""

import asyncio

import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class OnnxRuntime(MLModel):
    async def load(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(self.settings.parameters.extra["threads"])
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(self.settings.parameters.uri, options, providers=["CPUExecutionProvider"])
        self.input_name = self.session.get_inputs()[0].name
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        batch = NumpyCodec.decode_input(payload.inputs[0])
        # On a thread, so that the event loop reads other requests meanwhile.
        scores = await asyncio.get_running_loop().run_in_executor(None, lambda: self.session.run(None, {self.input_name: batch})[0])
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("output", scores)])
