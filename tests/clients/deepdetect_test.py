"""DeepDetect's interface over a real socket: every status that ours sends, and the acceptance list."""
import base64
import gzip
import json
import pathlib
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from dd_client import HTTPError, Picture, encoded_path, png  # noqa: E402
from server import Server, inferometer, pattern  # noqa: E402

GREY = {"connector": "image", "width": 28, "height": 28, "bw": True}


def setUpModule():
    global server, client
    server = Server("--max-items", "300", "--max-pixels", "4000000", "--max-body-mib", "2", "--max-services", "12")
    server.__enter__()
    client = server.client
    repository = server.models / "lenet"
    repository.mkdir()
    inferometer("export", "lenet5", "-o", str(repository / "net.onnx"))
    (repository / "corresp.txt").write_text("".join("%d class %s\n" % (i, "abcdefghij"[i]) for i in range(10)))
    client.put_service("net", {"repository": str(repository)}, "digits", "caffe", GREY, {"nclasses": 10}, {})
    client.put_service("fake", {"repository": "cifar_resnet20"}, "", "fake", {"connector": "image"}, {}, {})


def tearDownModule():
    server.__exit__(None)


class ServeTest(unittest.TestCase):
    def assert_shape(self, status):
        self.assertLessEqual(set(status), {"code", "msg", "dd_code", "dd_msg", "detail"})
        self.assertIs(type(status["code"]), int)
        self.assertIs(type(status["msg"]), str)
        if "dd_msg" in status:
            self.assertGreater(status["dd_code"], 0)

    def refused(self, http, dd_code, call, part=""):
        """The call raises with this status and dd_code (None: none), the body says so, and the server still answers at once."""
        with self.assertRaises(HTTPError) as caught:
            call()
        error = caught.exception
        self.assertEqual(error.headers["content-type"], "application/json")
        status = json.loads(error.body)["status"]
        self.assert_shape(status)
        self.assertEqual((error.status, status["code"], status.get("dd_code")), (http, http, dd_code), error.body)
        self.assertIn(part, error.body)
        self.assertLess(server.info_ms(), 100)
        return status

    def post(self, text, path="/predict", method="POST", headers=None):
        status, received, content = client.raw(method, path, text if isinstance(text, bytes) else text.encode(), headers)
        if status >= 400:
            raise HTTPError(status, content.decode(), received)
        return json.loads(content)

    def put(self, name, body):
        return self.post(json.dumps(body), "/services/" + name, "PUT")


def creation(**changes):
    body = {"mllib": "caffe", "description": "", "type": "supervised", "model": {"repository": "lenet5"},
            "parameters": {"input": dict(GREY), "mllib": {}, "output": {}}}
    body.update(changes)
    return body


