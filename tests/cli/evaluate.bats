load helpers

# The real weights and pictures lie beside a checkout, or not at all.
shared() {
  SHARED="$SOURCE_DIR/../shared/data"
  [ -d "$SHARED" ] || skip "the shared data folder is not here"
}

# counts WHICH-ENGINES TOP1 TOP5 TOLERANCE ARGUMENTS...: every engine must reach the counts.
counts() {
  local engines="$1" top1="$2" top5="$3" tolerance="$4"
  shift 4
  inferometer evaluate "$@" --engine "$engines" --format json
  rows_have "[row['status'] for row in rows] == ['passed'] * len(rows) and len(rows) == len('$engines'.split(','))"
  rows_have "all(abs(row['correct_top1'] - $top1) <= $tolerance and abs(row['correct_top5'] - $top5) <= $tolerance for row in rows)"
  rows_have "all(row['skipped_images'] == 0 for row in rows)"
}

# Every engine here that computes.
computing_engines() {
  "$INFEROMETER" engines --format json |
    python3 -c 'import json, sys; print(",".join(e["engine"] for e in json.load(sys.stdin) if e["usable"] and e["engine"] != "fake"))'
}

# Two classes of small pictures, one of them damaged.
make_classes() {
  mkdir -p classes/ant classes/bee
  cp "$SOURCE_DIR"/tests/unit/dataset/pictures/colour*.jpg classes/ant
  cp "$SOURCE_DIR"/tests/unit/dataset/pictures/grey.jpg "$SOURCE_DIR"/tests/unit/dataset/pictures/palette.png classes/bee
  head -c 300 "$SOURCE_DIR/tests/unit/dataset/pictures/colour.jpg" > classes/bee/broken.jpg
}

@test "a zoo network is evaluated on class folders, and engines answer alike" {
  make_classes
  inferometer evaluate mobilenet_v2 --input 32 --classes 2 --images classes --engine reference,onnxruntime --format json
  rows_have 'len(rows) == 2 and all(row["images"] == 4 and row["skipped_images"] == 1 for row in rows)'
  rows_have 'rows[0]["correct_top1"] == rows[1]["correct_top1"] and rows[0]["correct_top5"] == 4'
  rows_have 'list(rows[0])[:16] == "model engine precision images skipped_images correct_top1 correct_top5 top1 top1_low top1_high top5 top5_low top5_high accuracy_density accuracy_density_low accuracy_density_high".split()'
  rows_have '"broken.jpg: the JPEG is cut short" in " ".join(rows[0]["notes"])'
  rows_have 'rows[0]["preprocessing"].startswith("--resize short:37 --interpolation bilinear --crop 32 --channels rgb")'
  inferometer results --evaluations --where 'engine=reference' --format json
  rows_have 'len(rows) == 1 and rows[0]["images"] == 4'
}

@test "batches, streams and threads change no answer" {
  make_classes
  for how in "--batch 1 --threads 1" "--batch 3 --threads 2 --streams 1" "--batch 8 --threads 2 --streams 2"; do
    inferometer evaluate mobilenet_v2 --input 32 --classes 2 --images classes --engine onnxruntime --per-class --format json $how
    rows_have 'len(rows) == 2 and rows[0]["images"] == 2 and rows[1]["images"] == 2'
    answers+=("$(printf '%s' "$output" | python3 -c 'import json, sys; print([row["correct_top1"] for row in json.load(sys.stdin)])')")
  done
  [ "${answers[0]}" = "${answers[1]}" ]
  [ "${answers[0]}" = "${answers[2]}" ]
}

@test "confidences: each image's right class has a probability, and over the classes they add up to one" {
  make_classes
  inferometer evaluate mobilenet_v2 --input 32 --classes 2 --images classes --engine onnxruntime,reference --confidences --format json
  rows_have 'len(rows) == 8 and all(0 < row["right_probability"] < 1 for row in rows)'
  rows_have 'all((row["right_probability"] > 0.5) == (row["predicted"] == row["class"]) for row in rows)'
  rows_have 'all(abs(a["right_probability"] - b["right_probability"]) < 1e-3 for a in rows for b in rows if a["image"] == b["image"])'
}

