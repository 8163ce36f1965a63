# Trainings that meet odd pictures, damaged files and full disks: one line and the right exit code, and nothing that was good is lost.
load helpers
load training

@test "a disk that takes no more ends a training in one line, and it goes on to the same bytes" {
  require_training
  options=(--classes 4 --batch 16 --threads 2 --epochs 12 --random-crop 2 --checkpoint-every 0)
  train=(inferometer train lenet5 --images "$BATS_FILE_TMPDIR/quarters.csv" "${options[@]}")
  "${train[@]}" -o whole --quiet
  [ "$status" -eq 0 ]
  # Killed some checkpoints after its begin.
  "$INFEROMETER" "${train[@]:1}" -o net > /dev/null 2>&1 3>&- &
  victim=$!
  for round in $(seq 1500); do [ -e net/training.safetensors ] && break; sleep 0.02; done
  kill -9 "$victim"
  wait "$victim" || true
  sleep 0.5  # the worker dies with its parent, a moment later: it may be putting a checkpoint in place still
  cp -p net/training.safetensors good
  # No file may be longer than 200 kB, which the store stays below and every checkpoint is above.
  run --separate-stderr bash -c 'ulimit -f 200; "$INFEROMETER" "$@"' bash "${train[@]:1}" -o net --quiet
  fails_with 2 "net/training.safetensors: File too large"
  cmp good net/training.safetensors
  "${train[@]}" -o net
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"goes on in epoch"* ]]
  cmp whole/last.pth net/last.pth
  cmp whole/best.pth net/best.pth
}

@test "a checkpoint whose step and pictures do not go together is refused" {
  require_training
  "$INFEROMETER" train lenet5 --images "$BATS_FILE_TMPDIR/quarters.csv" --threads 1 "${small[@]}" --epochs 100000 --checkpoint-every 0 -o net > /dev/null 2>&1 3>&- &
  victim=$!
  for round in $(seq 1500); do [ -e net/training.safetensors ] && break; sleep 0.02; done
  kill -9 "$victim"
  wait "$victim" || true
  sleep 0.5
  # The record is JSON in a tensor of bytes: one digit more or less would move what lies behind it.
  python3 - net/training.safetensors <<'PYTHON'
import re, sys
data = open(sys.argv[1], "rb").read()
changed = re.sub(rb'("images":)([0-9])(?=[0-9]*,"loss_sum")', lambda m: m[1] + (b"9" if m[2] != b"9" else b"8"), data, count=1)
assert changed != data
open(sys.argv[1], "wb").write(changed)
PYTHON
  train_small "${small[@]}" --epochs 100000 --checkpoint-every 0 -o net
  fails_with 2 "training.safetensors" "--again"
}

@test "a store that cannot be written ends the training in one line, and its epochs are kept later" {
  require_training
  train_small "${small[@]}" --epochs 2 -o net --quiet
  [ "$status" -eq 0 ]
  cp net/last.pth whole.pth
  export INFEROMETER_DB="$PWD/own.db"
  run --separate-stderr bash -c 'ulimit -f 20; "$INFEROMETER" "$@"' bash \
    train lenet5 --images "$BATS_FILE_TMPDIR/quarters.csv" --threads 1 "${small[@]}" --epochs 2 -o net --quiet
  fails_with 2 "own.db"
  train_small "${small[@]}" --epochs 2 -o net --quiet
  [ "$status" -eq 0 ]
  cmp net/last.pth whole.pth
  inferometer results --trainings --format json
  rows_have '[row["epoch"] for row in rows] == [1, 2]'
}

