"""The server that one would write in Python: FastAPI on uvicorn, ONNX Runtime, Pillow.

Answers POST /predict with the body that inferometer's server takes: {"service": NAME, "data": [PATH or base64, ...]}; and
POST /v2/models/NAME/infer with one flat FP32 tensor. Written to be fast as such a server goes: one session made at the start,
uvloop and httptools, handlers that are plain functions (uvicorn runs them on threads, and ONNX Runtime frees the interpreter lock), answers
through orjson.

    MODEL=squeezenet1_1.onnx THREADS=2 SIZE=224 uvicorn --app-dir bench serve_usual:application --port 8090
"""

import base64
import io
import os
import time

import numpy
import onnxruntime
from fastapi import FastAPI
from fastapi.responses import Response
from PIL import Image
import orjson

MEAN = numpy.array([0.485, 0.456, 0.406], numpy.float32).reshape(3, 1, 1)
DEVIATION = numpy.array([0.229, 0.224, 0.225], numpy.float32).reshape(3, 1, 1)

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(os.environ.get("THREADS", "1"))
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
input_name = session.get_inputs()[0].name
channels = session.get_inputs()[0].shape[1]
size = int(os.environ.get("SIZE", "224"))
resize_to = int(os.environ.get("RESIZE", str(size * 256 // 224)))

application = FastAPI()


def prepare(item):
    """One picture as the network wants it: shorter side resized, centre crop, scaled."""
    source = item if os.path.exists(item) else io.BytesIO(base64.b64decode(item))
    picture = Image.open(source).convert("RGB" if channels == 3 else "L")
    width, height = picture.size
    shorter = min(width, height)
    if shorter != resize_to:
        picture = picture.resize((width * resize_to // shorter, height * resize_to // shorter), Image.BILINEAR)
    left, top = (picture.width - size) // 2, (picture.height - size) // 2
    pixels = numpy.asarray(picture.crop((left, top, left + size, top + size)), numpy.float32)
    if channels == 1:
        return pixels[None] * numpy.float32(1 / 255)
    return (pixels.transpose(2, 0, 1) * numpy.float32(1 / 255) - MEAN) / DEVIATION


def infer(batch):
    scores = session.run(None, {input_name: batch})[0]
    powers = numpy.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def classify(body):
    begin = time.perf_counter()
    items = body["data"]
    probabilities = infer(numpy.stack([prepare(item) for item in items]).astype(numpy.float32))
    predictions = []
    for index, (item, row) in enumerate(zip(items, probabilities)):
        best = int(row.argmax())
        predictions.append({"uri": item if os.path.exists(item) else str(index),
                            "classes": [{"prob": float(row[best]), "cat": str(best), "last": True}]})
    milliseconds = 1000 * (time.perf_counter() - begin)
    return {"status": {"code": 200, "msg": "OK"}, "head": {"method": "/predict", "service": body["service"], "time": milliseconds},
            "body": {"predictions": predictions}}


@application.get("/info")
def info():
    return {"status": {"code": 200, "msg": "OK"}, "head": {"method": "/info", "services": []}}


@application.get("/services/{name}")
def service(name: str):
    return {"status": {"code": 200, "msg": "OK"}, "body": {"name": name, "mllib": "onnxruntime"}}


@application.post("/predict")
def predict(body: dict):
    return Response(orjson.dumps(classify(body)), media_type="application/json")


@application.post("/v2/models/{name}/infer")
def infer_tensor(name: str, body: dict):
    given = body["inputs"][0]
    batch = numpy.array(given["data"], numpy.float32).reshape(given["shape"])
    scores = session.run(None, {input_name: batch})[0]
    answer = {"model_name": name, "outputs": [{"name": "output", "datatype": "FP32", "shape": list(scores.shape),
                                               "data": scores.ravel().tolist()}]}
    return Response(orjson.dumps(answer), media_type="application/json")
