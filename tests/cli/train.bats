load helpers
load training

shared_data() {
  DATA="$SOURCE_DIR/../shared/data"
  [ -d "$DATA" ] || skip "no folder of real data beside the project"
}

@test "a trained network is evaluated, exported and run" {
  require_training
  train_small "${small[@]}" --validation-range 97-120 --epochs 6 --learning-rate 0.05 -o net --format json
  rows_have '(len(rows) == 6 and [row["epoch"] for row in rows] == [1, 2, 3, 4, 5, 6] and rows[-1]["validation_top1"] == 100
             and rows[-1]["train_loss"] < rows[0]["train_loss"] and all(row["images"] == 96 and row["validation_images"] == 24 for row in rows))'
  [[ "$stderr" == *"96 pictures, 24 for validation"* ]]
  inferometer evaluate lenet5 --weights net/best.pth --classes 4 --images "$BATS_FILE_TMPDIR/quarters.csv" --format json --engine torch,reference
  rows_have 'len(rows) == 2 and all(row["images"] == 120 and row["top1"] == 100 for row in rows)'
  inferometer export lenet5 --weights net/last.pth --classes 4 -o net.onnx
  [ "$status" -eq 0 ]
  inferometer run --model net.onnx --engine reference --runs 5 --starts 1 --format json
  rows_have 'rows[0]["status"] == "passed"'
  inferometer run --model lenet5 --weights net/best.pth --classes 4 --engine torch --runs 5 --starts 1 --format json
  rows_have 'rows[0]["status"] == "passed" and rows[0]["agreement_top1_ratio"] == 1'
}

@test "the epochs are kept, listed and drawn" {
  require_training
  train_small "${small[@]}" --validation-share 0.2 --epochs 3 -o net
  [ "$status" -eq 0 ]
  inferometer results --trainings --format json
  rows_have '(len(rows) == 3 and len({row["training"] for row in rows}) == 1 and all(row["seconds"] > 0 for row in rows)
             and rows[0]["repro"].startswith("inferometer train lenet5 --images "))'
  inferometer results --trainings --where 'epoch>=3' --format json
  rows_have 'len(rows) == 1 and rows[0]["epoch"] == 3'
  inferometer report -o report --format json
  rows_have 'rows[0]["figures"] == 2 and rows[0]["tables"] == 1'
  grep -q "Loss, validation" report/figures/loss-by-epoch.svg
  grep -q "Right, training, %" report/figures/accuracy-by-epoch.svg
  [ "$(grep -c . report/tables/every-epoch.csv)" -eq 4 ]
  # The command that a row says gives the row again.
  repro="$("$INFEROMETER" results --trainings --limit 1 --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["repro"])')"
  cp net/last.pth first.pth
  eval "\"$INFEROMETER\" ${repro#inferometer } --again --quiet" > /dev/null
  cmp net/last.pth first.pth
  inferometer results --trainings --format json
  rows_have 'len({row["training"] for row in rows}) == 2 and len(rows) == 6'
}

@test "a training that is killed goes on to the same bytes" {
  require_training
  options=(--validation-range 97-120 --epochs 25 --random-crop 3 --flip --nesterov --label-smoothing 0.1 --warmup-epochs 1 --checkpoint-every 0)
  train_small "${small[@]}" "${options[@]}" -o whole --quiet
  [ "$status" -eq 0 ]
  mkdir killed
  for round in 1 2 3 4; do
    rm -f seen
    [ -e killed/training.safetensors ] && cp -p killed/training.safetensors seen
    "$INFEROMETER" train lenet5 --images "$BATS_FILE_TMPDIR/quarters.csv" "${small[@]}" --threads 1 "${options[@]}" -o killed >/dev/null 2>>killed.log 3>&- &
    victim=$!
    # Some checkpoints further, or when it is over, at some moment.
    while kill -0 "$victim" 2>/dev/null && ! [ killed/training.safetensors -nt seen ]; do sleep 0.02; done
    sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
    kill -9 "$victim" 2>/dev/null || true
    wait "$victim" || true
  done
  inferometer train lenet5 --images "$BATS_FILE_TMPDIR/quarters.csv" "${small[@]}" --threads 1 "${options[@]}" -o killed
  [ "$status" -eq 0 ]
  echo "$stderr" >> killed.log
  cat killed.log
  grep -q "goes on in epoch" killed.log
  cmp whole/last.pth killed/last.pth
  cmp whole/best.pth killed/best.pth
}

