load helpers

# A store with rows from elsewhere: exact figures, so that what is printed is known.
import_times() {
  cat > times.csv <<'CSV'
model,engine,batch,ms
alexnet,alpha,1,8.19
alexnet,alpha,2,4.51
resnet18,alpha,1,12.5
resnet18,alpha,2,7.25
resnet18,beta,2,6
CSV
  "$INFEROMETER" import times.csv --map per_image_ms=ms --source elsewhere --quiet > /dev/null
}

@test "import says what it took, and takes nothing twice" {
  printf 'model,batch,ms\nalexnet,1,8.19\n' > times.csv
  inferometer import times.csv --map per_image_ms=ms --source colab --format json
  rows_have 'list(rows[0]) == ["file", "source", "rows", "new_rows", "lines_left_out"]'
  rows_have 'rows[0]["new_rows"] == 1 and rows[0]["source"] == "colab"'
  inferometer import times.csv --map per_image_ms=ms --source colab --format json
  rows_have 'rows[0]["rows"] == 1 and rows[0]["new_rows"] == 0'
}

@test "import refuses wrong maps and files, and makes no store" {
  printf 'model,batch,ms\nalexnet,1,8.19\n' > times.csv
  inferometer import times.csv --map per_image_ms
  fails_with 2 "--map: 'per_image_ms' is not of the form COLUMN=NAME" "per_image_ms=ms_per_image"
  inferometer import times.csv --map per_imag_ms=ms
  fails_with 2 "per_imag_ms"
  inferometer import times.csv --map per_image_ms=nothing
  fails_with 2 "nothing"
  inferometer import missing.csv
  fails_with 2 "missing.csv"
  [ ! -e inferometer.db ]
}

@test "imported rows carry their source" {
  import_times
  inferometer results --format json
  rows_have 'len(rows) == 5 and {row["source"] for row in rows} == {"elsewhere"}'
  inferometer results --source measured --format json
  rows_have 'rows == []'
  inferometer results
  [[ "$output" == *elsewhere* ]]
}

@test "--where" {
  import_times
  inferometer results --where 'model=resnet18 and batch>=2' --format json
  rows_have '[row["per_image_ms"] for row in rows] == [7.25, 6]'
  inferometer results --where "engine like 'bet%'" --format json
  rows_have 'len(rows) == 1'
  inferometer results --where "model='x'' or 1=1 --'" --format json
  rows_have 'rows == []'
  inferometer results --where 'modell=resnet18'
  fails_with 2 "modell" "model"
  inferometer results --where 'model'
  fails_with 2 "model"
}

@test "what matches nothing says so in one line" {
  import_times
  local filter
  for filter in "--source nope" "--where model=vgg16" "--where model=vgg16 --pivot model,batch" "--samples --where batch=64"; do
    inferometer results $filter
    echo "$filter: $stderr"
    [ "$status" -eq 0 ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ "$stderr" == "no row of inferometer.db matches --"* ]]
  done
  inferometer results --where model=vgg16 --source elsewhere --format json
  rows_have 'rows == []'
  [ "$stderr" = "no row of inferometer.db matches --where 'model=vgg16' and --source elsewhere" ] ||
    [ "$stderr" = "no row of inferometer.db matches --where model=vgg16 and --source elsewhere" ]
  inferometer results --where model=vgg16 --quiet
  [ -z "$stderr" ]
  for filter in evaluation load layer; do
    inferometer results "--${filter}s"
    [ "$stderr" = "inferometer.db holds no $filter" ]
    inferometer results "--${filter}s" --where started_at=2000
    [[ "$stderr" == "no $filter of inferometer.db matches --where "*"started_at=2000"* ]]
  done
  inferometer results --trainings
  [ "$stderr" = "inferometer.db holds no epoch" ]
  inferometer results --where model=alexnet
  [ -z "$stderr" ]
}

@test "--limit keeps the last rows" {
  import_times
  inferometer results --limit 2 --format json
  rows_have '[row["per_image_ms"] for row in rows] == [7.25, 6]'
  inferometer results --limit 0
  fails_with 2 "--limit: 0 is outside"
}

@test "--pivot" {
  import_times
  inferometer results --where 'engine=alpha' --pivot model,batch --value per_image_ms --format csv
  echo "$output"
  [ "$output" = "$(printf 'model,1,2\nalexnet,8.19,4.51\nresnet18,12.5,7.25')" ]
  inferometer results --pivot model,engine,batch --format json
  rows_have 'list(rows[0]) == ["model", "alpha / 1", "alpha / 2", "beta / 2"] and rows[0]["beta / 2"] is None'
}

