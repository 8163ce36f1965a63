# `run --layers` and `results --layers`, on a small network and the reference engine.
load helpers

small=(--model squeezenet1_1 --input 32 --engine reference --threads 1 --starts 1 --runs 3 --quiet)

@test "layers are timed in a start of their own, kept, and found again" {
  inferometer run "${small[@]}" --layers --format json
  [ "$status" -eq 0 ]
  rows_have 'len(rows) > 50 and all(row["engine"] == "reference" and row["outcome"] == "executed" for row in rows)'
  rows_have '[row["position"] for row in rows] == list(range(len(rows)))'
  rows_have 'abs(sum(row["share_ratio"] for row in rows) - 1) < 1e-9 and abs(rows[-1]["cumulative_share_ratio"] - 1) < 1e-9'
  rows_have 'rows[0]["runs"] >= 20 and rows[0]["statistic"] == "median" and rows[0]["layers_us"] <= rows[0]["total_us"]'
  rows_have 'sum(row["macs"] for row in rows) > 0 and all((row["gmacs_per_s"] or 0) > 0 for row in rows if row["macs"])'
  local first="$output"
  inferometer run "${small[@]}" --layers --format json
  [ "$output" = "$first" ]
  inferometer results --layers --format json
  [ "$output" = "$first" ]
  inferometer run "${small[@]}" --layers --again --format json
  [ "$output" != "$first" ]
}

@test "engines stand side by side, and layers are chosen by conditions" {
  inferometer run "${small[@]}" --layers --batch 1,2
  [ "$status" -eq 0 ]
  [[ "$output" == *"Time by operator"* ]]
  inferometer results --layers --pivot layer,engine --format json
  rows_have 'list(rows[0]) == ["layer", "reference / 1", "reference / 2"] and all(row["reference / 2"] > 0 for row in rows)'
  inferometer results --layers --pivot operator,batch --value share_ratio --format json
  rows_have 'abs(sum(row["1"] for row in rows) - 1) < 1e-9 and rows[0]["operator"] == "Conv"'
  inferometer results --layers --where 'batch=2 and operator=Conv' --format json
  rows_have 'len(rows) == 26 and all(row["batch"] == 2 for row in rows)'
  inferometer report -o out --only tables,page
  [ "$status" -eq 0 ]
  grep -q "Layers of squeezenet1_1" out/index.html
}

@test "what layers do not go with, and engines without any" {
  inferometer run --model squeezenet1_1 --engine fake --starts 1 --runs 3 --layers --format json
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"layers unsupported: fake executes no layers"* ]]
  inferometer results --layers --samples
  fails_with 2 "--layers: goes with none of"
  inferometer results --layers --pivot model,engine
  fails_with 2 "layers go down by layer or operator" "layer,engine"
  inferometer results --layers --where 'per_image_ms>1'
  fails_with 2 "no column 'per_image_ms'"
  inferometer run --model squeezenet1_1 --input 32 --engine reference --mode throughput --threads 2 --streams 2 --starts 1 --layers
  [[ "$stderr" == *"layers are timed with one stream"* ]]
}
