"""The bench client's sequence of calls, both ways: it finishes, with one row for each batch."""
import csv
import json
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import dd_bench  # noqa: E402
from dd_client import HTTPError  # noqa: E402
from server import Server, inferometer  # noqa: E402

LARGEST = int(os.environ.get("BENCH_LARGEST", "48"))  # 256 among the slow tests


class BenchTest(unittest.TestCase):
    def run_bench(self, server, *options):
        names = server.root / "bench_files.txt"
        names.write_text("".join("%d.png\n" % (i % 5) for i in range(max(256, LARGEST))))
        for i in range(5):
            server.picture("%d.png" % i, seed=i)
        arguments = ["--host", "127.0.0.1", "--port", str(server.port), "--sname", "Bench", "--img-width", "28", "--img-height", "28", "--bw",
                     "--max-batch-size", str(LARGEST), "--npasses", "2", "--remote-bench-data-dir", str(server.data), "--list-bench-files", str(names),
                     "--csv-output", str(server.root / "out.csv"), "--json-output", str(server.root / "out.json"), *options]
        dd_bench.main(arguments)

    def check_tables(self, server):
        batches = dd_bench.batch_sizes(LARGEST)
        with open(server.root / "out.csv") as file:
            header, *rows = list(csv.reader(file))
        self.assertEqual(header, ["batch_size", "mean processing time", "mean time per img"])
        self.assertEqual([int(row[0]) for row in rows], batches)
        table = json.loads((server.root / "out.json").read_text())
        self.assertEqual([row["batch_size"] for row in table], batches)
        for row in table:
            self.assertGreater(row["mean_processing_time"], 0)
            self.assertAlmostEqual(row["mean_time_per_img"] * row["batch_size"], row["mean_processing_time"])

    def test_batches(self):
        self.assertEqual(dd_bench.batch_sizes(256), [1, 2, 4, 8, 16, 32] + list(range(48, 257, 16)))

    def test_created_once(self):
        with Server() as server:
            inferometer("export", "lenet5", "-o", str(server.models / "net.onnx"))
            self.run_bench(server, "--create", str(server.models), "--auto-kill")
            self.check_tables(server)
            self.assertEqual(server.client.info()["head"]["services"], [])
            self.run_bench(server, "--create", ".", "--scale", "0.0039")  # relative to the model root
            with self.assertRaises(HTTPError) as caught:
                self.run_bench(server, "--create", "lenet5")  # the service is still there, as with the real server
            self.assertEqual(caught.exception.status, 409)

    def test_created_for_every_batch(self):
        with Server() as server:
            self.run_bench(server, "--create", "lenet5", "--recreate")
            self.check_tables(server)
            self.assertEqual(server.client.info()["head"]["services"], [])
            with self.assertRaises(HTTPError) as caught:
                self.run_bench(server, "--create", "lenet5", "--recreate", "--auto-kill")
            self.assertEqual(caught.exception.status, 404)
            self.check_tables(server)  # written before

    def test_what_is_not_built(self):
        with Server() as server:
            for wish in ("--segmentation", "--regression", "--detection", "--search", "--histogram-equalization"):
                with self.assertRaises(HTTPError) as caught:
                    self.run_bench(server, "--create", "lenet5", wish, "--auto-kill")
                self.assertEqual((caught.exception.status, json.loads(caught.exception.body)["status"]["dd_code"]), (400, 1006))
                for service in server.client.info()["head"]["services"]:
                    server.client.delete_service(service["name"])


if __name__ == "__main__":
    unittest.main()
