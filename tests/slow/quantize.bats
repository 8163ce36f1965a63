# The smallest network of every family, quantised and run: int8 files that ONNX Runtime and OpenVINO take, whatever is in them.
load ../cli/helpers

@test "every family's smallest network quantises and runs in int8" {
  mkdir pictures
  cp "$SOURCE_DIR"/tests/unit/dataset/pictures/colour*.jpg "$SOURCE_DIR"/tests/unit/dataset/pictures/palette.png pictures
  engines=$("$INFEROMETER" engines --format json | python3 -c '
import json, sys
print(",".join(e["engine"] for e in json.load(sys.stdin) if e["usable"] and e["engine"] in ("onnxruntime", "openvino")))')
  [ -n "$engines" ] || skip "neither onnxruntime nor openvino is here"
  networks=$("$INFEROMETER" models --format json | python3 -c '
import json, sys
smallest = {}
for row in json.load(sys.stdin):
    kept = smallest.setdefault(row["family"], row)
    if row["macs"] < kept["macs"]: smallest[row["family"]] = row
print(*(row["name"] for row in smallest.values()))')
  count=0
  for network in $networks; do
    inferometer quantize "$network" --images pictures -o "$network.onnx"
    echo "$network: $stderr"
    [ "$status" -eq 0 ]
    inferometer run --model "$network.onnx" --engine "$engines" --threads 1 --starts 1 --runs 1 --format json
    printf '%s' "$output" | python3 -c '
import json, sys
rows = json.load(sys.stdin)
assert rows and all(row["status"] == "passed" and row["precision"] == "int8" for row in rows), rows'
    rm "$network.onnx"
    count=$((count + 1))
  done
  [ "$count" -ge 20 ]
}
