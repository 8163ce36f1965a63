#!/usr/bin/env python3
"""Evaluate pictures the usual way in Python: Pillow, numpy and ONNX Runtime, one picture after the other.

The peer of `inferometer evaluate` in bench/evaluate. Prints one JSON object: images, correct_top1, correct_top5, images_per_s (from
the first picture to the last answer, after loading and one untimed request).
"""
import argparse
import json
import pathlib
import time

import numpy
import onnxruntime
from PIL import Image


def crop(picture, side):
    left = (picture.width - side) // 2
    top = (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def prepare(path, options):
    picture = Image.open(path).convert("RGB")
    if options.warp:
        picture = picture.resize((options.warp, options.warp), Image.BILINEAR)
    picture = crop(picture, options.crop)
    values = numpy.asarray(picture, dtype=numpy.float32)[:, :, ::-1]
    values = values - numpy.array([104, 117, 123], dtype=numpy.float32)
    return numpy.ascontiguousarray(values.transpose(2, 0, 1))[None]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--images", required=True, type=pathlib.Path)
    parser.add_argument("--labels", required=True, type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--warp", type=int, default=0)
    parser.add_argument("--crop", type=int, default=227)
    options = parser.parse_args()
    lines = [line.rsplit(None, 1) for line in options.labels.read_text().splitlines() if line.strip()]

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    session = onnxruntime.InferenceSession(options.model, settings, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    session.run(None, {name: numpy.zeros((1, 3, options.crop, options.crop), dtype=numpy.float32)})

    top1 = top5 = 0
    begin = time.perf_counter()
    for file, label in lines:
        scores = session.run(None, {name: prepare(options.images / file, options)})[0].reshape(-1)
        best = numpy.argsort(-scores, kind="stable")[:5]
        top1 += best[0] == int(label)
        top5 += int(label) in best
    seconds = time.perf_counter() - begin
    print(json.dumps({"images": len(lines), "correct_top1": int(top1), "correct_top5": int(top5), "images_per_s": len(lines) / seconds}))


if __name__ == "__main__":
    main()
