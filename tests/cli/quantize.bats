load helpers

make_pictures() {
  mkdir -p pictures
  cp "$SOURCE_DIR"/tests/unit/dataset/pictures/colour*.jpg "$SOURCE_DIR"/tests/unit/dataset/pictures/palette.png pictures
}

@test "quantize writes a file that engines run in int8" {
  make_pictures
  inferometer quantize squeezenet1_1 --input 64 --classes 10 --images pictures -o int8.onnx
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"26 layers in int8"* ]]
  [ ! -e int8.onnx.observed.onnx ]
  for engine in $("$INFEROMETER" engines --format json |
    python3 -c 'import json, sys; print(*(e["engine"] for e in json.load(sys.stdin) if e["usable"] and e["engine"] in ("onnxruntime", "openvino")))'); do
    inferometer run --model int8.onnx --engine "$engine" --threads 1 --starts 1 --runs 3 --format json
    [ "$status" -eq 0 ]
    [[ "$stderr" == *"int8.onnx $engine "*" int8 b1 t1"* && "$stderr" != *fp32* ]]
    printf '%s' "$output" | python3 -c '
import json, sys
row = json.load(sys.stdin)[0]
assert row["status"] == "passed" and row["precision"] == "int8" and row["precision_requested"] == "fp32", row'
  done
}

@test "an int8 file is called int8 wherever it is named" {
  make_pictures
  inferometer export squeezenet1_1 --input 64 --classes 10 -o net.onnx
  inferometer quantize net.onnx --images pictures --resize warp:64 --crop 64 -o int8.onnx
  ls pictures | awk '{ print $1, NR - 1 }' > labels.txt
  for engine in $("$INFEROMETER" engines --format json |
    python3 -c 'import json, sys; print(*(e["engine"] for e in json.load(sys.stdin) if e["usable"] and e["engine"] in ("onnxruntime", "openvino")))'); do
    inferometer evaluate net.onnx int8.onnx --across-models --engine "$engine" --images pictures --labels labels.txt --resize warp:64 --crop 64
    echo "$output" "$stderr"
    [ "$status" -eq 0 ]
    [[ "$stderr" == *"int8.onnx $engine int8"* && "$stderr" == *"net.onnx $engine fp32"* ]]
    [[ "$output" == *"McNemar"*"net.onnx $engine fp32"*"int8.onnx $engine int8"* ]]
    [[ "$stderr$output" != *"int8.onnx $engine fp32"* ]]
    # What was not evaluated was not in fp32 either.
    inferometer evaluate int8.onnx --engine "$engine:nothing=1" --images pictures --labels labels.txt --resize warp:64 --crop 64
    [[ "$stderr$output" != *"int8.onnx $engine:nothing=1 fp32"* ]]
  done
}

@test "a percentile, seven bits, a file and a limit" {
  make_pictures
  inferometer export mobilenet_v2 --input 64 --classes 10 -o net.onnx
  inferometer quantize net.onnx --images pictures --resize warp:64 --crop 64 --limit 2 --method percentile --percentile 99.9 --weight-range reduced -o int8.onnx
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"from 2 images"* ]]
  [ "$(( $(stat -c %s int8.onnx) * 100 / $(stat -c %s net.onnx) ))" -lt 40 ]
}

@test "damaged pictures are left out and named" {
  make_pictures
  head -c 300 "$SOURCE_DIR/tests/unit/dataset/pictures/colour.jpg" > pictures/broken.jpg
  inferometer quantize lenet5 --images pictures -o int8.onnx
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"1 damaged images left out: "*"broken.jpg: the JPEG is cut short"* ]]
}

@test "what cannot be quantised" {
  make_pictures
  mkdir empty damaged
  echo hello > damaged/a.jpg
  inferometer quantize lenet5 --images empty -o int8.onnx
  [ "$status" -eq 2 ]
  inferometer quantize lenet5 --images damaged -o int8.onnx
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"no picture could be used"* ]]
  inferometer quantize lenet5 --images pictures -o int8.pth
  fails_with 2 "an int8 model is an .onnx file"
  inferometer quantize resnet18,resnet34 --images pictures -o int8.onnx
  [ "$status" -ne 0 ]
  inferometer quantize lenet5 --images pictures -o int8.onnx
  inferometer quantize int8.onnx --images pictures -o again.onnx
  fails_with 2 "is an int8 model already"
  [ ! -e again.onnx ]
}

@test "Ctrl-C is one line and leaves nothing" {
  make_pictures
  "$INFEROMETER" quantize resnet18 --images pictures -o int8.onnx 2>messages 3>&- &
  local parent=$!
  for _ in $(seq 3000); do [ -e int8.onnx.observed.onnx ] && break; sleep 0.01; done
  kill -INT "$parent"
  local code=0
  wait "$parent" || code=$?
  cat messages
  [ "$code" -eq 130 ]
  grep -q "^inferometer: interrupted" messages
  grep -q "hint: nothing was written" messages
  [ "$(ls)" = "$(printf 'messages\npictures')" ]
}