@test "a finished training is not repeated, another one is refused in its folder" {
  require_training
  train_small "${small[@]}" --epochs 2 -o net --quiet
  cp net/last.pth first.pth
  train_small "${small[@]}" --epochs 2 -o net
  [[ "$stderr" == *"is done already; --again begins anew"* ]]
  cmp net/last.pth first.pth
  # What was trained with one thread stays that, whatever the run that finds it done would have used.
  inferometer train lenet5 --images "$BATS_FILE_TMPDIR/quarters.csv" "${small[@]}" --threads 2 --epochs 2 -o net --format json
  rows_have 'len(rows) == 2 and all(row["threads"] == 1 and "--threads 1 " in row["repro"] for row in rows)'
  inferometer results --trainings --format json
  rows_have 'len(rows) == 2 and all(row["threads"] == 1 and "--threads 1 " in row["repro"] for row in rows)'
  train_small "${small[@]}" --epochs 3 -o net
  fails_with 2 "holds a training with --epochs 2, this one has 3" "--again"
  train_small "${small[@]}" --epochs 2 --seed 2 -o net --again --quiet
  [ "$status" -eq 0 ]
  ! cmp -s net/last.pth first.pth
}

@test "fine-tuning begins with a file, and with a new last layer for other classes" {
  require_training
  "$INFEROMETER" export lenet5 -o ten.pth --quiet
  train_small "${small[@]}" --epochs 1 --weights ten.pth -o net
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"fc3.weight is drawn anew: the file's is for another number of classes"* ]]
  [[ "$stderr" != *"fc2"* ]]
  train_small "${small[@]}" --epochs 1 --learning-rate 0 --weights ten.pth -o still --quiet
  python3 - <<'PYTHON'
import zipfile
def entries(name):
    archive = zipfile.ZipFile(name)
    return [archive.read(entry) for entry in archive.namelist() if "/data/" in entry]
old, new = entries("ten.pth"), entries("still/last.pth")
assert len(old) == len(new) == 10
assert sum(a == b for a, b in zip(old, new)) == 8, "all but the last layer's weight and bias stay where nothing is learned"
PYTHON
}

@test "what cannot be trained is refused in one line" {
  require_training
  mkdir -p empty/one empty/two
  inferometer train lenet5 --images empty -o net
  fails_with 2 "empty: "
  train_small --classes 4 --limit 1 --batch 1 -o net
  fails_with 2 "all 1 training pictures are of class 0"
  train_small --classes 3 -o net
  fails_with 2 "has the label 3, and the network 3 classes" "--classes"
  train_small --classes 4 --batch 200 -o net
  fails_with 2 "--batch 200: there are 120 pictures to train on"
  train_small "${small[@]}" --train-range 1-100 --validation-range 90-120 -o net
  fails_with 2 "--validation-range 90-120: 11 of these pictures are trained on too"
  train_small "${small[@]}" --engine reference -o net
  fails_with 3 "reference does not train networks"
  "$INFEROMETER" export squeezenet1_1 -o squeeze.pth --quiet
  train_small "${small[@]}" --weights squeeze.pth -o net
  fails_with 2 "squeeze.pth does not fit lenet5"
  inferometer train nonet5 --images empty -o net
  fails_with 2 "nonet5"
  train_small "${small[@]}" --optimizer adamw --momentum 0.9 -o net
  fails_with 2 "--momentum"
}

@test "a loss that is not finite ends the training and leaves the last good checkpoint" {
  require_training
  train_small "${small[@]}" --epochs 2 -o net --quiet --learning-rate 0
  # resnet's BatchNorm would hide it; this network has none, and squares of such weights are beyond any float.
  train_small "${small[@]}" --epochs 30 --learning-rate 1e6 --schedule constant --weight-decay 1 --checkpoint-every 0 -o wild --quiet
  fails_with 1 "is not finite in epoch " "--learning-rate"
  [[ "${stderr_lines[0]}" == *"the last good checkpoint, "*"/wild/training.safetensors, is of epoch "*" after step "* ]]
  python3 - <<'PYTHON'
import json, math, struct
raw = open("wild/training.safetensors", "rb").read()
length = struct.unpack_from("<Q", raw)[0]
header = json.loads(raw[8:8 + length])
header.pop("__metadata__", None)
for name, entry in header.items():
    if entry["dtype"] != "F32": continue
    begin, end = entry["data_offsets"]
    values = struct.unpack(f"<{(end - begin) // 4}f", raw[8 + length + begin:8 + length + end])
    assert all(map(math.isfinite, values)), name
PYTHON
}