@test "files in a training's folder that are none of its own are refused" {
  require_training
  train_small "${small[@]}" --epochs 1 -o net --quiet
  [ "$status" -eq 0 ]
  cp net/training.safetensors good
  refused() {
    train_small "${small[@]}" --epochs 1 -o net --quiet
    fails_with 2 "net/training.safetensors: $1" "${2:-}"
  }
  head -c 500 good > net/training.safetensors
  refused "broken safetensors file: its header"
  head -c 300000 good > net/training.safetensors
  refused "broken safetensors file: is cut off"
  cp net/best.pth net/training.safetensors
  refused "is no training of inferometer's" "--again"
  echo "hello, this is no checkpoint" > net/training.safetensors
  refused "is no checkpoint"
  # Whole files of other contents: one tensor under another name, and a record that says more than it holds.
  sed 's/"fc1.weight"/"fc9.weight"/' good > net/training.safetensors
  refused "the training's state has no tensor 'fc1.weight'" "--again"
  sed 's/"epoch":1,"epochs"/"epoch":0,"epochs"/' good > net/training.safetensors
  refused "its record of the training is damaged" "--again"
  # Of another network with the same settings but its name.
  "$INFEROMETER" train samplenet --images "$BATS_FILE_TMPDIR/quarters.csv" --threads 1 "${small[@]}" --epochs 1 -o other --quiet > /dev/null
  cp other/training.safetensors net/training.safetensors
  refused "holds a training with MODEL samplenet, this one has lenet5"
  train_small "${small[@]}" --epochs 1 -o net --again --quiet
  [ "$status" -eq 0 ]
}

@test "a second training in the folder of one that runs is refused" {
  require_training
  "$INFEROMETER" train lenet5 --images "$BATS_FILE_TMPDIR/quarters.csv" --threads 1 "${small[@]}" --epochs 100000 -o net > /dev/null 2>&1 3>&- &
  first=$!
  for round in $(seq 1500); do [ -e net/training.safetensors ] && break; sleep 0.02; done
  train_small "${small[@]}" --epochs 2 -o net --again
  fails_with 2 "net is in use by process"
  kill -0 "$first"
  kill -9 "$first"
  wait "$first" || true
  train_small "${small[@]}" --epochs 2 -o net --again --quiet
  [ "$status" -eq 0 ]
}

@test "folders that cannot be made are named" {
  require_training
  echo x > file
  train_small "${small[@]}" --epochs 1 -o file
  fails_with 2 "cannot create the folder $PWD/file"
  train_small "${small[@]}" --epochs 1 -o file/net
  fails_with 2 "cannot create the folder $PWD/file/net"
}

@test "class folders of pictures of every kind and size: trained on, evaluated, exported and run" {
  require_training
  pictures="$SOURCE_DIR/tests/unit/dataset/pictures"
  mkdir -p classes/{ant,bee,empty}
  cp "$pictures"/{alpha.png,grey_alpha.png,deep_grey.png,scene.png,progressive.jpg} classes/ant
  cp "$pictures"/{one_bit.png,palette.png,interlaced.png,grey.jpg,cmyk.jpg} classes/bee
  # An empty folder keeps its place: three classes.
  inferometer train squeezenet1_1 --input 64 --images classes --batch 5 --epochs 2 --threads 1 --flip --random-crop 4 -o net --format json
  rows_have 'len(rows) == 2 and all(row["images"] == 10 for row in rows)'
  [[ "$stderr" == *" --classes 3 --input 64 --resize "* ]]
  network=(squeezenet1_1 --input 64 --classes 3 --weights net/last.pth)
  inferometer evaluate "${network[@]}" --images classes --engine torch,reference --format json
  rows_have 'len(rows) == 2 and all(row["images"] == 10 for row in rows) and rows[0]["correct_top1"] == rows[1]["correct_top1"]'
  "$INFEROMETER" export "${network[@]}" -o net.onnx --quiet
  inferometer evaluate net.onnx --images classes --engine reference --format json --resize short:73 --crop 64
  rows_have 'rows[0]["images"] == 10'
  inferometer run --model net.onnx --engine reference --runs 3 --starts 1 --format json
  rows_have 'rows[0]["status"] == "passed"'

  head -c 300 "$pictures/colour.jpg" > classes/bee/torn.jpg
  inferometer train squeezenet1_1 --input 64 --images classes --batch 5 --epochs 1 --threads 1 -o torn --quiet
  fails_with 2 "classes/bee/torn.jpg: "
  echo text > classes/bee/torn.jpg
  inferometer train squeezenet1_1 --input 64 --images classes --batch 5 --epochs 1 --threads 1 -o torn --quiet
  fails_with 2 "classes/bee/torn.jpg: is neither a JPEG nor a PNG"
}

