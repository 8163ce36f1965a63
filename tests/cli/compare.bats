# Two entries in turns.
load helpers

kFake="fake:spin=1:delay_ms"

# Python expression on the one JSON row of $output, `row`; whatever the exit code.
row_has() {
  echo "status $status; stderr: $stderr; stdout: $output"
  printf '%s' "$output" | python3 -c '
import json, sys
rows = json.load(sys.stdin)
row = rows[0]
if not eval(sys.argv[1]): sys.exit("not true: " + sys.argv[1])
' "$1"
}

# A failed comparison proves nothing where other programs took the cores meanwhile: the row says so itself. Anywhere else it fails.
skip_if_busy() {
  row_has 'any("other processes used" in note for note in row["notes"])' || return 1
  skip "other programs used the cores"
}

@test "twice the time is slower, half of it faster" {
  needs_trusted_build
  inferometer compare --model lenet5 --threads 1 --block-s 0.02 --blocks 2 --replicates 8 --a engine=$kFake=1 --b engine=$kFake=2 --quiet --format json
  row_has 'row["verdict"] == "slower" and 1.5 < row["ratio"] < 2.7 and row["ratio_low"] > 1 and row["replicates"] == 8'
  [ "$status" -eq 1 ]
  inferometer compare --model lenet5 --threads 1 --block-s 0.02 --blocks 2 --replicates 8 --a engine=$kFake=2 --b engine=$kFake=1 --quiet --format json
  row_has 'row["verdict"] == "faster" and row["ratio_high"] < 1 and row["confidence"] == 0.95'
  [ "$status" -eq 0 ]
}

@test "a page with both tables and a figure" {
  needs_trusted_build
  inferometer compare --model lenet5 --threads 1 --block-s 0.01 --replicates 6 --engine $kFake=1 --a batch=1 --b batch=4 -o page --replicates-table --format json
  [ "$(printf '%s' "$output" | python3 -c 'import json, sys; print(sum(row["counted"] for row in json.load(sys.stdin)))')" -eq 6 ]
  [ -s page/index.html ]
  [ -s page/figures/replicates.svg ]
  [ "$(wc -l < page/tables/replicates.csv)" -eq 7 ]
  [ ! -e inferometer.db ]
}

@test "a file in the folder's place is refused before anything is measured" {
  echo mine > text.onnx
  # An engine that hangs: were it asked first, this would not end.
  inferometer compare --model squeezenet1_1 --engine fake:fault=load_hang --a batch=1 --b batch=2 -o text.onnx
  fails_with 2 "text.onnx: cannot be made or is no folder" "-o names the folder"
  inferometer compare --model squeezenet1_1 --engine fake:fault=load_hang --a batch=1 --b batch=2 -o text.onnx/below
  fails_with 2 "text.onnx/below: cannot be made or is no folder"
  [ "$(cat text.onnx)" = mine ]
}

@test "what is asked for must make two entries" {
  inferometer compare --model lenet5 --engine fake --a batch=1 --b threads=1,batch
  fails_with 2 "--b: 'batch' is not of the form key=value" "key=value"
  inferometer compare --model lenet5 --engine fake --a batch=1 --b bach=2
  fails_with 2 "--b: unknown key 'bach'" "batch"
  inferometer compare --model lenet5 --engine fake --batch 1 --a batch=1 --b threads=2
  fails_with 2 "--a: --batch is given for both sides too" "say it once"
  inferometer compare --model lenet5 --engine fake --a batch=1,batch=2 --b batch=2
  fails_with 2 "--a: batch stands twice"
  inferometer compare --model lenet5 --engine fake --a batch=1-2 --b batch=2
  fails_with 2 "--a: 2 entries, a side is one" "one value"
  inferometer compare --model lenet5 --a engine=fake --b batch=2
  fails_with 2 "--b: no engine is named" "--engine"
  inferometer compare --engine fake --a batch=1 --b batch=2
  fails_with 2 "--a: no model is named" "--model"
  inferometer compare --model lenet5 --a engine=fake --b engine=nosuch
  fails_with 3 "nosuch"
  inferometer compare --model lenet5 --engine fake --a batch=1 --b batch=2 --replicates 5
  fails_with 2 "--replicates: 5 give no interval, 6 are the fewest" "10 or more"
  inferometer compare --model lenet5 --engine fake --a batch=1 --b batch=2 --one-pair --metrics load_ms
  fails_with 2 "--one-pair: load_ms is a figure of a start" "leave out"
  inferometer compare --model lenet5 --engine fake --a starts=1 --b starts=2
  fails_with 2 "--a: unknown key 'starts'"
}

@test "sides that fail, die in the middle or are wrong say so" {
  inferometer compare --model lenet5 --engine fake --block-s 0.01 --a batch=1 --b engine=fake
  fails_with 2 "--b: --engine is given for both sides too"
  inferometer compare --model lenet5 --block-s 0.01 --a engine=fake --b engine=fake:fault=load_error --quiet --format json
  [ "$status" -eq 1 ]
  row_has 'row["status"] == "failed" and row["verdict"] is None and row["ratio"] is None and row["reasons"][0].startswith("b: ")'
  inferometer compare --model lenet5 --threads 1 --block-s 0.05 --a engine=fake:delay_ms=1:fault=crash:after=120 --b engine=fake:delay_ms=1 --quiet --format json
  [ "$status" -eq 1 ]
  row_has 'row["status"] == "failed" and "a: the worker crashed with SIGSEGV" in row["reasons"][0]'
  inferometer compare --model lenet5 --threads 1 --block-s 0.01 --replicates 6 --a engine=$kFake=2 --b engine=$kFake=1:fault=nan --quiet --format json
  [ "$status" -eq 1 ]
  row_has 'row["verdict"] == "invalid" and row["reasons"][0].startswith("b: outputs hold NaN") and row["ratio"] < 1'
  inferometer compare --model lenet5 --a engine=fake --b engine=fake,precision=bf16 --quiet --format json
  row_has 'row["status"] == "unsupported" and row["verdict"] is None and "b: " in row["reasons"][0]'
  [ "$status" -eq 0 ]
}

@test "an entry against itself is allowed, and said" {
  needs_trusted_build
  inferometer compare --model lenet5 --threads 1 --engine fake:delay_ms=1 --replicates 6 --block-s 0.01 --a batch=1 --b batch=1 --format json
  echo "$stderr"
  [[ "$stderr" == *"--a and --b are the same entry"* ]]
  inferometer compare --model lenet5 --threads 1 --engine fake:delay_ms=1 --replicates 6 --block-s 0.01 --a batch=1 --b batch=1 --one-pair --quiet --format json
  row_has '"one pair of starts" in " ".join(row["notes"]) and row["fresh_starts"] is False'
}

@test "5.2 ms against 5.0 ms is slower; 5.01 against 5.00 is no difference or the right one" {
  needs_trusted_build
  # Whole slices of other programs fall on a busy machine's replicates: half of the requests must stay free of them.
  inferometer compare --model lenet5 --threads 1 --blocks 2 --a engine=$kFake=5 --b engine=$kFake=5.2 --quiet --format json
  row_has 'row["verdict"] == "slower" and abs(row["ratio"] - 1.04) < 0.01' || skip_if_busy
  inferometer compare --model lenet5 --threads 1 --blocks 2 --a engine=$kFake=5 --b engine=$kFake=5.01 --quiet --format json
  row_has 'row["verdict"] in ("slower", "no difference shown") and row["status"] == "passed"'
}
