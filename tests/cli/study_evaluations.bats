# The [[evaluate]] blocks of study files.
load helpers

# Four pictures of two classes, and a network for them with weights of a file.
make_pictures() {
  mkdir -p pictures
  cp "$SOURCE_DIR"/tests/unit/dataset/pictures/{colour.jpg,grey.jpg,palette.png,scene.png} pictures
  printf 'colour.jpg 0\ngrey.jpg 1\npalette.png 1\nscene.png 0\n' > labels.txt
}

make_weights() { "$INFEROMETER" export mobilenet_v2 --classes 2 --weights random:5 -o trained.pth --quiet; }

# study LINE...: a study that evaluates two small networks, one of them with weights.
study() {
  printf '%s\n' '[[evaluate]]' 'name = "pictures"' 'models = ["mobilenet_v2", "squeezenet1_1"]' 'engines = "onnxruntime"' 'threads = 1' \
    'inputs = 64' 'classes = 2' 'confidences = true' "$@" \
    '[[table]]' 'title = "Right"' 'from = "pictures"' 'rows = ["picture", "class"]' 'columns = "model"' 'value = "right_probability"' > own.toml
}

evaluations_kept() { "$INFEROMETER" results --evaluations --all --format csv | tail -n +2 | wc -l; }

@test "a study's evaluation is the one of evaluate, is kept, tabled, and not done twice" {
  make_pictures
  make_weights
  study 'images = "pictures"' 'labels = "labels.txt"' 'weights = { mobilenet_v2 = "trained.pth" }'
  inferometer run own.toml --format json
  rows_have 'len(rows) == 2 and rows[0]["model"] == "mobilenet_v2" and rows[0]["status"] == "passed" and rows[0]["images"] == 4'
  rows_have 'rows[1]["status"] == "skipped" and "synthetic weights" in rows[1]["reasons"][0] and "squeezenet1_1=FILE" in rows[1]["reasons"][0]'
  [[ "$stderr" == *"2 evaluations: 1 passed, 1 skipped; 0 of them from the store"* ]]
  [ "$(evaluations_kept)" -eq 1 ]

  inferometer run own.toml --format json
  rows_have 'rows[0]["status"] == "passed" and rows[0]["images"] == 4'
  [[ "$stderr" == *"1 of them from the store"* ]]
  [ "$(evaluations_kept)" -eq 1 ]
  inferometer run own.toml --again
  [ "$status" -eq 0 ]
  [ "$(evaluations_kept)" -eq 2 ]

  # Other pictures, another preprocessing or other weights are another evaluation.
  sed -i 's/^confidences/limit = 3\nconfidences/' own.toml
  inferometer run own.toml --format json
  rows_have 'rows[0]["images"] == 3'
  sed -i '/^limit/d; s/^confidences/crop = 64\nmean = [0.5, 0.4, 0.3]\nconfidences/' own.toml
  inferometer run own.toml --format json
  rows_have '"--mean 0.5,0.4,0.3" in rows[0]["preprocessing"]'
  "$INFEROMETER" export mobilenet_v2 --classes 2 --weights random:6 -o trained.pth --quiet
  inferometer run own.toml --quiet
  [ "$(evaluations_kept)" -eq 5 ]
  inferometer run own.toml --quiet
  [ "$(evaluations_kept)" -eq 5 ]

  inferometer evaluate mobilenet_v2 --weights trained.pth --input 64 --classes 2 --images pictures --labels labels.txt --engine onnxruntime \
    --threads 1 --mean 0.5,0.4,0.3 --confidences --format csv
  local line
  line=$(grep '^scene.png,' <<< "$output")
  "$INFEROMETER" report own.toml -o own --only tables
  [ "$(grep '^scene.png,' own/tables/right.csv | rev | cut -d, -f1 | rev)" = "$(cut -d, -f7 <<< "$line")" ]
}