class CallsTest(ServeTest):
    def test_info(self):
        answer = client.info()
        self.assertEqual(answer["status"], {"code": 200, "msg": "OK"})
        head = answer["head"]
        self.assertEqual(head["method"], "/info")
        for member in ("build-type", "version", "branch", "commit", "compile_flags", "deps_version"):
            self.assertIs(type(head[member]), str)
        self.assertIn("net", [service["name"] for service in head["services"]])
        self.assertNotIn("jobs", head["services"][0])
        self.assertEqual(client.call("GET", "/info", query="?status=true")["head"]["services"][0]["jobs"], [])

    def test_service_object(self):
        body = client.get_service("net")["body"]
        expected = {"name": "net", "description": "digits", "mllib": "caffe", "mltype": "classification", "type": "supervised", "predict": True,
                    "training": False, "repository": str(server.models / "lenet"), "width": 28, "height": 28, "jobs": [],
                    "parameters": {"input": GREY, "mllib": {"nclasses": 10}, "output": {}}}
        self.assertEqual({member: body[member] for member in expected}, expected)
        self.assertEqual(body["stats"], {"params": 61706, "gflops": 416520 / 1e9})
        self.assertEqual(body["model_stats"], body["stats"])
        self.assertNotIn("labels", body)
        self.assertNotIn("jobs", client.call("GET", "/services/net", query="?status=0")["body"])
        labels = client.call("GET", "/services/net", query="?labels=1")["body"]["labels"]
        self.assertEqual(labels, ["class " + letter for letter in "abcdefghij"])
        self.assertEqual(client.call("GET", "/services/fake", query="?labels=true")["body"]["labels"], [])

    def test_statistics(self):
        client.put_service("counted", {"repository": "lenet5"}, "", "caffe", GREY, {}, {})
        fresh = client.get_service("counted")["body"]["service_stats"]
        durations = ["%s_%s_duration_ms" % (a, b) for a in ("avg", "total") for b in ("predict", "transform")]
        seconds = ["avg_%s_duration%s" % (a, b) for a in ("predict", "transform") for b in ("", "_s")]
        counts = ["inference_count", "predict_count", "predict_success", "predict_failure"]
        self.assertEqual(set(fresh), set(counts + durations + seconds + ["avg_batch_size", "total_inference_duration_ms"]))
        self.assertEqual([fresh[name] for name in counts], [0, 0, 0, 0])
        self.assertEqual([fresh[name] for name in ("avg_batch_size", "avg_predict_duration_ms", "avg_transform_duration_ms")], [-1, -1, -1])
        self.assertEqual([fresh["total_predict_duration_ms"], fresh["total_transform_duration_ms"]], [0, 0])
        paths = [server.picture("count%d.png" % i, seed=i) for i in range(3)]
        times = [client.post_predict("counted", paths[:count])["head"]["time"] for count in (1, 3)]
        with self.assertRaises(HTTPError):
            client.post_predict("counted", ["no such file"])
        now = client.get_service("counted")["body"]["service_stats"]
        self.assertEqual([now[name] for name in counts], [4, 3, 2, 1])
        self.assertEqual(now["avg_batch_size"], 2)
        self.assertAlmostEqual(now["total_predict_duration_ms"], sum(times), places=3)
        self.assertAlmostEqual(now["avg_predict_duration_ms"], sum(times) / 2, places=3)
        self.assertAlmostEqual(now["avg_predict_duration_s"] * 1000, now["avg_predict_duration_ms"], places=6)
        self.assertAlmostEqual(now["avg_predict_duration"], now["avg_predict_duration_s"])
        self.assertGreater(now["total_transform_duration_ms"], 0)
        self.assertLess(now["total_transform_duration_ms"], now["total_predict_duration_ms"])
        self.assertGreater(now["total_inference_duration_ms"], 0)
        self.assertLess(now["total_inference_duration_ms"], now["total_predict_duration_ms"] - now["total_transform_duration_ms"])
        client.delete_service("counted")

    def test_predict_shape(self):
        path = server.picture("shape.png", seed=5)
        answer = client.post_predict("net", [path])
        self.assertEqual(answer["status"], {"code": 200, "msg": "OK"})
        self.assertEqual((answer["head"]["method"], answer["head"]["service"]), ("/predict", "net"))
        self.assertGreater(answer["head"]["time"], 0)
        (prediction,) = answer["body"]["predictions"]
        self.assertEqual(prediction["uri"], path)
        (best,) = prediction["classes"]
        self.assertIs(best["last"], True)
        whole = client.post_predict("net", [path], parameters_output={"best": -1})["body"]["predictions"][0]["classes"]
        self.assertEqual(len(whole), 10)
        self.assertEqual({name: whole[0][name] for name in ("cat", "prob")}, {name: best[name] for name in ("cat", "prob")})
        probabilities = [each["prob"] for each in whole]
        self.assertEqual(probabilities, sorted(probabilities, reverse=True))
        self.assertAlmostEqual(sum(probabilities), 1, places=5)
        self.assertEqual(["last" in each for each in whole], [False] * 9 + [True])
        self.assertEqual({each["cat"] for each in whole}, {"class " + letter for letter in "abcdefghij"})
        threshold = probabilities[2]
        kept = client.post_predict("net", [path], parameters_output={"best": -1, "confidence_threshold": threshold})
        self.assertEqual(len(kept["body"]["predictions"][0]["classes"]), 3)
        self.assertIs(kept["body"]["predictions"][0]["classes"][-1]["last"], True)
        none = client.post_predict("net", [path], parameters_output={"confidence_threshold": 1.5})
        self.assertEqual(none["body"]["predictions"][0]["classes"], [])

    def test_kinds_of_data_agree_and_keep_their_order(self):
        paths = [server.picture("kind%d.png" % i, seed=20 + i) for i in range(4)]
        texts = [base64.b64encode(pathlib.Path(path).read_bytes()).decode() for path in paths]
        mixed = [paths[2], texts[0], Picture(28, 28, pattern(28, 28, 1, 23)), paths[2], paths[1]]
        answer = client.post_predict("net", mixed, parameters_output={"best": -1})["body"]["predictions"]
        self.assertEqual([each["uri"] for each in answer], [paths[2], "1", "2", paths[2], paths[1]])
        alone = [client.post_predict("net", [path], parameters_output={"best": -1})["body"]["predictions"][0]["classes"] for path in paths]
        for prediction, index in zip(answer, [2, 0, 3, 2, 1]):
            self.assertEqual([each["cat"] for each in prediction["classes"]], [each["cat"] for each in alone[index]])
            for there, here in zip(prediction["classes"], alone[index]):
                self.assertAlmostEqual(there["prob"], here["prob"], places=6)
        self.assertEqual(len({json.dumps(classes) for classes in alone}), 4)

    def test_folder(self):
        folder = server.data / "folder"
        folder.mkdir()
        for i in range(3):
            server.picture("folder/%d.png" % i, seed=40 + i)
        answer = client.post_predict("net", [str(folder)])["body"]["predictions"]
        self.assertEqual([pathlib.Path(each["uri"]).name for each in answer], ["0.png", "1.png", "2.png"])

    def test_parameters_of_a_call_are_its_own(self):
        client.put_service("rgb", {"repository": "cifar_resnet20"}, "", "caffe", {"connector": "image", "width": 32, "height": 32, "rgb": True}, {},
                           {"best": 2})
        path = server.picture("own.png", 48, 40, 3, seed=9)
        plain = client.post_predict("rgb", [path])["body"]["predictions"][0]["classes"]
        self.assertEqual(len(plain), 2)
        for changes in ({"rgb": False}, {"scale": 0.5}, {"mean": [100, 110, 120]}, {"std": [2, 3, 4]}, {"interp": "nearest"}, {"mean": 30}):
            changed = client.post_predict("rgb", [path], changes)["body"]["predictions"][0]["classes"]
            self.assertNotEqual([each["prob"] for each in changed], [each["prob"] for each in plain], changes)
        for interpolation in ("cubic", "linear", "nearest", "lanczos4", "area"):
            client.post_predict("rgb", [path], {"interp": interpolation})
        again = client.post_predict("rgb", [path], {"interp": None, "width": 32, "height": 32, "cuda": True}, {"gpu": True, "gpuid": 0})
        self.assertEqual(again["body"]["predictions"][0]["classes"], plain)
        self.assertEqual(client.get_service("rgb")["body"]["parameters"]["output"], {"best": 2})
        client.delete_service("rgb")

    def test_null_members_are_absent_and_unknown_ones_ignored(self):
        path = server.picture("null.png", seed=3)
        plain = client.post_predict("net", [path])["body"]
        body = {"service": "net", "data": [path], "index_uris": ["x"], "unknown": {"deep": [None, {"a": 1}]},
                "parameters": {"input": {"width": None, "interp": None, "mean": None, "more": [1, "a"]}, "mllib": None,
                               "output": {"best": None, "template": None}}}
        self.assertEqual(self.post(json.dumps(body))["body"], plain)
        self.assertEqual(self.post(json.dumps({"service": "net", "data": [path], "parameters": None}))["body"], plain)
        self.assertEqual(self.post(json.dumps({"service": "net", "data": [path]}), headers={"Content-Type": "text/plain"})["body"], plain)

    def test_what_the_bench_client_sends_is_accepted(self):
        everything = {"nclasses": 1000, "datatype": "fp32", "readEngine": True, "writeEngine": True, "maxBatchSize": 1, "maxWorkspaceSize": 1024,
                      "gpu": True, "gpuid": [0, 1], "dla": 0}
        given = dict(GREY, rgb=False, histogram_equalization=False, scale=1, segmentation=False, regression=False)
        client.put_service("bench", {"repository": "lenet5"}, "bench", "caffe", given, everything, {})
        self.assertEqual(client.get_service("bench")["body"]["parameters"]["mllib"], everything)
        client.post_predict("bench", [server.picture("bench.png")] * 3, {"width": 28, "height": 28, "interp": None}, {"gpu": True, "gpuid": 0})
        client.delete_service("bench")

    def check_equal(self, service, model, given, options):
        """By path and as base64, alone and in a batch, the probabilities that `evaluate` finds."""
        folder = server.data / "labelled"
        names = ["%d.png" % i for i in range(10)]
        if not folder.exists():
            folder.mkdir()
            for i, name in enumerate(names):
                server.picture("labelled/" + name, 40 + i, 36, 3, seed=60 + i)
            (server.root / "labels.txt").write_text("".join("%s %d\n" % (name, i) for i, name in enumerate(names)))
        rows = json.loads(inferometer("--quiet", "evaluate", model, "--images", str(folder), "--labels", str(server.root / "labels.txt"), "--engine",
                                      "reference", "--confidences", "--format", "json", "--db", str(server.root / "e.db"), *options))
        expected = {row["image"]: (row["right_probability"], str(row["predicted"])) for row in rows}
        self.assertEqual(sorted(expected), names)
        telling = [right for right, _ in expected.values() if 1e-4 < right < 0.9999]
        self.assertGreater(len(telling), 5, "probabilities of 0 and 1 would hide a difference")
        texts = [base64.b64encode((folder / name).read_bytes()).decode() for name in names]
        whole = client.post_predict(service, [str(folder / name) for name in names], given)["body"]["predictions"]
        encoded = client.post_predict(service, texts, given)["body"]["predictions"]
        for i, name in enumerate(names):
            alone = client.post_predict(service, [str(folder / name)], given)["body"]["predictions"][0]
            for prediction in (whole[i], encoded[i], alone):
                classes = prediction["classes"]
                self.assertEqual(classes[0]["cat"], expected[name][1])
                (right,) = [each["prob"] for each in classes if each["cat"] == str(i)]
                self.assertAlmostEqual(right, expected[name][0], delta=1e-6)

    def test_predictions_equal_evaluate(self):
        client.put_service("equal", {"repository": "cifar_resnet20"}, "", "reference", {"connector": "image"}, {}, {"best": -1})
        for given, options in (
                ({"width": 32, "height": 32, "interp": "cubic"}, ["--resize", "warp:32", "--interpolation", "bicubic"]),
                ({"width": 32, "height": 32, "interp": "linear", "rgb": False, "scale": 1, "mean": [104, 117, 123], "std": [300, 200, 100]},
                 ["--resize", "warp:32", "--interpolation", "bilinear", "--channels", "bgr", "--scale", "1", "--mean", "104,117,123", "--std", "300,200,100"]),
                ({"width": 40, "height": 36, "crop_width": 32, "crop_height": 32, "interp": "area"},
                 ["--resize", "warp:40x36", "--crop", "32", "--interpolation", "area"])):
            self.check_equal("equal", "cifar_resnet20", given, options)
        client.delete_service("equal")

    def test_a_file_without_preprocessing_gets_deepdetects(self):
        folder = server.models / "plain"
        folder.mkdir()
        inferometer("export", "cifar_resnet20", "-o", str(folder / "net.onnx"))
        client.put_service("plain", {"repository": "plain"}, "", "reference", {"connector": "image"}, {}, {"best": -1})
        self.check_equal("plain", str(folder / "net.onnx"), {"scale": 0.01},
                         ["--resize", "warp:32", "--interpolation", "bicubic", "--crop", "0", "--channels", "bgr", "--scale", "0.01", "--mean", "0", "--std",
                          "1"])
        path = server.picture("defaults.png", 40, 36, 3, seed=60)
        said = {"width": 32, "height": 32, "interp": "cubic", "rgb": False, "scale": 1, "mean": [0, 0, 0], "std": [1, 1, 1]}
        silent, explicit = [client.post_predict("plain", [path], given)["body"]["predictions"] for given in ({}, said)]
        self.assertEqual(silent, explicit)
        client.delete_service("plain")

    def test_large_calls_are_run_whole(self):
        paths = [server.picture("large%d.png" % (i % 7), seed=i % 7) for i in range(256)]
        answer = client.post_predict("net", paths)["body"]["predictions"]
        self.assertEqual([each["uri"] for each in answer], paths)
        for i in range(7, 256):
            self.assertEqual(answer[i]["classes"][0]["cat"], answer[i % 7]["classes"][0]["cat"])

    def test_compressed_both_ways(self):
        path = server.picture("zip.png", seed=2)
        body = json.dumps({"service": "net", "data": [path] * 40, "parameters": {"output": {"best": -1}}}).encode()
        plain = client.raw("POST", "/predict", body, {"Accept-Encoding": "identity"})
        self.assertEqual(plain[0], 200)
        self.assertNotIn("content-encoding", plain[1])
        zipped = client.raw("POST", "/predict", gzip.compress(body), {"Content-Encoding": "gzip"})
        self.assertEqual(zipped[0], 200)
        self.assertEqual(zipped[1].get("content-encoding"), "gzip")
        self.assertEqual(json.loads(zipped[2])["body"], json.loads(plain[2])["body"])

    def test_names(self):
        name = "Netz-Ä \U0001f600"
        client.put_service(name, {"repository": "lenet5"}, "", "caffe", GREY, {}, {})
        expected = "netz-Ä \U0001f600"  # ASCII letters alone change
        self.assertEqual(client.get_service(name)["body"]["name"], expected)
        self.assertIn(expected, [service["name"] for service in client.info()["head"]["services"]])
        answer = client.post_predict("NETZ-Ä \U0001f600", [server.picture("name.png")])
        self.assertEqual(answer["head"]["service"], expected)
        self.refused(404, 1002, lambda: client.get_service("netz-ä \U0001f600"))
        self.refused(409, 1014, lambda: client.put_service("nETZ-Ä \U0001f600", {"repository": "lenet5"}, "", "caffe", GREY, {}, {}))
        client.delete_service("NETZ-Ä \U0001f600")
        self.refused(404, 1002, lambda: client.get_service(name))

    def test_post_creates_too(self):
        answer = self.post(json.dumps(creation()), "/services/posted", "POST")
        self.assertEqual(answer, {"status": {"code": 201, "msg": "Created"}})
        self.assertEqual(client.delete_service("posted"), {"status": {"code": 200, "msg": "OK"}})


