"""Call the KServe v2 routes: tensors as JSON, flat or nested, and as bytes behind it. Standard library alone."""
import http.client
import json
import struct

HEADER = "Inference-Header-Content-Length"


class V2Error(Exception):
    def __init__(self, status, body):
        super().__init__("HTTP status %d: %s" % (status, body))
        self.status, self.body = status, body


def nested(values, shape):
    """A flat list as lists of lists."""
    for length in reversed(shape[1:]):
        values = [values[i:i + length] for i in range(0, len(values), length)]
    return values


class V2Client:
    def __init__(self, port, host="127.0.0.1", timeout=120):
        self.host, self.port, self.timeout = host, port, timeout

    def raw(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        finally:
            connection.close()

    def call(self, method, path, body=None, headers=None):
        status, received, content = self.raw(method, path, body, headers)
        if status >= 400:
            raise V2Error(status, content.decode())
        return received, content

    def get(self, path):
        return json.loads(self.call("GET", path)[1])

    def infer(self, model, request, binary=b"", length=None):
        """The answer's JSON and the bytes behind it."""
        text = request if isinstance(request, bytes) else json.dumps(request).encode()
        headers = {HEADER: str(len(text) if length is None else length)} if binary or length is not None else {}
        received, content = self.call("POST", "/v2/models/%s/infer" % model, text + binary, headers)
        end = int(received.get(HEADER.lower(), len(content)))
        return json.loads(content[:end]), content[end:]

    def infer_json(self, model, name, shape, values, is_nested=False):
        """The first output's numbers, sent and received as JSON."""
        data = nested(values, shape) if is_nested else values
        answer, rest = self.infer(model, {"inputs": [{"name": name, "shape": shape, "datatype": "FP32", "data": data}]})
        assert rest == b"", rest
        return answer["outputs"][0]["data"]

    def infer_binary(self, model, name, shape, values):
        """The same as bytes, both ways."""
        content = struct.pack("<%df" % len(values), *values)
        answer, rest = self.infer(model, {
            "inputs": [{"name": name, "shape": shape, "datatype": "FP32", "parameters": {"binary_data_size": len(content)}}],
            "parameters": {"binary_data_output": True}}, content)
        output = answer["outputs"][0]
        assert "data" not in output and output["parameters"]["binary_data_size"] == len(rest), output
        return list(struct.unpack("<%df" % (len(rest) // 4), rest))
