"""Start the server under test on a free port, with folders of its own."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from dd_client import DDClient, png  # noqa: E402

BINARY = os.environ.get("INFEROMETER", "")
if not BINARY:
    sys.exit("INFEROMETER names the binary under test; ctest sets it")


def inferometer(*arguments, cwd=None):
    """Run the binary to its end; its stdout."""
    return subprocess.run([BINARY, *arguments], check=True, capture_output=True, text=True, timeout=300, cwd=cwd).stdout


def pattern(width, height, channels=3, seed=0):
    """Pixels that differ from seed to seed, with large shapes, so that resizing keeps them different."""
    values = bytearray()
    for y in range(height):
        for x in range(width):
            for channel in range(channels):
                values.append((x * (3 + seed % 7) + y * (5 + seed % 11) + 40 * channel + 97 * seed + (x * y) // 9) % 256)
    return bytes(values)


class Server:
    """`inferometer serve` with a model root and a data root; `with` ends it by SIGTERM and asks for exit code 0."""

    def __init__(self, *options, engine="reference", cache=None):
        self.folder = tempfile.TemporaryDirectory(prefix="serve_test_")
        self.root = pathlib.Path(self.folder.name)
        self.models, self.data = self.root / "models", self.root / "data"
        self.models.mkdir()
        self.data.mkdir()
        self.options, self.engine, self.cache = options, engine, cache

    def __enter__(self):
        environment = dict(os.environ)
        environment["INFEROMETER_CACHE_DIR"] = str(self.cache or self.root / "cache")
        self.log = open(self.root / "log", "w+")
        self.process = subprocess.Popen(
            [BINARY, "serve", "--port", "0", "--engine", self.engine, "--threads", "1", "--model-root", str(self.models), "--data-root",
             str(self.data), *self.options],
            stdout=subprocess.PIPE, stderr=self.log, text=True, env=environment, cwd=self.root)
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if not found:
            self.process.kill()
            self.process.wait()
            raise RuntimeError("no address in %r; %s" % (line, (self.root / "log").read_text()))
        self.port = int(found.group(1))
        self.client = DDClient("127.0.0.1", self.port, timeout=120)
        return self

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def __exit__(self, kind, *_):
        code = self.process.poll()
        if code is None:
            code = self.stop()
        self.process.stdout.close()
        self.log.close()
        text = (self.root / "log").read_text()
        self.folder.cleanup()
        if code != 0 and kind is None:
            raise RuntimeError("the server ended with %s: %s" % (code, text))

    def picture(self, name, width=28, height=28, channels=1, seed=0):
        """A PNG in the data root; its path."""
        path = self.data / name
        path.write_bytes(png(width, height, pattern(width, height, channels, seed)))
        return str(path)

    def info_ms(self, times=3):
        """How long /info takes, the best of some: one that is late by chance is no finding."""
        best = float("inf")
        for _ in range(times):
            begin = time.monotonic()
            self.client.info()
            best = min(best, (time.monotonic() - begin) * 1000)
        return best
