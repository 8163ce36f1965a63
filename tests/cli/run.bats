# Options and study files of `run`; what is measured here is the fake engine.
load helpers

quick=(--engine fake:delay_ms=1 --starts 1 --runs 5 --quiet)

@test "bad lists are named with what is wrong, and nothing is measured" {
  while IFS='|' read -r text message; do
    inferometer run --model squeezenet1_1 --engine fake --batch "$text"
    fails_with 2 "--batch: $message" "1-128*2"
  done <<'CASES'
0|0 is outside 1 to 65536
-1|-1 is outside 1 to 65536
1-|the range '1-' has no end
2-1|the range '2-1' ends below its begin
1e9|'1e9' is not written as a whole number
1,,2|an empty place in the list
CASES
  inferometer run --model squeezenet1_1 --engine fake --batch ''
  fails_with 2 "--batch: the list is empty"
  inferometer run --model squeezenet1_1 --engine fake --threads 4097
  fails_with 2 "--threads: 4097 is outside 1 to 4096"
  [ ! -e inferometer.db ]
}

@test "other bad values" {
  inferometer run --model resnet19 --engine fake
  fails_with 2 "resnet19" "resnet18"
  inferometer run --model squeezenet1_1 --engine 'fake:delay_ms'
  fails_with 2 "--engine" "fake:delay_ms=5"
  inferometer run --model squeezenet1_1 --engine nosuch
  fails_with 3 "nosuch"
  inferometer run --model squeezenet1_1 --engine fake --device nosuch
  fails_with 3 "nosuch"
  inferometer run --model squeezenet1_1 --engine fake --protocol tne
  fails_with 2 "--protocol: unknown value 'tne'" "ten"
  inferometer run --model squeezenet1_1 --engine fake --cpus 0-
  fails_with 2 "--cpus"
  inferometer run --model squeezenet1_1 --engine fake --shape 1x3
  fails_with 2 "--shape" "input=1x3x224x224"
  inferometer run --model squeezenet1_1 --engine fake,fake:fault=crsh
  fails_with 2 "fake: setting fault='crsh' cannot be used" "crash"
  inferometer run --model squeezenet1_1 --engine reference:depthwise=x --dry-run
  fails_with 2 "reference: setting depthwise='x' cannot be used" "direct, grouped"
  inferometer run --model squeezenet1_1 --engine fake --cpus 4000-4095
  fails_with 2 "--cpus: this process may not use processor 4000" "it may use"
  inferometer run --model squeezenet1_1 --engine fake --min-time-s 2 --max-time-s 0.5
  fails_with 2 "--min-time-s 2 is above --max-time-s 0.5"
  inferometer run
  fails_with 2 "nothing to run" "--model"
  [ ! -e inferometer.db ]
}

@test "a value that only the engine can refuse ends the run, naming it" {
  inferometer run --model squeezenet1_1 --engine fake:delay_ms=1,fake:delay_ms=soon --runs 5 --starts 1 --threads 1 --quiet
  fails_with 2 "setting delay_ms='soon' cannot be used"
}

@test "--dry-run prints the plan and makes no store" {
  inferometer run --model squeezenet1_1,alexnet --engine fake --batch 1-4*2 --threads 1,2 --dry-run --format json
  rows_have 'len(rows) == 2 * 3 * 2'
  [ ! -e inferometer.db ]
}

@test "rows have every documented key, are kept and found again" {
  needs_trusted_build
  inferometer run --model squeezenet1_1 --batch 1,2 "${quick[@]}" --format json
  rows_have 'len(rows) == 2 and [row["batch"] for row in rows] == [1, 2]'
  rows_have 'all(row["status"] == "passed" and row["verdict"] in ("unchecked", "unstable") and row["runs"] == 5 for row in rows)'
  local keys='model model_sha256 parameters macs gmacs top1 top5 input_height input_width engine engine_version engine_settings device precision precision_requested threads streams requests batch mode protocol status verdict reasons notes starts runs latency_median_ms latency_median_low_ms latency_median_high_ms latency_mean_ms latency_sample_stddev_ms latency_min_ms latency_p90_ms latency_p99_ms latency_p99_high_ms per_image_ms images_per_s images_per_s_low images_per_s_high below_full_flight_ratio load_ms first_inference_ms peak_memory_mb model_memory_mb power_meter power_w idle_power_w energy_j energy_above_idle_j images_per_s_per_w images_per_j cpu_mhz_mean cpu_mhz_min temperature_c core_roundtrip_ns core_state timer_overhead_ns harness_ratio agreement_max_error agreement_top1_ratio platform started_at source repro inferometer_version metric_version measured_data measured_images measured_top1 measured_top1_low measured_top1_high measured_top5 measured_top5_low measured_top5_high accuracy_density accuracy_density_low accuracy_density_high'
  rows_have "list(rows[0]) == '$keys'.split()"
  local first="$output"
  inferometer run --model squeezenet1_1 --batch 1,2 "${quick[@]}" --format json
  [ "$output" = "$first" ]
  inferometer results --format json
  rows_have 'len(rows) == 2'
}

