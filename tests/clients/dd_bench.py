"""Measure a server as DeepDetect's bench client does: same options, same sequence of calls, same tables.

Written from the description of the interface; standard library alone.
"""
import argparse
import csv
import json
import sys

from dd_client import DDClient

FULL_STEP = 16
WARM_UPS = 5


def batch_sizes(largest):
    """1, 2, 4, 8, 16, 32, then every 16."""
    sizes = [1, 2, 4, 8, 16, 32]
    sizes += range(32 + FULL_STEP, largest + 1, FULL_STEP)
    return [size for size in sizes if size <= largest]


def read_options(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--host", default="localhost")
    add("--port", type=int, default=8080)
    add("--sname", help="name of the service")
    add("--img-width", type=int, default=224)
    add("--img-height", type=int, default=224)
    add("--bw", action="store_true")
    add("--rgb", action="store_true")
    add("--histogram-equalization", action="store_true")
    add("--image-interp", default=None)
    add("--scale", type=float, default=None)
    add("--gpu", action="store_true")
    add("--gpu-resize", action="store_true")
    add("--gpuid", type=int, default=0)
    add("--mllib", default="caffe")
    add("--datatype", default="fp32")
    add("--dla", action="store_true")
    add("--nclasses", type=int, default=1000)
    add("--max-batch-size", type=int, default=256)
    add("--max-workspace-size", type=int, default=1024)
    add("--npasses", type=int, default=5)
    add("--create", help="repository of the model: creates the service")
    add("--recreate", action="store_true", help="creates the service anew for every batch")
    add("--auto-kill", action="store_true", help="deletes the service at the end")
    add("--detection", action="store_true")
    add("--segmentation", action="store_true")
    add("--regression", action="store_true")
    add("--search", action="store_true")
    add("--remote-bench-data-dir", help="folder of the images on the server")
    add("--list-bench-files", default="bench_files.txt")
    add("--csv-output")
    add("--json-output")
    return parser.parse_args(arguments)


class Bench:
    def __init__(self, options):
        self.options = options
        self.client = DDClient(options.host, options.port)
        with open(options.list_bench_files) as names:
            self.files = [options.remote_bench_data_dir + "/" + name.rstrip("\n") for name in names]

    def create(self, largest_batch):
        options = self.options
        parameters_input = {"connector": "image", "width": options.img_width, "height": options.img_height, "bw": options.bw, "rgb": options.rgb,
                            "histogram_equalization": options.histogram_equalization, "scale": 1 if options.scale is None else options.scale}
        if options.segmentation:
            parameters_input["segmentation"] = True
        if options.regression:
            parameters_input["regression"] = True
        parameters_mllib = {"nclasses": options.nclasses, "datatype": options.datatype, "readEngine": True, "writeEngine": True,
                            "maxBatchSize": largest_batch, "maxWorkspaceSize": options.max_workspace_size, "gpu": options.gpu,
                            "gpuid": options.gpuid}
        if options.dla:
            parameters_mllib["dla"] = 0
        self.client.put_service(options.sname, {"repository": options.create}, "bench", options.mllib, parameters_input, parameters_mllib, {})

    def predict(self, count):
        options = self.options
        parameters_input = {"width": options.img_width, "height": options.img_height, "interp": options.image_interp}
        if options.gpu_resize:
            parameters_input["cuda"] = True
        if options.segmentation:
            parameters_input["segmentation"] = True
        output = {}
        for wish, member in ((options.detection, "bbox"), (options.regression, "regression"), (options.search, "search")):
            if wish:
                output[member] = True
        answer = self.client.post_predict(options.sname, self.files[:count], parameters_input,
                                          {"gpu": options.gpu, "gpuid": options.gpuid}, output)
        if answer["status"]["code"] != 200:
            sys.exit("predict failed: %s" % answer["status"])
        return float(answer["head"]["time"])

    def transform_ms(self):
        return float(self.client.get_service(self.options.sname)["body"]["service_stats"]["total_transform_duration_ms"])

    def measure(self, batch):
        """One row: the first pass is dropped."""
        self.predict(batch)
        transform_before = self.transform_ms()
        times = [self.predict(batch) for _ in range(self.options.npasses)]
        transform = (self.transform_ms() - transform_before) / len(times)
        mean = sum(times) / len(times)
        print(">>> batch %d: %.3f ms, of which inputs %.3f ms; %.3f ms an image, %.1f images/s" %
              (batch, mean, transform, mean / batch, 1000.0 / (mean / batch)))
        return {"batch_size": batch, "mean_processing_time": mean, "mean_time_per_img": mean / batch}

    def run(self):
        options, rows = self.options, []
        batches = batch_sizes(options.max_batch_size)
        if not options.recreate:
            if options.create:
                self.create(options.max_batch_size if options.mllib == "tensorrt" else 1)
            self.predict(1)
        for batch in batches:
            if options.recreate:
                if options.create:
                    self.create(batch)
                for _ in range(WARM_UPS):
                    self.predict(batch)
            rows.append(self.measure(batch))
            if options.recreate:
                self.client.delete_service(options.sname)
        return rows


def write(options, rows):
    if options.csv_output:
        with open(options.csv_output, "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["batch_size", "mean processing time", "mean time per img"])
            table.writerows([row["batch_size"], row["mean_processing_time"], row["mean_time_per_img"]] for row in rows)
    if options.json_output:
        with open(options.json_output, "w") as file:
            json.dump(rows, file)


def main(arguments):
    options = read_options(arguments)
    bench = Bench(options)
    write(options, bench.run())
    if options.auto_kill:
        bench.client.delete_service(options.sname)


if __name__ == "__main__":
    main(sys.argv[1:])
