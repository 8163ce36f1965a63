load helpers

# A store with rows from elsewhere: exact figures, so that what is written is known.
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

@test "report of a store: page, figures and tables, and what was written" {
  import_times
  inferometer report -o out --format json
  rows_have 'list(rows[0]) == ["page", "page_kb", "figures", "tables", "folder"]'
  rows_have 'rows[0]["page"] == "out/index.html" and rows[0]["figures"] > 0 and rows[0]["tables"] > 0'
  [ -z "$(find out -size 0)" ]
  [ "$(find out/figures -name '*.svg' | wc -l)" -eq "$(find out/figures -name '*.pdf' | wc -l)" ]
  grep -q '^alexnet,.*8.19' out/tables/milliseconds-per-image-published.csv
  [ "$(wc -l < out/tables/every-row-published.csv)" -eq 6 ]
  # The same store gives the same bytes.
  inferometer report -o again --threads 1
  diff -r out again
}

@test "report: a row without a batch is left out of what goes by batches, and counted" {
  printf 'model,per_image_ms,batch\nresnet18,5,1\nresnet18,7,2\nresnet18,6,\n' > times.csv
  "$INFEROMETER" import times.csv --quiet > /dev/null
  inferometer report -o out --format json
  rows_have 'rows[0]["page"] == "out/index.html"'
  [ -s out/figures/time-per-image-against-the-batch.svg ]
  grep -q '1 without Batch size' out/index.html
  [ "$(wc -l < out/tables/every-row-published.csv)" -eq 4 ]
}

@test "report: --where takes a part, and --only writes a part" {
  import_times
  inferometer report -o out --where engine=beta --only tables
  [ "$status" -eq 0 ]
  [ "$(ls out)" = tables ]
  [ "$(wc -l < out/tables/every-row-published.csv)" -eq 2 ]
  inferometer report -o page --only page
  [ "$(ls page)" = index.html ]
  run ! grep -q 'href="figures/' page/index.html
  inferometer report -o nothing --where engine=gamma
  fails_with 2 "holds no row that fulfils --where" "inferometer run"
  [ ! -e nothing ]
}

@test "report: what was there stays" {
  import_times
  mkdir -p out/tables
  echo mine > out/notes.txt
  echo old > out/tables/every-row-published.csv
  inferometer report -o out --only page,tables
  [ "$status" -eq 0 ]
  [ "$(cat out/notes.txt)" = mine ]
  [[ "$(head -1 out/tables/every-row-published.csv)" == model,* ]]
}

@test "report: wrong usage is one clear line" {
  inferometer report
  fails_with 2 "--output"
  inferometer report -o out
  fails_with 2 "there is no store here" "inferometer run"
  inferometer report --published -o out
  fails_with 2 "--published" "studies/model_test.toml"
  inferometer report missing.toml -o out
  fails_with 2 "missing.toml"
  import_times
  echo x > file
  inferometer report -o file
  fails_with 2 "file: "
  inferometer report -o out --only pages
  fails_with 2 "pages"
  inferometer report -o out --where 'modell=a'
  fails_with 2 "modell" "model"
  run ! test -e out
}

@test "report of a study: its own rows and no others" {
  cat > s.toml <<'TOML'
[[run]]
models = ["squeezenet1_1", "alexnet"]
engines = ["fake:delay_ms=1"]
starts = 1
runs = 8
[[table]]
title = "Times"
rows = "model"
columns = "batch"
value = "per_image_ms"
[[figure]]
title = "Bars"
type = "grouped_bar"
x = "model"
y = "per_image_ms"
series = "engine"
TOML
  import_times
  inferometer report s.toml -o before
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"holds no row of this study; \`inferometer run s.toml\` measures them"* ]]
  inferometer run s.toml --quiet
  inferometer run --model resnet18 --engine fake:delay_ms=1 --starts 1 --runs 8 --quiet
  inferometer report s.toml -o out --format json
  rows_have 'rows[0]["figures"] == 1 and rows[0]["tables"] == 1'
  [ "$(cut -d, -f1 out/tables/times.csv | sort | xargs)" = "alexnet model squeezenet1_1" ]
}
