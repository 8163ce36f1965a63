"""The KServe v2 routes over a real socket."""
import json
import math
import pathlib
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from server import Server, pattern  # noqa: E402
from v2_client import HEADER, V2Client, V2Error  # noqa: E402

VALUES = 28 * 28


def setUpModule():
    global server, v2
    server = Server("--max-items", "40", "--max-services", "4")
    server.__enter__()
    v2 = V2Client(server.port)
    server.client.put_service("Digits", {"repository": "lenet5"}, "", "caffe", {"connector": "image"}, {}, {})


def tearDownModule():
    server.__exit__(None)


def tensor(seed=0, count=1):
    return [value / 255 for i in range(count) for value in pattern(28, 28, 1, seed + i)]


class V2Test(unittest.TestCase):
    def refused(self, status, part, method, path, body=None, headers=None):
        with self.assertRaises(V2Error) as caught:
            v2.call(method, path, body, headers)
        error = caught.exception
        self.assertEqual(error.status, status, error.body)
        answer = json.loads(error.body)
        self.assertEqual(list(answer), ["error"])
        self.assertIn(part, answer["error"])
        self.assertLess(server.info_ms(), 100)

    def setUp(self):
        model = v2.get("/v2/models/digits")
        self.input, self.output = model["inputs"][0]["name"], model["outputs"][0]["name"]

    def request(self, **changes):
        given = {"name": self.input, "shape": [1, 1, 28, 28], "datatype": "FP32", "data": tensor()}
        given.update(changes)
        return {"inputs": [{name: value for name, value in given.items() if value is not None}]}

    def infer_refused(self, part, request, status=400):
        body = request if isinstance(request, bytes) else json.dumps(request).encode()
        self.refused(status, part, "POST", "/v2/models/digits/infer", body)

    def test_server_and_models_describe_themselves(self):
        about = v2.get("/v2")
        self.assertEqual((about["name"], about["extensions"]), ("inferometer", ["binary_tensor_data"]))
        self.assertIs(type(about["version"]), str)
        self.assertEqual(v2.get("/v2/health/live"), {"live": True})
        self.assertEqual(v2.get("/v2/health/ready"), {"ready": True})
        for path in ("/v2/models/digits", "/v2/models/DIGITS/versions/1"):
            model = v2.get(path)
            self.assertEqual((model["name"], model["versions"], model["platform"]), ("digits", ["1"], "reference"))
            self.assertEqual([(t["datatype"], t["shape"]) for t in model["inputs"]], [("FP32", [-1, 1, 28, 28])])
            self.assertEqual([(t["datatype"], t["shape"]) for t in model["outputs"]], [("FP32", [-1, 10])])
        self.assertEqual(v2.get("/v2/models/digits/ready"), {"name": "digits", "ready": True})
        self.assertEqual(v2.get("/v2/models/digits/versions/1/ready"), {"name": "digits", "ready": True})
        index = json.loads(v2.call("POST", "/v2/repository/index", b"{}")[1])
        self.assertEqual(index, [{"name": "digits", "version": "1", "state": "READY"}])

    def test_routes_that_are_not_there(self):
        for method, path in [("GET", "/v2/health"), ("GET", "/v2/health/dead"), ("POST", "/v2"), ("GET", "/v2/models"), ("GET", "/v2/models/digits/infer"),
                             ("POST", "/v2/models/digits"), ("GET", "/v2/models/digits/config"), ("GET", "/v2/models/digits/"),
                             ("GET", "/v2/models/digits/versions"), ("GET", "/v2/models/digits/versions/1/ready/now"), ("DELETE", "/v2/models/digits")]:
            self.refused(404, "not a route", method, path)
        self.refused(404, "no model 'none'", "GET", "/v2/models/none")
        self.refused(404, "no model 'none'", "POST", "/v2/models/none/infer", b"{")
        self.refused(404, "no version '2'", "GET", "/v2/models/digits/versions/2/ready")

    def test_answers_carry_what_the_protocol_says(self):
        request = self.request()
        request["id"] = "call 7 \u00e9"
        answer, rest = v2.infer("digits/versions/1", request)
        self.assertEqual(rest, b"")
        self.assertEqual((answer["model_name"], answer["model_version"], answer["id"]), ("digits", "1", "call 7 \u00e9"))
        output, = answer["outputs"]
        self.assertEqual((output["name"], output["datatype"], output["shape"], len(output["data"])), (self.output, "FP32", [1, 10], 10))
        self.assertNotIn("id", v2.infer("digits", self.request())[0])
        received, _ = v2.call("POST", "/v2/models/digits/infer", json.dumps(self.request()).encode())
        self.assertEqual(received["content-type"], "application/json")

    def test_every_form_gives_the_same_numbers(self):
        shape, values = [3, 1, 28, 28], tensor(count=3)
        flat = v2.infer_json("digits", self.input, shape, values)
        self.assertEqual(len(set(flat)), 30)
        self.assertEqual(v2.infer_json("digits", self.input, shape, values, is_nested=True), flat)
        binary = v2.infer_binary("digits", self.input, shape, values)
        self.assertEqual(struct.pack("<30f", *binary), struct.pack("<30f", *flat))
        content = struct.pack("<%df" % len(values), *values)
        answer, rest = v2.infer("digits", b"", content, length=0)
        self.assertEqual(rest, struct.pack("<30f", *flat))
        self.assertEqual(answer["outputs"][0]["shape"], [3, 10])
        for i in range(3):
            alone = v2.infer_json("digits", self.input, [1, 1, 28, 28], tensor(seed=i))
            for one, among in zip(alone, flat[10 * i:10 * i + 10]):
                self.assertAlmostEqual(one, among, places=5)

    def test_outputs_are_chosen(self):
        request = self.request()
        request["outputs"] = [{"name": self.output, "parameters": {"binary_data": True}}]
        answer, rest = v2.infer("digits", request)
        self.assertEqual((len(rest), answer["outputs"][0]["parameters"]), (40, {"binary_data_size": 40}))
        request["outputs"] = [{"name": "other"}]
        self.infer_refused("no 'other'; the model gives '%s' FP32 Nx10" % self.output, request)

    def test_what_is_wrong_is_named(self):
        takes = "the model takes '%s' FP32 Nx1x28x28" % self.input
        self.infer_refused("not JSON", b"")
        self.infer_refused("not JSON", b'{"inputs":[')
        self.infer_refused("nested", b"[" * 1000)
        self.infer_refused("not JSON", b'{"id":"\xff","inputs":[]}')
        self.infer_refused("must be a JSON object", [])
        self.infer_refused(takes, {})
        self.infer_refused(takes, self.request(name="other"))
        self.infer_refused(takes, self.request(datatype="FP64"))
        self.infer_refused(takes, self.request(datatype="BYTES", data=["abc"]))
        self.infer_refused(takes, self.request(shape=[1, 28, 28]))
        self.infer_refused(takes, self.request(shape=[1, 3, 28, 28]))
        self.infer_refused("at least 1", self.request(shape=[0, 1, 28, 28], data=[]))
        self.infer_refused("a call may hold 40", self.request(shape=[41, 1, 28, 28], data=[]), 413)
        self.infer_refused("783 elements where the shape 1x1x28x28 has 784", self.request(data=tensor()[1:]))
        self.infer_refused("more elements than the 784", self.request(data=tensor() + [1]))
        self.infer_refused("'%s': element 5 is NaN" % self.input, json.dumps(self.request(data=tensor()[:5] + [float("nan")] * 779)).encode())
        self.infer_refused("'%s': element 0 is NaN" % self.input, json.dumps(self.request(data=[float("-inf")] * 784)).encode())
        self.infer_refused("element 1 is no FP32", self.request(data=[0, "1"] * 392))
        content = struct.pack("<784f", *(tensor()[:9] + [float("inf")] * 775))
        self.refused(400, "element 9 is NaN or infinite", "POST", "/v2/models/digits/infer", content, {HEADER: "0"})
        self.refused(400, "bytes are no whole number of items", "POST", "/v2/models/digits/infer", content[:-1], {HEADER: "0"})
        self.refused(400, "is no length", "POST", "/v2/models/digits/infer", b"{}", {HEADER: "3"})

    def make_fake(self, name, **settings):
        server.client.put_service(name, {"repository": "cifar_resnet20"}, "", "fake", {"connector": "image"}, settings, {})
        self.addCleanup(server.client.delete_service, name)
        inputs = v2.get("/v2/models/" + name)["inputs"]
        shape = [1] + inputs[0]["shape"][1:]  # the fake engine has a small one of its own
        return {"inputs": [{"name": inputs[0]["name"], "shape": shape, "datatype": "FP32", "data": [0] * math.prod(shape)}]}

    def test_an_engine_that_dies_is_not_ready(self):
        request = self.make_fake("dying", fault="crash", after=1)
        self.assertEqual(v2.get("/v2/models/dying/ready")["ready"], True)
        self.refused(500, "", "POST", "/v2/models/dying/infer", json.dumps(request).encode())
        self.refused(400, "'dying' is not ready", "GET", "/v2/models/dying/ready")
        states = {row["name"]: row for row in json.loads(v2.call("POST", "/v2/repository/index", b"")[1])}
        self.assertEqual((states["digits"]["state"], states["dying"]["state"]), ("READY", "UNAVAILABLE"))
        self.assertTrue(states["dying"]["reason"])
        self.assertNotIn("reason", states["digits"])

    def test_outputs_that_are_no_numbers(self):
        request = self.make_fake("wrong", fault="nan", after=1)
        self.refused(500, "came out NaN or infinite, which JSON cannot carry", "POST", "/v2/models/wrong/infer", json.dumps(request).encode())
        request["parameters"] = {"binary_data_output": True}
        content = v2.infer("wrong", request)[1]
        values = struct.unpack("<%df" % (len(content) // 4), content)
        self.assertTrue(any(value != value for value in values))

    def test_calls_are_counted(self):
        before = server.client.get_service("digits")["body"]["service_stats"]
        v2.infer_json("digits", self.input, [2, 1, 28, 28], tensor(count=2))
        self.infer_refused("inputs", {})
        after = server.client.get_service("digits")["body"]["service_stats"]
        self.assertEqual([after[name] - before[name] for name in ("inference_count", "predict_success", "predict_failure")], [2, 1, 1])


if __name__ == "__main__":
    unittest.main()
