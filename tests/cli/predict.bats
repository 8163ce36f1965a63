# Calibrating an engine and predicting networks that were not run.
load helpers

# Sleeping, so that other programs disturb little.
kFake="fake:delay_ms=5"

# A calibration in a second or two: the fake engine takes 5 ms for whatever it is given.
calibrate_fake() {
  inferometer calibrate --engine $kFake --threads 1 --probes few --batches 1,4 --networks lenet5,samplenet,cifar_resnet20,squeezenet1_1 -o fake.json --quiet "$@"
}

@test "an engine that takes 5 ms for everything is predicted to" {
  needs_trusted_build
  calibrate_fake --format json
  rows_have 'len(rows) == 2 and all(row["networks"] == 4 and row["families"] == 4 for row in rows)'
  # Its layers are of sizes that two dozen probes have; beyond these, so few would carry the machine's noise far.
  inferometer predict cifar_resnet32 --calibration fake.json --batch 1,2,4 --format json
  rows_have '[row["batch"] for row in rows] == [1, 2, 4] and all(4.5 < row["predicted_latency_ms"] < 6.5 for row in rows)'
  rows_have 'all(abs(row["predicted_images_per_s"] * row["predicted_per_image_ms"] - 1000) < 1e-6 for row in rows)'
  # Four families bound nothing at 90 %: no interval is made up.
  rows_have 'all(row["predicted_latency_low_ms"] is None for row in rows)'
}

@test "the calibration of ONNX Runtime explains itself, and a net is dearer than half of it" {
  inferometer engines --format csv
  [[ "$output" == *onnxruntime* ]] || skip "onnxruntime is not built"
  inferometer calibrate --engine onnxruntime --threads 1 --probes few --batches 1 --networks lenet5,squeezenet1_1,shufflenet_v2_x0_5 -o ort.json --quiet
  [ "$status" -eq 0 ]
  python3 -c '
import json
model = json.load(open("ort.json"))
assert model["engine"] == "onnxruntime" and model["threads"] == 1
assert all(c["value"] > 0 and c["unit"].startswith("ms ") for b in model["batches"] for c in b["coefficients"])
assert len(model["held_out"]) == 3 and len(model["probes"]) > 10'
  inferometer predict squeezenet1_1 --calibration ort.json --format json
  rows_have 'rows[0]["predicted_latency_ms"] > 0 and rows[0]["predicted_peak_memory_mb"] is None'
  inferometer predict squeezenet1_1 --calibration ort.json --explain --format json
  rows_have 'abs(sum(row["predicted_share_ratio"] for row in rows) - 1) < 1e-9 and rows[0]["predicted_ms"] >= rows[-1]["predicted_ms"]'
  rows_have 'any(row["operator"] == "Conv" and row["layer"].startswith("features.") for row in rows)'
  for format in table markdown csv json jsonl latex; do
    inferometer predict squeezenet1_1 --calibration ort.json --format $format
    [ "$status" -eq 0 ]
    [[ "$output" == *predicted* ]]
  done
}

@test "a calibration that was interrupted goes on where it was" {
  "$INFEROMETER" calibrate --engine fake:delay_ms=30 --threads 1 --probes few --batches 1 --networks lenet5,samplenet -o fake.json --quiet 3>&- &
  local calibration=$!
  for _ in $(seq 100); do
    [ -f fake.json.timings ] && [ "$(wc -l < fake.json.timings)" -gt 5 ] && break
    sleep 0.1
  done
  kill -9 $calibration
  wait $calibration || true
  [ ! -e fake.json ]
  head -n 5 fake.json.timings > before
  inferometer calibrate --engine fake:delay_ms=30 --threads 1 --probes few --batches 1 --networks lenet5,samplenet -o fake.json --quiet
  [ "$status" -eq 0 ]
  head -n 5 fake.json.timings | cmp - before
  # Each model stands once a pass, none was timed again.
  python3 -c '
import json
lines = [json.loads(line) for line in open("fake.json.timings")][1:]
keys = [(t["name"], t["batch"], t["pass"]) for t in lines]
assert len(keys) == len(set(keys)) >= 2 * 26, len(keys)'
  local timed
  timed=$(wc -l < fake.json.timings)
  inferometer calibrate --engine fake:delay_ms=30 --threads 1 --probes few --batches 1 --networks lenet5,samplenet -o fake.json --quiet
  [ "$(wc -l < fake.json.timings)" -eq "$timed" ]
  inferometer calibrate --engine fake:delay_ms=20 --threads 1 --probes few --batches 1 --networks lenet5 -o fake.json --quiet
  fails_with 2 "engine_settings is" "delete it to begin anew"
}