@test "width and height may differ, and every way of resizing is there" {
  make_classes
  for how in nearest bilinear bicubic area lanczos4; do
    inferometer evaluate mobilenet_v2 --input 32 --classes 2 --images classes --engine reference --resize warp:40x36 --interpolation $how --crop 32x32 --format json
    rows_have "rows[0][\"preprocessing\"].startswith(\"--resize warp:40x36 --interpolation $how --crop 32 --channels rgb\") and rows[0][\"images\"] == 4"
  done
}

@test "measured rows show the accuracy, however the two came" {
  needs_trusted_build
  make_classes
  "$INFEROMETER" run --model mobilenet_v2 --input 32 --classes 2 --engine onnxruntime --starts 1 --runs 3 --quiet > /dev/null
  inferometer results --format json
  rows_have 'rows[0]["measured_top1"] is None'
  "$INFEROMETER" evaluate mobilenet_v2 --input 32 --classes 2 --images classes --engine onnxruntime --quiet > /dev/null
  inferometer results --format json --where 'measured_images=4'
  rows_have 'rows[0]["measured_top1"] is not None and rows[0]["measured_data"] == "classes" and rows[0]["top1"] is None'
  inferometer run --model mobilenet_v2 --input 32 --classes 2 --engine onnxruntime --starts 1 --runs 4 --format json
  rows_have 'rows[0]["measured_images"] == 4'
}

@test "what does not go together is refused" {
  make_classes
  inferometer evaluate mobilenet_v2 --input 32 --classes 3 --images classes --engine onnxruntime
  fails_with 2 "the data set classes has 2 classes, the network 3 outputs" "--class-offset"
  inferometer evaluate mobilenet_v2 --input 32 --classes 2 --images classes --engine onnxruntime --strict --quiet
  fails_with 2 "broken.jpg: the JPEG is cut short" "--strict"
  inferometer evaluate mobilenet_v2 --input 32 --classes 2 --images classes --engine onnxruntime --crop 31
  fails_with 2 "--crop 31: the network's input is 32 x 32"
  inferometer evaluate mobilenet_v2 --input 32 --classes 2 --images classes --engine onnxruntime --crop 32x31
  fails_with 2 "--crop 32x31: the network's input is 32 x 32"
  inferometer evaluate mobilenet_v2 --input 32 --classes 2 --images classes --engine onnxruntime --resize short:40x36
  fails_with 2 "--resize: '40x36' is not a whole number"
  inferometer evaluate mobilenet_v2 --images classes/ant --engine onnxruntime
  fails_with 2 "nothing says what" "--labels"
  inferometer evaluate mobilenet_v2 --images classes --resize fit:3
  fails_with 2 "--resize: 'fit:3' is not known" "warp:256"
  inferometer evaluate mobilenet_v2 --images nowhere
  fails_with 2 "nowhere"
  inferometer evaluate mobilenet_v2 --images classes --per-class --pairs --format json
  fails_with 2 "one table"
  inferometer evaluate mobilenet_v2 --images classes --batch 1,2
  fails_with 2 "one value of each"
}

@test "labels and pictures without the other are named" {
  make_classes
  printf 'colour.jpg 0\nmissing.jpg 1\n' > labels.txt
  inferometer evaluate mobilenet_v2 --input 32 --classes 2 --images classes/ant --labels labels.txt --engine onnxruntime --format json
  rows_have 'rows[0]["images"] == 1 and rows[0]["absent_images"] == 1 and rows[0]["unlabelled_images"] == 1'
  [[ "$stderr" == *"1 labels without an image: missing.jpg"* ]]
  [[ "$stderr" == *"1 images without a label: colour_444.jpg"* ]]
  inferometer evaluate mobilenet_v2 --input 32 --classes 2 --images classes/ant --labels labels.txt --engine onnxruntime --strict
  fails_with 2 "1 labels without an image: missing.jpg"
}

