# Entries measured through the server: `run --mode served`.
load helpers

@test "a served row has the server's time, its agreement and its memory" {
  run -0 "$INFEROMETER" run --model lenet5 --engine onnxruntime --threads 1 --batch 1,4 --mode served --starts 1 --runs 20 --format json --db a.db --quiet
  python3 - "$output" << 'PYTHON'
import json, sys
rows = json.loads(sys.argv[1])
assert [row["batch"] for row in rows] == [1, 4], rows
for row in rows:
    assert row["mode"] == "served" and row["status"] == "passed", row
    assert row["runs"] == 20 and row["latency_median_ms"] > 0 and row["peak_memory_mb"] > 10, row
    assert row["agreement_max_error"] is not None and row["agreement_max_error"] < 1e-3, row
    assert row["input_height"] == 28 and row["threads"] == 1, row
    notes = " ".join(row["notes"])
    assert "64 synthetic JPEG files of 500 x 375" in notes, row
    transform, client = notes.split("tells it; ")[1].split(" ms of it read")[0], notes.split("client waited ")[1].split(" ms")[0]
    assert 0 < float(transform) < row["latency_mean_ms"] < float(client) * 1.001, row
    assert "--mode served" in row["repro"], row
PYTHON
  # In process the same entry is another one.
  run -0 "$INFEROMETER" run --model lenet5 --engine onnxruntime --threads 1 --batch 4 --starts 1 --runs 20 --format json --db a.db --quiet
  [[ $output == *'"mode": "latency"'* || $output == *'"mode":"latency"'* ]]
  run -0 "$INFEROMETER" results --db a.db --pivot mode,batch --value per_image_ms --format csv
  [[ $output == *latency* && $output == *served* ]]
  # Nothing of the server is left.
  run pgrep -f "$INFEROMETER serve --host 127.0.0.1 --port 0"
  [ "$status" -eq 1 ]
}

@test "the protocol dd keeps five calls through the server" {
  run -0 "$INFEROMETER" run --model lenet5 --engine reference --threads 1 --protocol dd --mode served --starts 1 --format json --db a.db --quiet
  python3 -c 'import json, sys; row = json.loads(sys.argv[1])[0]; assert (row["runs"], row["protocol"], row["status"]) == (5, "dd", "passed"), row' "$output"
}

@test "what the server refuses is unsupported, with its words" {
  run -0 "$INFEROMETER" run --model lenet5 --engine reference --threads 1 --precision int8 --mode served --starts 1 --format json --db a.db --quiet
  [[ $output == *unsupported* && $output == *"the server: "* && $output == *datatype* ]]
}

@test "pictures of a served run are files in a folder" {
  printf '0,%s\n' "$(yes 7 | head -784 | paste -sd,)" > pictures.csv
  for _ in 1 2 3 4 5 6 7; do head -1 pictures.csv; done >> pictures.csv
  run "$INFEROMETER" run --model lenet5 --engine reference --threads 1 --mode served --images pictures.csv --db a.db --quiet
  [ "$status" -eq 2 ]
  [[ $output == *"is no folder of picture files"* ]]
}
