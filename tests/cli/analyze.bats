load helpers

published() { echo "$SOURCE_DIR/published/$1"; }

# Succeeded, and the Python expression on the JSON object of $output, `a`, is true; near(x, y) compares to 12 digits.
analysis_has() {
  echo "status $status; stderr: $stderr; stdout: ${output:0:2000}"
  [ "$status" -eq 0 ]
  printf '%s' "$output" | python3 -c '
import json, sys
def refuse(name): raise ValueError(name)
a = json.load(sys.stdin, parse_constant=refuse)
def near(x, y, digits=12): return abs(x - y) <= 0.5 * 10.0 ** (1 - digits) * abs(y)
if not eval(sys.argv[1]): sys.exit("not true: " + sys.argv[1])
' "$1"
}

@test "analyze says what it can do" {
  inferometer analyze --help
  [ "$status" -eq 0 ]
  for name in correlate; do
    [[ "$output" == *"$name"* ]]
    inferometer analyze "$name" --help
    [ "$status" -eq 0 ]
    [[ "$output" == *"Example:"*"inferometer analyze $name"* ]]
  done
}

@test "correlate: matrix, bases and sentences" {
  printf 'a,b,c\n1,2,9\n2,1,7\n3,4,5\n4,3,3\n5,6,x\n6,5,\n7,8,1\n' > t.csv
  inferometer analyze correlate --csv t.csv --columns a,b --columns c --format json
  analysis_has 'a["n"] == 5 and len(a["pairs"]) == 3 and len(a["matrix"]) == 3'
  analysis_has 'near(a["pairs"][1]["coefficient"], -28 / 848 ** 0.5) and a["pairs"][1]["p_basis"].startswith("Student")'
  analysis_has 'all(a["matrix"][i][i] == 1 for i in range(3))'
  inferometer analyze correlate --csv t.csv --columns a,b,c --method kendall
  [ "$status" -eq 0 ]
  [[ "$output" == *'1 row of 7 is left out because c holds text there, such as "x".'* ]]
  [[ "$output" == *"p: exact, over all orders."* ]]
  [[ "$output" == *"a and c go opposite ways: tau-b = -1.000"* ]]
}

@test "correlate: the store's rows" {
  printf 'model,batch,ms\nalexnet,1,8\nalexnet,2,4\nalexnet,4,2\nresnet18,1,16\n' > times.csv
  "$INFEROMETER" import times.csv --map per_image_ms=ms --source elsewhere --quiet > /dev/null
  inferometer analyze correlate --columns batch,per_image_ms --where model=alexnet --format json
  analysis_has 'a["n"] == 3'
  inferometer analyze correlate --columns batch,per_image_ms --source measured
  fails_with 2 "no row is complete in batch, per_image_ms"
  inferometer analyze correlate --columns batch,per_image --db missing.db
  fails_with 2 "missing.db: there is no store here"
}

@test "errors name the option, the file and the column" {
  printf 'a,b\n1,2\n2,3\n3,3\n' > t.csv
  inferometer analyze
  fails_with 2 "subcommand"
  inferometer analyze correlate --csv t.csv
  fails_with 2 "--columns"
  inferometer analyze correlate --csv t.csv --columns a
  fails_with 2 "needs two columns"
  inferometer analyze correlate --csv t.csv --columns a,bb
  fails_with 2 "t.csv: there is no column 'bb'" "b"
  inferometer analyze correlate --csv t.csv --columns a,b --method best
  fails_with 2 "unknown method 'best'" "spearman"
  inferometer analyze correlate --csv t.csv --columns a,b --confidence 1
  fails_with 2 "confidence"
  inferometer analyze correlate --csv t.csv --columns a,b --where a=1
  fails_with 2 "--csv"
  inferometer analyze correlate --csv t.csv --columns a,b --factor a
  fails_with 2 "--factor"
  inferometer analyze correlate --csv nothing.csv --columns a,b
  fails_with 2 "nothing.csv"
  printf 'a,b\n1,2\n2\n' > t.csv
  inferometer analyze correlate --csv t.csv --columns a,b
  fails_with 2 "t.csv:3"
}

@test "every format holds the tables" {
  printf 'a,b\n1,2\n2,4\n3,7\n4,4\n' > t.csv
  for format in table markdown csv latex; do
    inferometer analyze correlate --csv t.csv --columns a,b --format "$format"
    [ "$status" -eq 0 ]
    [[ "$output" == *0.5* ]]
  done
}
