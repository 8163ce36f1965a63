load helpers

# Skips where this machine's Python has no torch and torchvision.
require_torch() {
  /usr/bin/python3 -c 'import torch, torchvision' 2>/dev/null || skip "python3-torch and python3-torchvision are not installed"
}

@test "torch and torchvision load an exported checkpoint strictly" {
  require_torch
  inferometer export resnet18 -o r.pth
  echo "$stderr"
  [ "$status" -eq 0 ]
  [[ "$stderr" == "wrote r.pth: "*" MB, resnet18, input 3x224x224, 1000 classes, weights random:1" ]]
  /usr/bin/python3 - <<'PYTHON'
import torch, torchvision
state = torch.load("r.pth")
net = torchvision.models.resnet18(weights=None)
net.load_state_dict(state, strict=True)
own = net.state_dict()
assert set(own) == set(state) and all(own[name].dtype == state[name].dtype for name in own)
assert float(state["conv1.weight"].std()) > 0
again = torch.load("r.pth", weights_only=True)
assert all(torch.equal(state[name], again[name]) for name in state)
PYTHON
}

@test "a checkpoint has the same bytes every time, and its data is aligned" {
  "$INFEROMETER" export squeezenet1_1 -o a.pth --quiet
  sleep 1.1
  "$INFEROMETER" export squeezenet1_1 -o b.pth --quiet
  cmp a.pth b.pth
  "$INFEROMETER" export squeezenet1_1 -o a.safetensors --quiet
  "$INFEROMETER" export squeezenet1_1 -o b.safetensors --quiet --weights random:1
  cmp a.safetensors b.safetensors
  python3 - <<'PYTHON'
import struct, zipfile
archive = zipfile.ZipFile("a.pth")
assert archive.testzip() is None
raw = open("a.pth", "rb").read()
for entry in archive.infolist():
    name, extra = struct.unpack_from("<HH", raw, entry.header_offset + 26)
    assert entry.compress_type == zipfile.ZIP_STORED
    assert (entry.header_offset + 30 + name + extra) % 64 == 0, entry.filename
PYTHON
}

@test "an exported .safetensors holds the tensors of the .pth" {
  require_torch
  "$INFEROMETER" export resnet18 -o r.pth --quiet
  "$INFEROMETER" export resnet18 -o r.safetensors --quiet
  /usr/bin/python3 - <<'PYTHON'
import json, struct, torch
raw = open("r.safetensors", "rb").read()
length = struct.unpack_from("<Q", raw)[0]
assert length % 8 == 0
header = json.loads(raw[8:8 + length])
assert header.pop("__metadata__") == {"format": "pt"}
state = torch.load("r.pth")
assert set(header) == set(state)
types = {"F32": torch.float32, "I64": torch.int64}
for name, entry in header.items():
    begin, end = entry["data_offsets"]
    tensor = torch.frombuffer(bytearray(raw[8 + length + begin:8 + length + end]), dtype=types[entry["dtype"]])
    assert torch.equal(tensor.reshape(entry["shape"]), state[name]), name
spans = sorted(entry["data_offsets"] for entry in header.values())
assert spans[0][0] == 0 and spans[-1][1] == len(raw) - 8 - length
assert all(left[1] == right[0] for left, right in zip(spans, spans[1:]))
PYTHON
}