@test "what a prediction must not hide" {
  calibrate_fake
  sed -i 's/"engine_version": "[^"]*"/"engine_version": "0.0.9"/; s/"machine": "[^"]*"/"machine": "another"/' fake.json
  inferometer predict lenet5 --calibration fake.json --format json
  rows_have 'any("calibrated with fake 0.0.9" in note for note in rows[0]["notes"]) and any("another machine" in note for note in rows[0]["notes"])'
  [[ "$stderr" == *"warning: calibrated on another machine"* ]]
  inferometer predict vgg11 --calibration fake.json --format json
  rows_have 'rows[0]["in_calibrated_range"] is False and any("classifier.0: features 25088" in note for note in rows[0]["notes"])'
  inferometer predict lenet5 --calibration fake.json --batch 5 --quiet
  fails_with 2 "batch 5 is outside those that were calibrated, 1 to 4" "calibrate --batches"
  python3 -c '
import json
model = json.load(open("fake.json"))
del model["ranges"]["linear"]
json.dump(model, open("narrow.json", "w"))'
  inferometer predict alexnet --calibration narrow.json --quiet
  fails_with 2 "layer classifier.1: no Linear (linear) was timed" "run"
  sed -i 's/"threads": 1,/"threads": 1/' fake.json
  inferometer predict lenet5 --calibration fake.json --quiet
  fails_with 2 "fake.json:12: is no JSON" "calibrate"
}

@test "what is asked for must make sense" {
  inferometer predict lenet5
  fails_with 2 "no engine is named" "--calibration"
  inferometer predict lenet5 --engine fake
  fails_with 2 "fake was not calibrated on cpu in fp32" "inferometer calibrate --engine fake"
  inferometer predict nosuchnet --engine fake --calibration x.json
  fails_with 2 "--calibration names an engine already"
  inferometer calibrate --threads 1
  fails_with 2 "one engine is calibrated at a time"
  inferometer calibrate --engine fake --threads 1,2
  fails_with 2 "2 settings at once"
  inferometer calibrate --engine fake --probes 3
  fails_with 2 "--probes: 3 are fewer than the 23 kinds there are"
  inferometer calibrate --engine nosuch
  fails_with 3 "nosuch"
}

@test "calibrate: no folder for the probes' files is one line" {
  TMPDIR=/nowhere/at/all calibrate_fake
  fails_with 2 "cannot make a temporary folder in /nowhere/at/all"
}

@test "predict: an engine that is not there, one that was not calibrated, and what a calibration settles" {
  needs_trusted_build
  inferometer predict lenet5 --engine onnxrutime
  fails_with 3 "there is no engine 'onnxrutime'"
  inferometer predict lenet5 --engine $kFake --threads 3 --precision fp16
  fails_with 2 "an engine with settings is named by its file"
  inferometer predict lenet5 --engine fake --threads 3 --precision fp16
  fails_with 2 "was not calibrated on cpu in fp16 with 3 threads" "inferometer calibrate --engine fake --precision fp16 --threads 3"
  inferometer calibrate --engine $kFake --threads 1 --probes few --batches 1 --networks lenet5,samplenet --quiet
  fails_with 2 "an engine with settings needs a file of its own"
  calibrate_fake
  for option in --threads --device --precision; do
    inferometer predict lenet5 --calibration fake.json $option 1
    fails_with 2 "$option: --calibration has one already"
  done
}