@test "steps of a residual network equal PyTorch's" {
  require_training
  /usr/bin/python3 -c 'import torch, torchvision' 2>/dev/null || skip "python3-torch and python3-torchvision are not installed"
  "$INFEROMETER" export resnet18 --input 96 --classes 4 -o start.pth --quiet
  # Every step sees all 24 pictures, so that their order does not matter.
  inferometer train resnet18 --input 96 --classes 4 --images "$BATS_FILE_TMPDIR/quarters.csv" --limit 24 --batch 24 --threads 1 \
    --weights start.pth --resize warp:96 --interpolation nearest --crop 0 --scale 0.01 --mean 0.5 --std 0.3 \
    --epochs 4 --learning-rate 0.01 --momentum 0.9 --nesterov --weight-decay 0.001 --label-smoothing 0.1 --warmup-epochs 1 -o net --format json
  echo "$stderr"
  [ "$status" -eq 0 ]
  printf '%s' "$output" > epochs.json
  /usr/bin/python3 - "$BATS_FILE_TMPDIR/quarters.csv" <<'PYTHON'
import json, math, sys, torch, torchvision
rows = [list(map(int, line.split(","))) for line in open(sys.argv[1])][:24]
labels = torch.tensor([row[0] for row in rows])
images = torch.tensor([row[1:] for row in rows], dtype=torch.float64).reshape(24, 16, 16, 3).permute(0, 3, 1, 2)
images = (images.repeat_interleave(6, 2).repeat_interleave(6, 3) * 0.01 - 0.5) / 0.3
net = torchvision.models.resnet18(weights=None, num_classes=4)
net.load_state_dict(torch.load("start.pth"), strict=True)
net = net.double().train()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=0.001)
losses = []
for step in range(4):
    rate = 0.01 if step < 1 else 0.01 * (1 + math.cos(math.pi * (step - 1) / 3)) / 2
    for group in optimizer.param_groups: group["lr"] = rate
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(net(images), labels, label_smoothing=0.1)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
ours = [row["train_loss"] for row in json.load(open("epochs.json"))]
print(losses, ours)
assert all(abs(a - b) < 1e-4 * abs(a) for a, b in zip(losses, ours))
start, last = torch.load("start.pth"), torch.load("net/last.pth")
for name, value in net.state_dict().items():
    if name.endswith("num_batches_tracked"): continue
    moved = (value - start[name].double()).norm()
    apart = (value - last[name].double()).norm()
    assert apart <= 2e-3 * moved + 1e-7, (name, float(apart), float(moved))
PYTHON
}

@test "LeNet-5 learns 9,000 digits to 97 % of the other 1,000" {
  require_training
  shared_data
  digits=(--images "$DATA/mnist/t10k-images-idx3-ubyte.gz" --labels "$DATA/mnist/t10k-labels-idx1-ubyte.gz")
  inferometer train lenet5 "${digits[@]}" --train-range 1-9000 --validation-range 9001-10000 --epochs 8 --threads 1 -o net --format json
  rows_have 'rows[-1]["validation_top1"] >= 97 and rows[-1]["images"] == 8960 and rows[-1]["validation_images"] == 1000'
}

@test "ResNet-20 learns 100 pictures by heart" {
  require_training
  shared_data
  inferometer train cifar_resnet20 --weights "$DATA/weights/cifar10_resnet20/resnet20-12fca82f.th" --images "$DATA/cifar10/cifar10_test_100.csv" \
    --epochs 8 --batch 50 --learning-rate 0.01 --threads 1 -o net --quiet
  [ "$status" -eq 0 ]
  inferometer evaluate cifar_resnet20 --weights net/last.pth --images "$DATA/cifar10/cifar10_test_100.csv" --engine reference --format json
  rows_have 'rows[0]["correct_top1"] == 100'
}