@test "no two rows that differ in a setting look alike" {
  inferometer run --model lenet5 --engine fake --mode throughput --streams 1,2 --requests 2,4 --threads 2 --starts 1 --runs 8
  settings() { awk -v n="$1" '/unchecked|unstable|invalid|valid/ && !/:/ { line = $1; for (i = 2; i <= n; ++i) line = line " " $i; print line }' <<< "$output"; }
  [[ "${lines[0]}" == *" batch "*"mode "*"streams "*"requests "* ]]
  [ "$(settings 9 | sort)" = "$(printf 'lenet5 fake cpu fp32 2 1 throughput %s\n' '1 2' '1 4' '2 2' '2 4')" ]
  [[ "$output" == *"lenet5 fake b1 (streams: 2, requests: 4): "* ]]
  inferometer run --model squeezenet1_1 --engine fake --input 64,96 --threads 2 --starts 1 --runs 8
  [[ "${lines[0]}" == *" batch "*"input_height "* && "${lines[0]}" != *" mode "* ]]
  [ "$(settings 7 | sort)" = "$(printf 'squeezenet1_1 fake cpu fp32 2 1 %s\n' 64 96)" ]
  inferometer results
  [[ "${lines[0]}" == *"mode "*"streams "*"requests "*"input_height "* ]]
  [ "$(settings 10 | sort -u | wc -l)" -eq 6 ]
}

@test "--pivot keeps apart what differs in a setting it does not name" {
  import_times
  inferometer results --pivot model,batch --format json
  rows_have 'list(rows[0]) == ["model", "engine", "1", "2"]'
  rows_have '[row["2"] for row in rows] == [4.51, 7.25, 6]'
}

@test "--pivot refuses what cannot be" {
  import_times
  inferometer results --pivot model
  fails_with 2 "--pivot: needs a column" "model,batch"
  inferometer results --pivot model,bach
  fails_with 2 "bach" "batch"
  inferometer results --pivot model,batch --value engine
  fails_with 2 "'engine' holds no numbers"
  inferometer results --value per_image_ms
  fails_with 2 "--pivot"
}

@test "--db and INFEROMETER_DB name the store" {
  import_times
  mv inferometer.db other.db
  inferometer results --db other.db --format json
  rows_have 'len(rows) == 5'
  INFEROMETER_DB=other.db inferometer results --format json
  rows_have 'len(rows) == 5'
}

@test "--samples gives every kept request" {
  needs_trusted_build
  "$INFEROMETER" run --model squeezenet1_1 --engine fake:delay_ms=1 --starts 2 --runs 5 --quiet > /dev/null
  inferometer results --samples --format json
  rows_have '[(row["start"], row["sample"]) for row in rows] == [(start, i) for start in (0, 1) for i in range(5)]'
  rows_have 'all(row["latency_ns"] >= 1000000 for row in rows)'
  inferometer results --samples --all
  fails_with 2 "--samples"
}

@test "--all shows replaced rows too" {
  needs_trusted_build
  for _ in 1 2; do
    "$INFEROMETER" run --model squeezenet1_1 --engine fake:delay_ms=1 --starts 1 --runs 5 --quiet --again > /dev/null
  done
  inferometer results --format json
  rows_have 'len(rows) == 1'
  inferometer results --all --format json
  rows_have 'len(rows) == 2'
}

@test "a question leaves a store of an older version as it is, what keeps figures raises it and says so" {
  import_times
  python3 - <<'PYTHON'
import sqlite3
store = sqlite3.connect("inferometer.db")
store.executescript("DROP TABLE training_epochs; PRAGMA user_version = 6; PRAGMA wal_checkpoint(TRUNCATE)")
store.close()
PYTHON
  before=$(sha256sum inferometer.db)
  inferometer results --where 'engine=beta' --format json
  rows_have 'len(rows) == 1 and rows[0]["per_image_ms"] == 6'
  inferometer results --trainings --format json
  rows_have 'rows == []'
  inferometer report -o page
  [ "$status" -eq 0 ]
  [ "$(sha256sum inferometer.db)" = "$before" ]
  [ "$(echo inferometer.db*)" = inferometer.db ]

  printf 'model,batch,ms\nvgg16,1,20\n' > more.csv
  inferometer import more.csv --map per_image_ms=ms --source elsewhere
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"inferometer.db: brought from schema version 6 to 7; older versions of inferometer can no longer use it"* ]]
  inferometer import more.csv --map per_image_ms=ms --source elsewhere
  [[ "$stderr" != *"schema version"* ]]
}