@test "pictures that all are damaged make a failed row" {
  mkdir -p classes/ant classes/bee
  echo no picture > classes/ant/a.png
  inferometer evaluate mobilenet_v2 --input 32 --classes 2 --images classes --engine onnxruntime --format json
  [ "$status" -eq 1 ]
  [[ "$output" == *'"status": "failed"'* ]] || [[ "$output" == *'"status":"failed"'* ]]
  [[ "$output" == *"no picture could be used"* ]]
}

@test "every column stands in docs/evaluating.md" {
  make_classes
  inferometer evaluate mobilenet_v2 --input 32 --classes 2 --images classes --engine onnxruntime --format json
  rows_have 'all("`" + column + "`" in open("'"$SOURCE_DIR"'/docs/evaluating.md").read() for column in rows[0])'
}

@test "squeezenet reaches its counts on every engine" {
  shared
  local model="$SHARED/weights/squeezenet_v1.1/squeezenet_v1.1.derived.onnx" how="--channels bgr --scale 1 --mean 104,117,123 --std 1"
  counts "$(computing_engines)" 153 184 1 "$model" --images "$SHARED/imagenet/val227" --labels "$SHARED/imagenet/val227_labels.txt" --resize none $how
  counts "$(computing_engines)" 22 29 2 "$model" --images "$SHARED/imagenet/full" --labels "$SHARED/imagenet/full_labels.txt" --resize warp:256 $how
  counts "$(computing_engines)" 10 10 2 "$model" --images "$SHARED/imagenet/icassp10" --labels "$SHARED/imagenet/icassp10_labels.txt" --resize warp:256 $how
}

@test "float mobilenet_v2 and squeezenet reach their counts from checkpoints on every engine" {
  shared
  local weights="$SHARED/weights/mobilenet_v2/mobilenet_v2.derived.torchvision_names.pth"
  counts "$(computing_engines)" 157 185 1 mobilenet_v2 --weights "$weights" --images "$SHARED/imagenet/val227" \
    --labels "$SHARED/imagenet/val227_labels.txt" --resize none
  counts "$(computing_engines)" 27 30 2 mobilenet_v2 --weights "$weights" --images "$SHARED/imagenet/full" --labels "$SHARED/imagenet/full_labels.txt"
  counts "$(computing_engines)" 10 10 2 mobilenet_v2 --weights "$weights" --images "$SHARED/imagenet/icassp10" \
    --labels "$SHARED/imagenet/icassp10_labels.txt"
  counts "$(computing_engines)" 153 184 1 squeezenet1_1 --input 227 --weights "$SHARED/weights/squeezenet_v1.1/squeezenet1_1.derived.torchvision_names.pth" \
    --images "$SHARED/imagenet/val227" --labels "$SHARED/imagenet/val227_labels.txt" --resize none --channels bgr --scale 1 --mean 104,117,123 --std 1
}

@test "what each picture was given comes to the study's table, of trained weights alone" {
  shared
  local pictures=(--images "$SHARED/imagenet/icassp10" --labels "$SHARED/imagenet/icassp10_labels.txt" --engine onnxruntime --confidences)
  inferometer evaluate squeezenet1_1 "${pictures[@]}"
  [ "$status" -eq 0 ]
  [[ "$output" == *"synthetic weights: counts and probabilities say nothing"* ]]
  inferometer evaluate mobilenet_v2 --weights "$SHARED/weights/mobilenet_v2/mobilenet_v2.derived.torchvision_names.pth" "${pictures[@]}" --format csv
  [ "$status" -eq 0 ]
  local line
  line=$(grep '^nps_mug.png,504,mobilenet_v2,' <<< "$output")
  sed '/^\[\[evaluate\]\]/,/^models/ s/^models.*/models = "mobilenet_v2"/; s|\.\./published|'"$SOURCE_DIR"'/published|' "$SOURCE_DIR/studies/icassp23.toml" > icassp23.toml
  inferometer report icassp23.toml -o icassp23 --only tables
  [ "$status" -eq 0 ]
  local table=icassp23/tables/probability-given-to-the-right-class.csv
  [ "$(head -1 "$table")" = "picture,class,mobilenet_v2 / onnxruntime / fp32" ]
  [ "$(wc -l < "$table")" -eq 11 ]
  [ "$(grep '^nps_mug.png,' "$table" | cut -d, -f3)" = "$(cut -d, -f7 <<< "$line")" ]
}

