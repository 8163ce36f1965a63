# Study files from the run to the report.
load helpers

@test "the study of docs/studies.md runs and reports, twenty lines" {
  sed -n '/^```toml$/,/^```$/p' "$SOURCE_DIR/docs/studies.md" | sed '1d;$d' > own.toml
  [ "$(wc -l < own.toml)" -le 21 ]
  inferometer run own.toml --starts 1 --runs 2 --batch 1,2 --limit 4
  [ "$status" -le 1 ]
  [[ "$output" == *"Milliseconds per image"* ]]
  inferometer report own.toml -o own
  [ "$status" -eq 0 ]
  [ -s own/index.html ] && [ -s own/figures/time-and-batch-size.svg ] && [ -s own/figures/time-and-batch-size.pdf ]
  grep -q 'squeezenet1_1' own/tables/*.csv
}

@test "icassp23 asks for 20 in flight, power, and boards that are not here" {
  inferometer run "$SOURCE_DIR/studies/icassp23.toml" --dry-run --format csv
  [ "$status" -eq 0 ]
  [ "$(grep -c ',2,20,1,throughput,' <<< "$output")" -eq "$(($(grep -c ',throughput,' <<< "$output")))" ]
  [ "$(grep -c '^vgg19,.*,throughput,' <<< "$output")" -eq 21 ]
  [ "$(grep -c '^vgg19,.*,evaluate,' <<< "$output")" -eq 9 ]
  grep -q '^resnet18,openvino,,MYRIAD,fp16,.*skipped' <<< "$output"
  grep -q '^resnet18,onnxruntime,,cpu,fp32,' <<< "$output"
  sed 's/^streams = 2 .*/streems = 2/' "$SOURCE_DIR/studies/icassp23.toml" > wrong.toml
  inferometer run wrong.toml --dry-run
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"wrong.toml:"*":1: unknown key 'streems'"*"streams"* ]]
}

@test "published figures of a study need no measuring" {
  inferometer report "$SOURCE_DIR/studies/icassp23.toml" --published -o published
  [ "$status" -eq 0 ]
  [ -s published/figures/inferences-per-second.png ]
  grep -q 'fp16 over fp32' published/index.html
}
