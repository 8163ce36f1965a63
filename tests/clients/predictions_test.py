"""What the server predicts is what `inferometer evaluate` finds on the same files with the same preprocessing."""
import base64
import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from dd_client import png  # noqa: E402
from server import BINARY, Server, pattern  # noqa: E402
from v2_client import V2Client  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PICTURES = SOURCE / "tests/unit/dataset/pictures"
SHARED = pathlib.Path(os.environ.get("INFEROMETER_SHARED_DIR", SOURCE.parent / "shared")) / "data"


def fast_engine():
    """onnxruntime where it is built, else the reference engine, which is always there."""
    engines = json.loads(subprocess.run([BINARY, "engines", "--format", "json"], capture_output=True, check=True).stdout)
    return "onnxruntime" if any(row["engine"] == "onnxruntime" and row["usable"] for row in engines) else "reference"


def setUpModule():
    global server, v2, engine
    engine = fast_engine()
    more = ["--model-root", str(SHARED / "weights"), "--data-root", str(SHARED / "imagenet")] if SHARED.is_dir() else []
    server = Server("--data-root", str(PICTURES), *more, engine=engine)
    server.__enter__()
    v2 = V2Client(server.port)


def tearDownModule():
    server.__exit__(None)


def softmax(scores):
    highest = max(scores)
    powers = [math.exp(score - highest) for score in scores]
    return [power / sum(powers) for power in powers]


def tensor(pixels, side, scale, mean, deviation, order):
    """A picture of the network's size as its input, in single precision."""
    channels = len(order)
    values = [(pixels[i * channels + source] * scale - mean[c]) / deviation[c] for c, source in enumerate(order) for i in range(side * side)]
    return list(struct.unpack("<%df" % len(values), struct.pack("<%df" % len(values), *values)))


