"""Write the small checkpoints of tests/fuzz/seeds/checkpoint with torch itself; unit tests know their values.

Needs torch (1.13 wrote the files that are there):  python3 tests/peers/checkpoint_seeds.py
"""
import collections
import io
import json
import os
import struct
import zipfile

import torch

FOLDER = os.path.join(os.path.dirname(__file__), "..", "fuzz", "seeds", "checkpoint")


def path(name):
    return os.path.join(FOLDER, name)


def state():
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    tensors = collections.OrderedDict()
    tensors["plain"] = torch.tensor([[0.5, -1.0, 2.0], [3.0, -4.0, 5.5]])
    tensors["transposed"] = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).t()
    tensors["sliced"] = base[1:, 1::2]
    tensors["shared"] = base[2]
    tensors["expanded"] = torch.tensor([7.0]).expand(3)
    tensors["half"] = torch.tensor([1.5, -2.0, 65504.0], dtype=torch.float16)
    tensors["bfloat"] = torch.tensor([1.5, -2.0, 3.0e38], dtype=torch.bfloat16)
    tensors["double"] = torch.tensor([0.1, -1e300], dtype=torch.float64)
    tensors["byte"] = torch.tensor([0, 255], dtype=torch.uint8)
    tensors["char"] = torch.tensor([-128, 127], dtype=torch.int8)
    tensors["int"] = torch.tensor([-7, 2**31 - 1], dtype=torch.int32)
    tensors["long"] = torch.tensor(-(2**62))
    tensors["bool"] = torch.tensor([True, False])
    tensors["empty"] = torch.zeros(0, 3)
    tensors["parameter"] = torch.nn.Parameter(torch.tensor([9.0]))
    return tensors


torch.save(state(), path("zip.pth"))
torch.save(state(), path("legacy.pth"), _use_new_zipfile_serialization=False)

training = {
    "epoch": 3,
    "best": 0.25,
    "notes": ["ü", None, True, -1, 2**70, 1e-3, (1, 2)],
    "optimizer": {"state": {0: {"step": 5, "momentum": torch.ones(2)}}, "groups": [{"lr": 0.1, "betas": (0.9, 0.999)}]},
    "state_dict": collections.OrderedDict(
        [("module.conv.weight", torch.tensor([[1.0, 2.0]])), ("module.conv.bias", torch.tensor([3.0]))]),
}
torch.save(training, path("training.pth"))
torch.save(training, path("training_legacy.pth"), _use_new_zipfile_serialization=False)
torch.save({"small": torch.tensor([1, 2], dtype=torch.int16)}, path("short.pth"))
torch.save(torch.nn.BatchNorm2d(2).state_dict(), path("metadata.pth"))

stored = zipfile.ZipFile(path("zip.pth"))
with zipfile.ZipFile(path("deflated.pth"), "w", zipfile.ZIP_DEFLATED) as deflated:
    for entry in stored.infolist():
        deflated.writestr(zipfile.ZipInfo(entry.filename), stored.read(entry), zipfile.ZIP_DEFLATED)

buffer = io.BytesIO()
torch.jit.save(torch.jit.script(torch.nn.ReLU()), buffer)
open(path("script.pt"), "wb").write(buffer.getvalue())

open(path("data.pkl"), "wb").write(stored.read("zip/data.pkl"))  # for the pickle machine alone

header = json.dumps({
    "__metadata__": {"format": "pt"},
    "weight": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]},
    "bias": {"dtype": "BF16", "shape": [], "data_offsets": [8, 10]},
    "empty": {"dtype": "BOOL", "shape": [0, 3], "data_offsets": [10, 10]},
})
data = struct.pack("<ff", 1.0, -2.0) + b"\x80\x3f"
open(path("net.safetensors"), "wb").write(struct.pack("<Q", len(header)) + header.encode() + data)
folder = os.path.join(FOLDER, "..", "safetensors")
os.makedirs(folder, exist_ok=True)
open(os.path.join(folder, "net.bin"), "wb").write(header.encode() + b"\0" + data)