@test "the int8 mobilenet reaches the float one's counts within a few images" {
  shared
  inferometer evaluate "$SHARED/weights/mobilenet_v2/mobilenetv2_quant_static.onnx" --images "$SHARED/imagenet/val227" \
    --labels "$SHARED/imagenet/val227_labels.txt" --resize none --engine onnxruntime,openvino --format json
  rows_have 'all(row["precision"] == "int8" and abs(row["correct_top1"] - 157) <= 6 and abs(row["correct_top5"] - 185) <= 6 for row in rows)'
}

@test "the small networks reach their counts on every engine" {
  shared
  counts "$(computing_engines)" 79 98 1 "$SHARED/weights/cifar10_samplenet/samplenet.onnx" --images "$SHARED/cifar10/cifar10_test_100.csv" \
    --channels bgr --scale 1 --mean 113.8575,122.961,125.307 --std 51.255,50.847,51.5865
  counts "$(computing_engines)" 9906 10000 1 "$SHARED/weights/mnist/mnist-load.onnx" --images "$SHARED/mnist/t10k-images-idx3-ubyte.gz" \
    --labels "$SHARED/mnist/t10k-labels-idx1-ubyte.gz" --mean 0.5 --std 0.5
}

@test "run takes real pictures, which belong to the entry" {
  needs_trusted_build
  shared
  local model="$SHARED/weights/squeezenet_v1.1/squeezenet_v1.1.derived.onnx"
  inferometer run --model "$model" --engine onnxruntime --starts 1 --runs 5 --format json
  rows_have 'rows[0]["agreement_max_error"] < 1e-3 and not any(note.startswith("inputs:") for note in rows[0]["notes"])'
  inferometer run --model "$model" --engine onnxruntime --starts 1 --runs 5 --images "$SHARED/imagenet/full" --format json
  rows_have 'rows[0]["agreement_max_error"] < 1e-3 and rows[0]["agreement_top1_ratio"] == 1'
  rows_have '"inputs: 30 pictures of full, --resize short:259" in " ".join(rows[0]["notes"]) and "--images" in rows[0]["repro"]'
  inferometer results --format json
  rows_have 'len(rows) == 2'
}

@test "32 real pictures check an int8 model" {
  needs_trusted_build
  shared
  local model="$SHARED/weights/mobilenet_v2/mobilenetv2_quant_static.onnx"
  inferometer run --model "$model" --engine onnxruntime --precision native --starts 1 --runs 5 --images "$SHARED/imagenet/full" --format json
  rows_have 'rows[0]["verdict"] != "valid" and rows[0]["agreement_top1_ratio"] is None and "32 real images" in " ".join(rows[0]["reasons"])'
  inferometer run --model "$model" --engine onnxruntime --precision native --starts 1 --runs 5 --images "$SHARED/imagenet/val227" \
    --labels "$SHARED/imagenet/val227_labels.txt" --format json
  rows_have 'rows[0]["precision"] == "int8" and rows[0]["agreement_top1_ratio"] >= 0.9 and rows[0]["agreement_max_error"] is None'
  rows_have '"32 real images" not in " ".join(rows[0]["reasons"])'
}

@test "run refuses too few pictures and damaged ones" {
  make_classes
  inferometer run --model mobilenet_v2 --input 32 --engine onnxruntime --images classes/ant
  fails_with 2 "2 pictures; 8 are needed"
  for i in 1 2 3 4 5 6 7 8; do cp classes/ant/colour.jpg "classes/bee/$i.jpg"; done
  inferometer run --model mobilenet_v2 --input 32 --engine onnxruntime --starts 1 --runs 3 --images classes/bee --quiet
  fails_with 2 "broken.jpg: the JPEG is cut short"
  inferometer run --model mobilenet_v2 --labels labels.txt
  fails_with 2 "--labels: goes with --images"
}
