"""Call a server as DeepDetect's Python client does: same requests, same headers, same reaction to errors.

Written from the description of the interface; standard library alone.
"""
import base64
import gzip
import http.client
import json
import struct
import zlib


class HTTPError(Exception):
    """A status of 400 or more; `body` is what the answer carried."""

    def __init__(self, status, body, headers):
        super().__init__("HTTP status %d: %s" % (status, body))
        self.status, self.body, self.headers = status, body, headers


def encoded_path(text):
    """Percent-encoded UTF-8, where / ? # and % stay as they are: so a name with one of these cannot be used."""
    kept = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?#%"
    return "".join(chr(byte) if byte in kept else "%%%02X" % byte for byte in text.encode("utf-8"))


def png(width, height, pixels):
    """A PNG of rows of 8-bit pixels: red, green, blue, or grey alone."""
    channels = len(pixels) // (width * height)
    stride = width * channels
    rows = b"".join(b"\0" + pixels[y * stride:(y + 1) * stride] for y in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2}[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


class Picture:
    """What the client makes of an image in memory: a PNG, sent as base64."""

    def __init__(self, width, height, pixels):
        self.text = base64.b64encode(png(width, height, pixels)).decode("ascii")


class DDClient:
    def __init__(self, host="localhost", port=8080, path="", timeout=2000):
        credentials, _, self.host = host.rpartition("@")
        self.port, self.path, self.timeout = int(port), path, timeout
        self.headers = {"Accept-Encoding": "gzip, deflate", "Accept": "*/*", "Connection": "keep-alive"}
        if credentials:
            self.headers["Authorization"] = "Basic " + base64.b64encode(credentials.encode()).decode("ascii")

    def raw(self, method, target, body=None, headers=None):
        """One call on a connection of its own: status, headers (names in lower case), body unpacked."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        try:
            sent = dict(self.headers)
            if body is not None:
                sent["Content-Type"] = "application/json"
            elif method in ("DELETE", "PUT", "POST"):
                sent["Content-Length"] = "0"
            sent.update(headers or {})
            connection.request(method, target, body=body, headers=sent)
            response = connection.getresponse()
            content = response.read()
            received = {name.lower(): value for name, value in response.getheaders()}
        finally:
            connection.close()
        if received.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        elif received.get("content-encoding") == "deflate":
            content = zlib.decompress(content)
        return response.status, received, content

    def call(self, method, path, request=None, query=""):
        body = None if request is None else json.dumps(request).encode("ascii")
        status, headers, content = self.raw(method, encoded_path(self.path + path) + query, body)
        # A text/* type would be decoded as Latin-1.
        text = content.decode("latin-1" if headers.get("content-type", "").startswith("text/") else "utf-8")
        if status >= 400:
            raise HTTPError(status, text, headers)
        return json.loads(text)

    def info(self):
        return self.call("GET", "/info")

    def put_service(self, name, model, description, mllib, parameters_input, parameters_mllib, parameters_output, mltype="supervised"):
        return self.call("PUT", "/services/" + name, {
            "description": description, "mllib": mllib, "type": mltype, "model": model,
            "parameters": {"input": parameters_input, "mllib": parameters_mllib, "output": parameters_output}})

    def get_service(self, name):
        return self.call("GET", "/services/" + name)

    def delete_service(self, name, clear=""):
        return self.call("DELETE", "/services/" + name, query="?clear=" + clear if clear else "")

    def post_predict(self, name, data, parameters_input=None, parameters_mllib=None, parameters_output=None, index_uris=()):
        request = {"service": name,
                   "parameters": {"input": parameters_input or {}, "mllib": parameters_mllib or {}, "output": parameters_output or {}},
                   "data": [item.text if isinstance(item, Picture) else item for item in data]}
        if index_uris:
            request["index_uris"] = list(index_uris)
        return self.call("POST", "/predict", request)