@test "a study's table takes the block's evaluations alone" {
  make_pictures
  make_weights
  study 'weights = { mobilenet_v2 = "trained.pth" }'
  local how=(--classes 2 --labels labels.txt --engine onnxruntime --confidences --quiet --weights trained.pth)
  "$INFEROMETER" run own.toml --evaluate-images pictures --evaluate-labels labels.txt --quiet > /dev/null
  cp -r pictures others
  "$INFEROMETER" evaluate mobilenet_v2 "${how[@]}" --images pictures --input 96 --threads 1 > /dev/null
  "$INFEROMETER" evaluate mobilenet_v2 "${how[@]}" --images pictures --input 64 --threads 1 --resize warp:64 > /dev/null
  "$INFEROMETER" report own.toml -o own --only tables
  [ "$(head -1 own/tables/right.csv)" = "picture,class,mobilenet_v2" ]
  [ "$(wc -l < own/tables/right.csv)" -eq 5 ]
  # Where the file names no pictures, the set that was evaluated last is shown, and no mixture.
  mv others/scene.png others/other.png
  sed 's/scene/other/' labels.txt > others.txt
  "$INFEROMETER" run own.toml --evaluate-images others --evaluate-labels others.txt --quiet > /dev/null
  "$INFEROMETER" report own.toml -o own --only tables
  [ "$(wc -l < own/tables/right.csv)" -eq 5 ]
  grep -q '^other.png,0,' own/tables/right.csv
}

@test "without pictures the block is left out with one line, and the rest is done" {
  study
  printf '%s\n' '[[run]]' 'models = "squeezenet1_1"' 'engines = "fake"' 'inputs = 64' 'starts = 1' 'runs = 2' >> own.toml
  inferometer run own.toml --format json
  [ "$status" -le 1 ]
  [ "$(grep -o '"engine": *"fake"' <<< "$output" | wc -l)" -eq 1 ]
  [ "$(grep -c 'no pictures: give --evaluate-images DIR --evaluate-labels FILE' <<< "$stderr")" -eq 1 ]
  inferometer run own.toml --only pictures
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  [[ "$stderr" == *"no pictures"* ]]
}

@test "a dry run lists evaluations, and --only and --limit choose among them" {
  make_pictures
  make_weights
  study
  printf '%s\n' '[[run]]' 'name = "timed"' 'models = "squeezenet1_1"' 'engines = "fake"' >> own.toml
  local given=(--evaluate-images pictures --evaluate-labels labels.txt --evaluate-weights mobilenet_v2=trained.pth)
  inferometer run own.toml --dry-run --format json "${given[@]}"
  rows_have '[(row["model"], row["mode"]) for row in rows] == [("squeezenet1_1", "latency"), ("mobilenet_v2", "evaluate"), ("squeezenet1_1", "evaluate")]'
  rows_have 'rows[1]["status"] == "to evaluate" and rows[1]["starts"] is None and rows[2]["status"].startswith("skipped (no weights of a file")'
  inferometer run own.toml --dry-run --format json --only pictures
  rows_have 'len(rows) == 2 and "no pictures" in rows[0]["status"] or "skipped" in rows[0]["status"]'
  inferometer run own.toml --dry-run --format json --only timed
  rows_have 'len(rows) == 1 and rows[0]["mode"] == "latency"'
  inferometer run own.toml --dry-run --format json --limit 2 "${given[@]}"
  rows_have '[row["mode"] for row in rows] == ["latency", "evaluate"]'
  inferometer run own.toml --dry-run --format json --model mobilenet_v2 --engine fake "${given[@]}"
  rows_have '[(row["model"], row["engine"], row["mode"]) for row in rows] == [("mobilenet_v2", "fake", "latency"), ("mobilenet_v2", "fake", "evaluate")]'
}

@test "what a study's evaluations cannot take is refused before anything runs" {
  make_pictures
  study
  inferometer run own.toml --evaluate-weights mobilenet_v3=x.pth
  fails_with 2 "--evaluate-weights: the study evaluates no network 'mobilenet_v3'" "mobilenet_v2"
  inferometer run own.toml --evaluate-weights mobilenet_v2
  fails_with 2 "'mobilenet_v2' is not of the form NETWORK=FILE"
  inferometer run own.toml --evaluate-images pictures --evaluate-weights mobilenet_v2=nowhere.pth
  fails_with 2 "nothing says what colour.jpg shows" "--labels"
  inferometer run own.toml --evaluate-images pictures --evaluate-labels labels.txt --evaluate-weights mobilenet_v2=nowhere.pth
  fails_with 2 "nowhere.pth"
  inferometer run own.toml --evaluate-labels labels.txt
  fails_with 2 "--evaluate-labels: of which pictures?"
  inferometer run --model resnet18 --evaluate-images pictures
  fails_with 2 "--evaluate-images: is for the [[evaluate]] blocks of a study"
  inferometer run own.toml --only picture
  fails_with 2 "no run named 'picture'" "pictures"
  sed -i 's/^models.*/models = "resnet18"/; s/^confidences.*/weights = { resnet81 = "x.pth" }/' own.toml
  inferometer run own.toml --evaluate-images pictures --evaluate-labels labels.txt
  fails_with 2 "weights resnet81=" "resnet18"
}