@test "every key of docs/columns.md is a column and every column stands there" {
  inferometer run --model squeezenet1_1 "${quick[@]}" --format json
  local documented
  documented=$(sed -n 's/^| `\([a-z0-9_]*\)` .*/\1/p' "$SOURCE_DIR/docs/columns.md" | sort)
  [ "$documented" = "$(printf '%s' "$output" | python3 -c 'import json, sys; print("\n".join(sorted(json.load(sys.stdin)[0])))')" ]
}

@test "progress is lines without control characters when stderr is no terminal" {
  needs_trusted_build
  inferometer run --model squeezenet1_1 --engine fake:delay_ms=1 --starts 1 --runs 5
  echo "$stderr"
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"[1/1] squeezenet1_1 fake"* ]]
  run ! grep -q $'[\x1b\r]' <<< "$stderr"
}

@test "a study file: runs, tables, --only" {
  needs_trusted_build
  cat > s.toml <<'TOML'
name = "s"
[[run]]
name = "one"
models = ["squeezenet1_1", "alexnet"]
engines = ["fake:delay_ms=1"]
batches = "1-2"
starts = 1
runs = 5
[[run]]
name = "two"
models = "resnet18"
engines = "fake:delay_ms=1"
starts = 1
runs = 5
[[table]]
title = "Times of all"
rows = "model"
columns = "batch"
value = "per_image_ms"
TOML
  inferometer run s.toml --dry-run --format json
  rows_have 'len(rows) == 5'
  inferometer run s.toml --only two --dry-run --format json
  rows_have '[row["model"] for row in rows] == ["resnet18"]'
  inferometer run s.toml --limit 2 --dry-run --format json
  rows_have '[(row["model"], row["batch"]) for row in rows] == [("squeezenet1_1", 1), ("squeezenet1_1", 2)]'
  [[ "$stderr" == *"--limit: the first 2 of 5 entries of the plan"* ]]
  inferometer run s.toml --limit 5 --dry-run
  [[ "$stderr" != *"--limit"* ]]
  inferometer run s.toml --only three
  fails_with 2 "no run named 'three'" "one, two"
  inferometer run s.toml --quiet
  echo "$output"
  [ "$status" -eq 0 ]
  [ "${lines[0]}" = "Times of all" ]
  [[ "${lines[1]}" =~ ^model\ +1\ +2$ ]]
  [[ "$output" == *squeezenet1_1* ]]
  # Never simply valid: the fake engine computes nothing, and a busy machine is unstable too.
  [[ "$output" == *"? unchecked"* || "$output" == *"~ unstable"* ]]
}

@test "mistakes in a study are named with file, line and column" {
  printf '[[run]]\nmodels = ["alexnet"]\nbatch = 1\n' > s.toml
  inferometer run s.toml
  fails_with 2 "s.toml:3:1: unknown key 'batch'" "batches"
  printf '[[run]]\nmodels = ["alexnet"]\nbatches = "2-1"\n' > s.toml
  inferometer run s.toml
  fails_with 2 "s.toml:3:1: batches: the range '2-1' ends below its begin"
  printf '[[run]\n' > s.toml
  inferometer run s.toml
  fails_with 2 "s.toml:1:"
  inferometer run missing.toml
  fails_with 2 "missing.toml"
}

@test "the quick study plans every network on every engine" {
  inferometer run "$SOURCE_DIR/studies/quick.toml" --dry-run --format json
  rows_have 'len(rows) == 6 * 3 * 3'
  [ ! -e inferometer.db ]
}

@test "a network in place of a study is told how to be named" {
  inferometer run lenet5
  fails_with 2 "lenet5 is no study file" "--model lenet5"
  inferometer run some/net.onnx
  fails_with 2 "some/net.onnx is no study file" "--model some/net.onnx"
}