@test "CIFAR's binary files: trained on, evaluated and exported; damaged ones are refused" {
  require_training
  # Class 0 is red, 1 green, 2 blue, so that planes in another order would be another class. Of the hundred, the coarse label says nothing.
  python3 - <<'PYTHON'
def record(i): return bytes((200 if c == i % 3 else 40) + (7 * i + x) % 30 for c in range(3) for x in range(1024))
ten = [bytes([i % 3]) + record(i) for i in range(60)]
hundred = [bytes([5, 97 + i % 3]) + record(i) for i in range(60)]
open("ten.bin", "wb").write(b"".join(ten))
open("hundred.bin", "wb").write(b"".join(hundred))
open("cut.bin", "wb").write(b"".join(ten)[:-1])
ten[7] = b"\xff" + ten[7][1:]
open("label.bin", "wb").write(b"".join(ten))
import os
os.mkdir("cifar")
for i in range(2): open(f"cifar/data_batch_{i + 1}.bin", "wb").write(b"".join(ten[:6]))
PYTHON
  for data in ten:10 hundred:100; do
    file="${data%:*}.bin" classes="${data#*:}"
    # samplenet takes 32 x 32 colour pictures.
    inferometer train samplenet --images "$file" --batch 12 --epochs 8 --learning-rate 0.01 --threads 1 -o "net$classes" --format json
    rows_have 'len(rows) == 8 and rows[-1]["classes"] == '"$classes"
    weights=(--weights "net$classes/last.pth" --classes "$classes")
    inferometer evaluate samplenet "${weights[@]}" --images "$file" --engine reference --format json
    rows_have 'rows[0]["correct_top1"] == 60'
    "$INFEROMETER" export samplenet "${weights[@]}" -o "net$classes.onnx" --quiet
    inferometer run --model "net$classes.onnx" --engine reference --runs 3 --starts 1 --format json
    rows_have 'rows[0]["status"] == "passed"'
  done
  inferometer train samplenet --images cut.bin -o net
  fails_with 2 "cut.bin: 184379 bytes are no whole number of CIFAR records"
  inferometer train samplenet --images label.bin -o net
  fails_with 2 "label.bin: record 7: the label 255 is not below 10"
  inferometer train samplenet --images cifar -o net
  fails_with 2 "cifar: no picture is there" "cat data_batch_?.bin"
  inferometer train samplenet --images hundred.bin --classes 50 -o net
  fails_with 2 "has the label 97, and the network 50 classes"
}

@test "a label beyond the classes and lines of other sizes are refused" {
  require_training
  python3 - <<'PYTHON'
import struct
open("images.idx", "wb").write(bytes([0, 0, 8, 3]) + struct.pack(">3I", 4, 28, 28) + bytes(4 * 784))
open("labels.idx", "wb").write(bytes([0, 0, 8, 1]) + struct.pack(">I", 4) + bytes([0, 1, 255, 2]))
# As many values in a row: a colour picture of 4 x 4, a grey one of 12 x 12.
open("sizes.csv", "w").write("".join(",".join(["1"] + ["7"] * count) + "\n" for count in (48, 144)))
PYTHON
  inferometer train lenet5 --images images.idx --labels labels.idx --batch 2 -o net --quiet
  fails_with 2 "images.idx#2 has the label 255, and the network 10 classes"
  inferometer train lenet5 --images sizes.csv --batch 2 -o net --quiet
  fails_with 2 "sizes.csv: line 2: 144 values after the label make no square picture like the first line's"
}