class PredictionsTest(unittest.TestCase):
    def evaluate(self, folder, labels, model, options, with_engine=None):
        """By picture: the class predicted and the probability of the labelled class."""
        label_file = server.root / "labels.txt"
        label_file.write_text("".join("%s %d\n" % pair for pair in labels.items()))
        environment = dict(os.environ, INFEROMETER_CACHE_DIR=str(server.root / "cache"))
        ran = subprocess.run([BINARY, "evaluate", model, "--images", str(folder), "--labels", str(label_file), "--engine", with_engine or engine,
                              "--threads", "1", "--confidences", "--format", "json", "--quiet", *options], cwd=server.root, env=environment,
                             capture_output=True, text=True, timeout=300)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        rows = {row["image"]: (int(row["predicted"]), row["right_probability"]) for row in json.loads(ran.stdout)}
        self.assertEqual(set(rows), set(labels))
        return rows

    def predict(self, service, data):
        """By item: its uri, and the probability of every class."""
        answer = server.client.post_predict(service, data, parameters_output={"best": -1})
        found = []
        for prediction in answer["body"]["predictions"]:
            classes = prediction["classes"]
            self.assertEqual([entry["prob"] for entry in classes], sorted((entry["prob"] for entry in classes), reverse=True))
            self.assertEqual([entry.get("last", False) for entry in classes], [False] * (len(classes) - 1) + [True])
            self.assertAlmostEqual(sum(entry["prob"] for entry in classes), 1, places=4)
            found.append((prediction["uri"], {int(entry["cat"].split()[0]): entry["prob"] for entry in classes}))
        return found

    def assert_same(self, first, second, places=6):
        self.assertEqual(set(first), set(second))
        for index, probability in first.items():
            self.assertAlmostEqual(probability, second[index], places=places)

    def check(self, service, folder, names, model, options, with_engine=None):
        """By path and by base64, alone and together, against evaluate; what was predicted by path."""
        paths = [str(folder / name) for name in names]
        together = self.predict(service, paths)
        self.assertEqual([uri for uri, _ in together], paths)
        texts = [base64.b64encode((folder / name).read_bytes()).decode() for name in names]
        encoded = self.predict(service, texts)
        self.assertEqual([uri for uri, _ in encoded], [str(i) for i in range(len(names))])
        for (_, by_path), (_, by_text), path in zip(together, encoded, paths):
            self.assert_same(by_path, by_text)
            self.assert_same(by_path, self.predict(service, [path])[0][1], places=5)
        # The class that comes third is asked for, so that evaluate tells the probability of one that is not the best.
        third = {name: sorted(classes, key=classes.get, reverse=True)[2] for name, (_, classes) in zip(names, together)}
        for name, (predicted, probability) in self.evaluate(folder, third, model, options, with_engine).items():
            classes = together[names.index(name)][1]
            self.assertAlmostEqual(classes[predicted], max(classes.values()), places=6)
            self.assertAlmostEqual(classes[third[name]], probability, places=6)
        return together

    def check_tensors(self, service, pixels, side, together, **how):
        """The same pictures as tensors that were prepared here."""
        model = v2.get("/v2/models/" + service)
        name, shape = model["inputs"][0]["name"], model["inputs"][0]["shape"]
        for picture, (_, classes) in zip(pixels, together):
            values = tensor(picture, side, **how)
            scores = v2.infer_json(service, name, [1, *shape[1:]], values)
            self.assertEqual(v2.infer_binary(service, name, [1, *shape[1:]], values), list(struct.unpack("<%df" % len(scores), struct.pack("<%df" % len(scores), *scores))))
            self.assert_same(classes, dict(enumerate(softmax(scores))))

    def write_pictures(self, folder, side, channels, count):
        folder.mkdir()
        pixels = [pattern(side, side, channels, seed) for seed in range(count)]
        names = ["p%d.png" % seed for seed in range(count)]
        for name, content in zip(names, pixels):
            (folder / name).write_bytes(png(side, side, content))
        return names, pixels

    def test_a_network_with_its_own_preprocessing(self):
        """Short side to 256, central 224: every kind of file there is."""
        server.client.put_service("own", {"repository": "squeezenet1_1"}, "", "caffe", {"connector": "image"}, {}, {})
        names = sorted(path.name for path in PICTURES.iterdir() if path.suffix in (".jpg", ".png"))
        self.assertGreater(len(names), 12)
        self.check("own", PICTURES, names, "squeezenet1_1", [])

    def test_preprocessing_that_the_service_asks_for(self):
        """And the same pictures as tensors."""
        names, pixels = self.write_pictures(server.data / "square", 64, 3, 5)
        given = {"connector": "image", "width": 64, "height": 64, "rgb": False, "scale": 0.0078125, "mean": [0.4, 0.5, 0.6], "std": [0.5, 0.25, 0.125],
                 "interp": "area"}
        server.client.put_service("asked", {"repository": "squeezenet1_1"}, "", "caffe", given, {}, {})
        options = ["--input", "64", "--resize", "warp:64", "--crop", "0", "--interpolation", "area", "--channels", "bgr", "--scale", "0.0078125", "--mean",
                   "0.4,0.5,0.6", "--std", "0.5,0.25,0.125"]
        together = self.check("asked", server.data / "square", names, "squeezenet1_1", options)
        self.check_tensors("asked", pixels, 64, together, scale=0.0078125, mean=[0.4, 0.5, 0.6], deviation=[0.5, 0.25, 0.125], order=[2, 1, 0])
        self.check("asked", PICTURES, ["colour.jpg", "scene.png", "grey.jpg"], "squeezenet1_1", options)

    def test_every_interpolation_that_a_call_may_ask_for(self):
        server.client.put_service("ways", {"repository": "cifar_resnet20"}, "", "reference", {"connector": "image", "width": 32, "height": 32}, {}, {})
        found = set()
        for theirs, ours in [("cubic", "bicubic"), ("linear", "bilinear"), ("nearest", "nearest"), ("area", "area"), ("lanczos4", "lanczos4")]:
            answer = server.client.post_predict("ways", [str(PICTURES / "scene.png")], {"interp": theirs}, parameters_output={"best": -1})
            classes = {int(entry["cat"]): entry["prob"] for entry in answer["body"]["predictions"][0]["classes"]}
            rows = self.evaluate(PICTURES, {"scene.png": 4}, "cifar_resnet20", ["--interpolation", ours], "reference")
            self.assertAlmostEqual(rows["scene.png"][1], classes[4], places=6)
            found.add(round(classes[4], 9))
        self.assertEqual(len(found), 5)

    def test_a_grey_network(self):
        names, pixels = self.write_pictures(server.data / "digits", 28, 1, 4)
        server.client.put_service("digits", {"repository": "lenet5"}, "", "reference", {"connector": "image"}, {}, {})
        together = self.check("digits", server.data / "digits", names, "lenet5", [], "reference")
        grey = {"scale": 1 / 255, "mean": [0.1307], "deviation": [0.3081], "order": [0]}
        self.check_tensors("digits", pixels, 28, together, **grey)
        self.check("digits", PICTURES, ["colour.jpg", "scene.png"], "lenet5", [], "reference")

    def test_paths_are_taken_as_the_server_was_told_its_folders(self):
        """A data root that is a link serves paths that are spelled with the link, and with what it leads to."""
        link = server.root / "link"
        link.symlink_to(PICTURES)
        with Server("--data-root", str(link), engine="reference") as other:
            other.client.put_service("net", {"repository": "cifar_resnet20"}, "", "caffe", {"connector": "image"}, {}, {})
            for path in (link / "scene.png", PICTURES / "scene.png"):
                answer = other.client.post_predict("net", [str(path)])
                self.assertEqual(answer["body"]["predictions"][0]["uri"], str(path))

    def test_real_weights_on_real_photographs(self):
        if not SHARED.is_dir():
            self.skipTest("the shared data folder is not here")
        weights = SHARED / "weights/squeezenet_v1.1/squeezenet_v1.1.derived.onnx"
        given = {"connector": "image", "width": 227, "height": 227, "mean": [104, 117, 123]}
        server.client.put_service("real", {"repository": str(weights)}, "", "caffe", given, {}, {})
        options = ["--resize", "warp:227", "--crop", "0", "--interpolation", "bicubic", "--channels", "bgr", "--scale", "1", "--mean", "104,117,123", "--std", "1"]
        small = SHARED / "imagenet/val227"
        names = sorted(path.name for path in small.iterdir())
        together = self.check("real", small, names[:40], str(weights), options)
        photographs = SHARED / "imagenet/full"
        self.check("real", photographs, sorted(path.name for path in photographs.iterdir())[:20], str(weights), options)
        # In one call of 256 each picture keeps its class.
        paths = [str(small / names[i % len(names)]) for i in range(256)]
        many = self.predict("real", paths)
        self.assertEqual([uri for uri, _ in many], paths)
        for (_, among), (_, few) in zip(many[:40], together):
            self.assert_same(few, among, places=5)
            self.assertEqual(max(among, key=among.get), max(few, key=few.get))
        for first, second in zip(many, many[len(names):]):
            self.assert_same(first[1], second[1], places=5)
        names, pixels = self.write_pictures(server.data / "real", 227, 3, 2)
        together = self.check("real", server.data / "real", names, str(weights), options)
        self.check_tensors("real", pixels, 227, together, scale=1, mean=[104, 117, 123], deviation=[1, 1, 1], order=[2, 1, 0])


if __name__ == "__main__":
    unittest.main()
