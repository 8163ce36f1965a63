"""Stand in for a server of DeepDetect's interface that stalls: once in every period it answers nobody for a while.

    stalling_server.py [--period S] [--stall S] [--delay-ms MS]

Prints its port on a line of its own. Its service is `s`; it counts calls as the interface says, and can be created and deleted. A POST to
/plain is answered with {}; one to /broken with status 500.
"""
import argparse
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

options = argparse.ArgumentParser()
options.add_argument("--period", type=float, default=10)
options.add_argument("--stall", type=float, default=1)
options.add_argument("--delay-ms", type=float, default=2)
options = options.parse_args()

lock = threading.Lock()
services = {"s": {"calls": 0, "images": 0, "predict": 0.0, "transform": 0.0, "repository": "somewhere"}}
began = time.monotonic()


def status(code, message, **further):
    return {"status": {"code": code, "msg": message, **further}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body leave together

    def log_message(self, *_):
        pass

    def answer(self, code, body):
        text = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        self.wfile.flush()

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def do_GET(self):
        if self.path == "/info":
            return self.answer(200, {**status(200, "OK"), "head": {"method": "/info", "version": "test", "services": []}})
        service = services.get(self.path.removeprefix("/services/"))
        if service is None:
            return self.answer(404, status(404, "NotFound", dd_code=1002, dd_msg="Service Not Found"))
        with lock:
            counters = {"predict_success": service["calls"], "predict_failure": 0, "inference_count": service["images"],
                        "total_predict_duration_ms": service["predict"], "total_transform_duration_ms": service["transform"]}
        self.answer(200, {**status(200, "OK"), "body": {"mllib": "fake", "repository": service["repository"], "service_stats": counters}})

    def do_PUT(self):
        body = json.loads(self.body())
        services[self.path.removeprefix("/services/")] = {"calls": 0, "images": 0, "predict": 0.0, "transform": 0.0,
                                                          "repository": body["model"]["repository"]}
        self.answer(201, status(201, "Created"))

    def do_DELETE(self):
        self.body()
        services.pop(self.path.removeprefix("/services/").split("?")[0], None)
        self.answer(200, status(200, "OK"))

    def do_POST(self):
        body = self.body()
        if self.path == "/plain":
            return self.answer(200, {})
        if self.path == "/broken":
            return self.answer(500, {"error": "no memory"})
        call = json.loads(body)
        service = services.get(call.get("service"))
        if service is None:
            return self.answer(404, status(404, "NotFound", dd_code=1002, dd_msg="Service Not Found"))
        # The stall is in the middle of each period, before the server's own clock starts: as when a process does not get to run.
        phase = (time.monotonic() - began) % options.period - options.period / 2
        if 0 <= phase < options.stall:
            time.sleep(options.stall - phase)
        start = time.perf_counter()
        time.sleep(options.delay_ms / 1000)
        took = (time.perf_counter() - start) * 1000
        with lock:
            service["calls"] += 1
            service["images"] += len(call["data"])
            service["predict"] += took
            service["transform"] += took / 4
        predictions = [{"uri": uri, "classes": [{"prob": 1.0, "cat": "0", "last": True}]} for uri in call["data"]]
        self.answer(200, {**status(200, "OK"), "head": {"method": "/predict", "service": call["service"], "time": took},
                          "body": {"predictions": predictions}})


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