class RefusalsTest(ServeTest):
    def test_bodies_that_are_no_json(self):
        for body in ("", "{", "{\"service\":\"net\",", "nonsense", "{\"a\":1}}", "{\"a\":\xff}", "[" * 100000, "{\"a\":" * 1000):
            self.refused(400, None, lambda body=body: self.post(body.encode("latin-1")))
            self.refused(400, None, lambda body=body: self.post(body.encode("latin-1"), "/services/broken", "PUT"))
        for body in ("[]", "3", "\"net\"", "null"):
            self.refused(400, 400, lambda body=body: self.post(body))
            self.refused(400, 400, lambda body=body: self.post(body, "/services/broken", "PUT"))

    def test_service_of_a_call(self):
        for body in ({"data": ["x"]}, {"service": None, "data": ["x"]}, {"service": 3, "data": ["x"]}, {"service": ["net"]}):
            self.assertEqual(self.refused(400, None, lambda body=body: self.post(json.dumps(body)))["msg"], "BadRequest")
        status = self.refused(404, 1002, lambda: client.post_predict("nobody", ["x"]))
        self.assertEqual((status["msg"], status["dd_msg"]), ("NotFound", "Service Not Found"))

    def test_data_of_a_call(self):
        def call(data):
            return lambda: self.post(json.dumps({"service": "net", "data": data}))
        self.refused(400, None, call([None]))
        self.refused(400, None, call([None, "x"]))
        for data in (["x", 1], [1], ["x", None], [["x"]], {"a": "x"}, "x", 3, True):
            self.refused(400, 400, call(data))
        for body in ({"service": "net"}, {"service": "net", "data": []}, {"service": "net", "data": None}):
            self.assertEqual(self.refused(400, 1005, lambda body=body: self.post(json.dumps(body)))["dd_msg"], "Service Input Error: missing data")

    def test_pictures(self):
        good, bad = server.picture("good.png"), server.data / "bad.png"
        bad.write_bytes(b"no picture")
        outside = server.root / "outside.png"
        outside.write_bytes(png(28, 28, pattern(28, 28, 1)))
        (server.data / "link.png").symlink_to(outside)
        for item in (str(bad), str(server.data / "absent.png"), "http://localhost/a.png", "https://localhost/a.png", "file://" + good, "AAAA", "AA=",
                     str(outside), str(server.data / ".." / "outside.png"), str(server.data / "link.png"), "/etc/passwd", "", "x" * 5000):
            status = self.refused(400, 1005, lambda item=item: client.post_predict("net", [good, item]))
            self.assertTrue(status["dd_msg"].startswith("Service Input Error: "))
            self.assertIn(item[:60], status["dd_msg"])
            self.assertLess(len(status["dd_msg"]), 700)

    def test_limits(self):
        good = server.picture("limit.png")
        self.refused(413, None, lambda: client.post_predict("net", [good] * 301))
        self.refused(413, None, lambda: client.post_predict("net", [server.picture("huge.png", 1, 1) and good] * 2000))
        wide = server.data / "wide.png"
        wide.write_bytes(png(30000, 200, bytes(30000 * 200)))  # 6 million pixels in a few kB
        self.assertLess(wide.stat().st_size, 50000)
        self.refused(413, None, lambda: client.post_predict("net", [str(wide)]))
        self.refused(413, None, lambda: self.post(b" " * (3 << 20)))
        self.refused(413, None, lambda: self.post(gzip.compress(b" " * (3 << 20)), headers={"Content-Encoding": "gzip"}))
        one = server.picture("one.png", 1, 1)
        self.assertEqual(len(client.post_predict("net", [one])["body"]["predictions"]), 1)

    def test_parameters(self):
        path = server.picture("parameters.png")
        for part, member, value, dd_code in (
                ("input", "width", 224, 1006), ("input", "height", 27, 1006), ("input", "width", "28", 1006), ("input", "width", True, 1006),
                ("input", "crop_width", 24, 1006), ("input", "interp", "spline", 1006), ("input", "interp", 1, 1006), ("input", "rgb", 1, 1006),
                ("input", "bw", "yes", 1006), ("input", "scale", 0, 1006), ("input", "scale", "1", 1006), ("input", "std", 0, 1006),
                ("input", "mean", [1, 2, 3], 1005), ("input", "std", [], 1005), ("input", "mean", [None], None), ("input", "mean", [1, "a"], 400),
                ("input", "segmentation", True, 1006), ("input", "histogram_equalization", True, 1006), ("mllib", "extract_layer", "c1", 1006),
                ("output", "best", 0, 1006), ("output", "best", "1", 1006), ("output", "best", 1.5, 1006), ("output", "template", "{{x}}", 1006),
                ("output", "network", {"url": "x"}, 1006), ("output", "measure", ["acc"], 1006), ("output", "bbox", True, 1006),
                ("output", "search", True, 1006), ("output", "regression", True, 1006), ("output", "confidence_threshold", "0", 1006)):
            body = {"service": "net", "data": [path], "parameters": {part: {member: value}}}
            self.refused(400, dd_code, lambda body=body: self.post(json.dumps(body)), member)
        for parameters in ([], 3, {"input": []}, {"output": "x"}):
            self.refused(400, 400, lambda parameters=parameters: self.post(json.dumps({"service": "net", "data": [path], "parameters": parameters})))
        client.post_predict("net", [path], {"regression": False, "segmentation": False}, {}, {"bbox": False, "regression": False})

    def test_creations(self):
        empty, plain = server.models / "empty", server.models / "plain.txt"
        empty.mkdir()
        plain.write_text("text")
        (server.models / "out").symlink_to(server.root)

        def parameters(**changes):
            return {"input": dict(GREY, **changes), "mllib": {}, "output": {}}
        cases = [
            (400, 400, creation(mllib=None)), (400, 400, creation(mllib=3)), (400, 400, creation(parameters=None)),
            (400, 400, creation(parameters={"input": {}})), (400, 400, creation(parameters={"input": {"connector": 1}})),
            (400, 400, creation(parameters=[])), (400, 400, creation(description=5)), (400, 400, creation(model="lenet5")),
            (404, 1000, creation(mllib="tensorrt")), (404, 1000, creation(mllib="ncnn")), (404, 1000, creation(mllib="")),
            (404, 1004, creation(parameters={"input": {"connector": "csv"}})),
            (400, 1006, creation(model=None)), (400, 1006, creation(model={})), (400, 1006, creation(model={"repository": ""})),
            (400, 1006, creation(model={"repository": str(empty)})), (400, 1006, creation(model={"repository": str(plain)})),
            (400, 1006, creation(model={"repository": str(server.models / "absent")})), (400, 1006, creation(model={"repository": "/etc"})),
            (400, 1006, creation(model={"repository": str(server.models / "out")})), (400, 1006, creation(model={"repository": "../data"})),
            (400, 1006, creation(model={"repository": "nonet"})), (400, 1006, creation(type="unsupervised")),
            (400, 1006, creation(parameters=parameters(segmentation=True))), (400, 1006, creation(parameters=parameters(regression=True))),
            (400, 1006, creation(parameters=parameters(histogram_equalization=True))), (400, 1006, creation(parameters=parameters(width=4, height=4))),
            (400, 1006, creation(parameters=parameters(width="x"))), (400, 1005, creation(parameters=parameters(mean=[1, 2, 3]))),
            (400, 1006, creation(parameters={"input": GREY, "mllib": {"datatype": "fp16"}})),
            (400, 1006, creation(parameters={"input": GREY, "output": {"bbox": True}})),
            (400, 1006, creation(mllib="reference", model={"repository": str(server.models / "lenet")}, parameters=parameters(width=32, height=32))),
            (400, 1006, creation(model={"repository": "cifar_resnet20"}, parameters={"input": {"connector": "image", "bw": True}})),
            (400, 1006, creation(description="x" * 70000)),
        ]
        for http, dd_code, body in cases:
            with self.subTest(body=json.dumps(body)[:300]):
                self.refused(http, dd_code, lambda body=body: self.put("wrong", body))
        self.refused(404, 1002, lambda: client.get_service("wrong"))
        self.refused(404, None, lambda: self.put("", creation()))
        self.refused(409, 1014, lambda: self.put("NET", creation()))
        self.refused(409, 1014, lambda: self.put("net", {"not": "looked at"}))  # the name comes first

    def test_a_size_names_the_networks_own(self):
        body = creation(model={"repository": str(server.models / "lenet")},
                        parameters={"input": {"connector": "image", "width": 224, "height": 224}})
        self.refused(400, 1006, lambda: self.put("sized", body), "28")

    def test_removal(self):
        self.refused(404, None, lambda: client.delete_service("nobody"))
        for clear in ("full", "lib", "dir", "index"):
            self.assertEqual(self.refused(403, None, lambda clear=clear: client.delete_service("net", clear))["msg"], "Forbidden")
        self.put("removed", creation())
        self.assertEqual(client.delete_service("removed", "mem")["status"]["code"], 200)
        self.put("removed", creation())
        self.assertEqual(client.delete_service("removed", "whatever")["status"]["code"], 200)
        self.assertTrue((server.models / "lenet" / "net.onnx").exists())

    def test_query_values(self):
        for target in ("/info?status=True", "/info?status=yes", "/services/net?labels=True", "/services/net?status="):
            self.refused(400, 400, lambda target=target: self.post(b"", target, "GET"))

    def test_other_routes(self):
        for method, path in (("GET", "/"), ("GET", "/train"), ("POST", "/train"), ("PUT", "/train"), ("DELETE", "/train"), ("POST", "/chain/a"),
                             ("PUT", "/resources/a"), ("PUT", "/stream/a"), ("GET", "/predict"), ("DELETE", "/predict"), ("POST", "/info"),
                             ("PATCH", "/services/net"), ("GET", "/services"), ("GET", "/services/net/more"), ("GET", "/nothing")):
            self.refused(404, None, lambda method=method, path=path: self.post(b"", path, method))

    def test_too_many_services(self):
        made = []
        try:
            with self.assertRaises(HTTPError) as caught:
                for i in range(20):
                    self.put("many%d" % i, creation())
                    made.append("many%d" % i)
            self.assertEqual(caught.exception.status, 503)
            self.assertIn("retry-after", caught.exception.headers)
        finally:
            for name in made:
                client.delete_service(name)


