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

# Skips where the folder of real weights is absent; $WEIGHTS is it.
require_real_weights() {
  WEIGHTS="$SOURCE_DIR/../shared/data/weights"
  [ -d "$WEIGHTS" ] || skip "no folder of real weights beside the project"
}

@test "what torch saves comes back bit for bit, from every form" {
  require_torch
  "$INFEROMETER" export resnet18 -o seed2.pth --weights random:2 --quiet
  /usr/bin/python3 - <<'PYTHON'
import torch
state = torch.load("seed2.pth")
torch.save(state, "new.pth")
torch.save({"state_dict": {"module." + name: tensor for name, tensor in state.items()}, "epoch": 3}, "legacy.th",
           _use_new_zipfile_serialization=False)
# Exact in f32: the wide form of a narrow number is that number.
torch.save({name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()}, "half.pth")
torch.save({name: tensor.bfloat16() if tensor.is_floating_point() else tensor for name, tensor in state.items()}, "bfloat.pth")
PYTHON
  for file in new.pth legacy.th; do
    inferometer export resnet18 -o again.pth --weights "$file"
    echo "$file: $stderr"
    [ "$status" -eq 0 ]
    [[ "$stderr" == *"weights $file" ]]
    cmp seed2.pth again.pth
  done
  "$INFEROMETER" export resnet18 -o again.safetensors --weights seed2.pth --quiet
  "$INFEROMETER" export resnet18 -o back.pth --weights again.safetensors --quiet
  cmp seed2.pth back.pth
  "$INFEROMETER" export resnet18 -o half32.pth --weights half.pth --quiet
  "$INFEROMETER" export resnet18 -o bfloat32.pth --weights bfloat.pth --quiet
  /usr/bin/python3 - <<'PYTHON'
import torch
for name in ("half", "bfloat"):
    narrow, wide = torch.load(name + ".pth"), torch.load(name + "32.pth")
    assert set(narrow) == set(wide)
    for key in narrow:
        if narrow[key].is_floating_point():
            assert wide[key].dtype == torch.float32 and torch.equal(narrow[key].float(), wide[key]), key
PYTHON
}

@test "real checkpoints load by name with every tensor" {
  require_torch
  require_real_weights
  while read -r net file; do
    inferometer export "$net" -o "$net.pth" --weights "$WEIGHTS/$file"
    echo "$net: $stderr"
    [ "$status" -eq 0 ]
    /usr/bin/python3 - "$net.pth" "$WEIGHTS/$file" <<'PYTHON'
import sys, torch
ours, theirs = torch.load(sys.argv[1]), torch.load(sys.argv[2], map_location="cpu")
theirs = {name.removeprefix("module."): tensor for name, tensor in theirs.get("state_dict", theirs).items()}
counters = {name for name in ours if name.endswith("num_batches_tracked")}
assert set(ours) - counters == {name for name in theirs if not name.endswith("num_batches_tracked")}
assert all(torch.equal(ours[name], theirs[name]) for name in set(ours) - counters)
PYTHON
  done <<'FILES'
squeezenet1_1 squeezenet_v1.1/squeezenet1_1.derived.torchvision_names.pth
mobilenet_v2 mobilenet_v2/mobilenet_v2.derived.torchvision_names.pth
cifar_resnet20 cifar10_resnet20/resnet20-12fca82f.th
FILES
}

@test "weights that do not fit are an error that names them" {
  "$INFEROMETER" export squeezenet1_1 -o ten.pth --classes 10 --quiet
  inferometer export squeezenet1_1 -o out.onnx --weights ten.pth
  fails_with 2 "ten.pth does not fit squeezenet1_1: classifier.1.weight is 10x512x1x1, the network has 1000x512x1x1" "--classes 10"
  inferometer run --model squeezenet1_1 --engine fake --weights ten.pth --dry-run
  fails_with 2 "ten.pth does not fit squeezenet1_1" "--classes 10"
  inferometer export squeezenet1_0 -o out.onnx --weights ten.pth
  fails_with 2 "ten.pth does not fit squeezenet1_0"
  inferometer export squeezenet1_1 -o out.onnx --weights none.pth
  fails_with 2 "none.pth"
  inferometer run --model 'squeezenet*' --engine fake --weights ten.pth --dry-run
  fails_with 2 "holds the weights of one network, and 2 are named"
  head -c 100000 ten.pth > cut.pth
  inferometer export squeezenet1_1 -o out.onnx --weights cut.pth --classes 10
  fails_with 2 "cut.pth"
  [ ! -e out.onnx ]
}

@test "run measures a network with the weights of a file" {
  needs_trusted_build
  "$INFEROMETER" export squeezenet1_1 -o seed3.pth --classes 10 --input 64 --weights random:3 --quiet
  inferometer run --model squeezenet1_1 --classes 10 --input 64 --engine reference --weights seed3.pth --starts 1 --runs 3 --format json
  rows_have 'len(rows) == 1 and rows[0]["status"] == "passed" and rows[0]["agreement_max_error"] == 0 and "--weights" in rows[0]["repro"]'
}
