# The load client against servers that are known: one that stalls, one that is not there.
load helpers

# A server on a free port; $URL is its address. It ends with the test.
serve_stalling() {
  python3 "$SOURCE_DIR/tests/clients/stalling_server.py" "$@" >port 3>&- &
  SERVER=$!
  for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
  URL="http://127.0.0.1:$(cat port)"
}

some_pictures() {
  mkdir pictures
  cp "$SOURCE_DIR"/tests/unit/dataset/pictures/colour.jpg pictures/a.jpg
  cp "$SOURCE_DIR"/tests/unit/dataset/pictures/colour_444.jpg pictures/b.jpg
}

teardown() { if [ -n "${SERVER:-}" ]; then kill "$SERVER"; fi; }

@test "an open loop shows the stall that a closed loop hides, and its note says why" {
  serve_stalling --period 4 --stall 1
  some_pictures
  inferometer load "$URL" --service s --images pictures --duration 4 --format json
  rows_have '(len(rows) == 1 and rows[0]["loop"] == "closed" and rows[0]["latency_max_ms"] > 500 and rows[0]["latency_p99_ms"] < 200
    and rows[0]["latency_p99_corrected_ms"] > 400 and any("a closed loop hides stalls" in note for note in rows[0]["notes"]))'
  inferometer load "$URL" --service s --images pictures --duration 4.8 --rate 100 --format json
  rows_have '(rows[0]["loop"] == "poisson" and rows[0]["latency_p99_ms"] > 500 and rows[0]["errors"] == 0
    and any("a closed loop would not show it" in note for note in rows[0]["notes"]))'
}

@test "loads are rows, kept in the store, with the server's time beside the client's" {
  serve_stalling --stall 0
  some_pictures
  inferometer load "$URL" --service s --images pictures --per-request 2 --concurrency 1,2 --duration 0.5 --warmup 0.1 --format json
  rows_have '([row["concurrency"] for row in rows] == [1, 2] and all(row["status"] == "passed" and row["ok"] == row["requests"] > 20
    and row["images_per_s"] == 2 * row["rate_obtained"] and row["bodies"] == 1 and row["engine"] == "fake" and row["model"] == "somewhere"
    and row["server_version"] == "test" and row["server_mean_ms"] > 2 and row["data"] == "pictures" for row in rows))'
  rows_have '(all(abs(row["predict_ms"] - 3 * row["transform_ms"]) < 0.01 * row["predict_ms"] and row["transport_ms"] > 0
    and abs(row["unexplained_ms"]) < 0.01 for row in rows))'
  inferometer results --loads --where 'concurrency=2' --format json
  rows_have '(len(rows) == 1 and rows[0]["service"] == "s" and "--concurrency 2" in rows[0]["repro"])'
  inferometer load "$URL" --service s --images pictures --duration 0.3 --warmup 0
  [ "$status" -eq 0 ]
  [[ "$output" == *"Where a request's time went"* ]]
  inferometer results --loads --all --format json
  rows_have '(len(rows) == 3)'
  inferometer results --loads --samples
  fails_with 2 "--loads: goes with none of --samples"
}

@test "a rate is found, every window told, and the answer measured twice" {
  serve_stalling --stall 0 --delay-ms 5
  some_pictures
  # One connection answers one request after the other, so about 150/s is the most whatever the server could do.
  inferometer load "$URL" --service s --images pictures --find-rate --p99-ms 150 --connections 1 --duration 0.5 --warmup 0.1 --format json
  rows_have '(rows[-1]["purpose"] == "answer" and 20 < rows[-1]["rate_asked"] < 200 and rows[-1]["latency_p99_high_ms"] <= 150
    and len({row["rate_asked"] for row in rows[:-1]}) >= 3 and [row["rate_asked"] for row in rows[:-1]].count(rows[-1]["rate_asked"]) == 2
    and any("search: did not hold" in note for row in rows for note in row["notes"]))'
  [[ "$stderr" == *"requests/s keep p99"* ]]
}

@test "a service is created for the load and deleted afterwards" {
  serve_stalling --stall 0
  some_pictures
  inferometer load "$URL" --service mine --create nets/a --images pictures --send base64 --duration 0.3 --warmup 0 --format json
  rows_have '(rows[0]["model"] == "nets/a" and rows[0]["send"] == "base64" and rows[0]["ok"] > 10 and "--create nets/a" in rows[0]["repro"])'
  inferometer load "$URL" --service mine --images pictures --duration 0.3
  fails_with 2 "Service Not Found" "--create"
}

@test "plain posts are loaded too, and secrets do not reach the store" {
  serve_stalling --stall 0
  echo '{}' >body.json
  inferometer load "$URL/plain" --api post --body body.json --new-connections --token hush --header 'Authorization2: x' --duration 0.3 --warmup 0 --format json
  rows_have '(rows[0]["send"] == "file" and rows[0]["connection_use"] == "new" and rows[0]["connections"] >= rows[0]["requests"]
    and rows[0]["server_mean_ms"] is None and rows[0]["unexplained_ms"] > 0 and rows[0]["transport_ms"] is None)'
  if grep -q hush inferometer.db*; then false; fi
}

@test "what cannot be loaded is told in one line" {
  serve_stalling --stall 0
  some_pictures
  inferometer load https://127.0.0.1:1 --service s --images pictures
  fails_with 2 "https is not spoken here" "proxy"
  inferometer load http://127.0.0.1:1 --service s --images pictures
  fails_with 2 "127.0.0.1:1: cannot connect: Connection refused" "serve"
  inferometer load "$URL" --service nobody --images pictures
  fails_with 2 "--service nobody: /services/nobody answered 404 NotFound: Service Not Found"
  inferometer load "$URL" --images pictures
  fails_with 2 "--service: names the service to call"
  mkdir empty
  inferometer load "$URL" --service s --images empty
  fails_with 2 "empty"
  inferometer load "$URL" --service s --images nowhere
  fails_with 2 "--images nowhere: does not exist"
  inferometer load "$URL" --api kserve --model m --images pictures
  fails_with 2 "/v2 answered 404"
  inferometer load "$URL/broken" --api post --body port
  fails_with 2 "/broken: the first request was answered 500 no memory"
  inferometer load "$URL" --service s --images pictures --rate 10 --concurrency 2
  fails_with 2 "--concurrency"
  inferometer load "$URL" --service s --images pictures --rate ten
  fails_with 2 "--rate"
  inferometer load "$URL" --service s --images pictures --find-rate
  fails_with 2 "--find-rate and --p99-ms"
  inferometer load "$URL" --service s --images pictures --resize none
  fails_with 2 "preprocessing"
  [ ! -e inferometer.db ]
}