class FailuresTest(ServeTest):
    """Engines that go wrong: the status says so, the server goes on, the other services too."""

    def fake(self, name, **settings):
        body = creation(mllib="fake", model={"repository": "cifar_resnet20"}, parameters={"input": {"connector": "image"}, "mllib": settings, "output": {}})
        return self.put(name, body)

    def setUp(self):
        self.path = server.picture("fake.png", 8, 8, 3)

    def test_faults_of_runs(self):
        for fault in ("throw", "crash", "abort", "exit", "nan"):
            name = "fault-" + fault
            self.fake(name, fault=fault, after=1)  # the first run belongs to the creation
            self.refused(500, 1007, lambda name=name: client.post_predict(name, [self.path]))
            self.refused(500, 1007, lambda name=name: client.post_predict(name, [self.path]))
            self.assertEqual(client.post_predict("fake", [self.path])["status"]["code"], 200)
            statistics = client.get_service(name)["body"]["service_stats"]
            self.assertEqual((statistics["predict_failure"], statistics["inference_count"]), (2, 0))
            client.delete_service(name)

    def test_faults_of_loads(self):
        for fault in ("load_error", "load_crash"):
            self.refused(500, 1007, lambda fault=fault: self.fake("loads", fault=fault))
        self.assertEqual(self.fake("loads")["status"]["code"], 201)  # the name is free again
        client.delete_service("loads")

    def test_removed_while_it_predicts(self):
        self.fake("slow", delay_ms=700)
        answers = []
        caller = threading.Thread(target=lambda: answers.append(client.post_predict("slow", [self.path])))
        caller.start()
        time.sleep(0.25)
        begin = time.monotonic()
        self.assertEqual(client.delete_service("slow")["status"]["code"], 200)
        self.assertLess(time.monotonic() - begin, 0.4)  # it does not wait for the call
        self.assertEqual(answers, [])
        self.refused(404, 1002, lambda: client.post_predict("slow", [self.path]))
        caller.join()
        self.assertEqual(answers[0]["status"]["code"], 200)

    def test_name_is_held_while_a_service_is_made(self):
        statuses = []

        def create():
            try:
                statuses.append(self.fake("held", memory_mb=600)["status"]["code"])
            except HTTPError as error:
                statuses.append((error.status, json.loads(error.body)["status"].get("dd_code")))
        for _ in range(10):
            callers = [threading.Thread(target=create) for _ in range(2)]
            for caller in callers:
                caller.start()
            for caller in callers:
                caller.join()
            client.delete_service("held")
            if (403, None) in statuses:
                break
        self.assertIn((403, None), statuses)
        self.assertEqual(statuses.count(201), len(statuses) // 2)

    def test_two_clients_at_once(self):
        self.fake("both", delay_ms=5)
        paths = [[server.picture("both%d.png" % i, 8, 8, 3, seed=i)] for i in range(2)]
        expected = [client.post_predict("both", path)["body"] for path in paths]
        self.assertNotEqual(expected[0]["predictions"][0]["classes"], expected[1]["predictions"][0]["classes"])
        wrong = []

        def call(which):
            for _ in range(30):
                if client.post_predict("both", paths[which])["body"] != expected[which]:
                    wrong.append(which)
        callers = [threading.Thread(target=call, args=(i % 2,)) for i in range(4)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        self.assertEqual(wrong, [])
        self.assertEqual(client.get_service("both")["body"]["service_stats"]["inference_count"], 122)
        client.delete_service("both")


class EncodedPathTest(unittest.TestCase):
    def test_as_the_client_does_it(self):
        self.assertEqual(encoded_path("/services/Ä b"), "/services/%C3%84%20b")


if __name__ == "__main__":
    unittest.main()
