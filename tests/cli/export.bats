load helpers

@test "export writes one line on stderr and a file that reads back" {
  inferometer export squeezenet1_1 -o s.onnx
  echo "$stderr"
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ "$stderr" == "wrote s.onnx: "*"input Nx3x224x224"* ]]
  inferometer cost s.onnx --format json
  rows_have 'rows[0]["parameters"] == 1235496 and rows[0]["input_height"] == 224'
}

@test "--quiet says nothing" {
  inferometer export squeezenet1_1 -o s.onnx --quiet
  [ "$status" -eq 0 ]
  [ -z "$output$stderr" ]
  [ -s s.onnx ]
}

@test "the same seed gives the same bytes, another seed other bytes" {
  "$INFEROMETER" export squeezenet1_1 -o a.onnx --quiet
  "$INFEROMETER" export squeezenet1_1 -o b.onnx --weights random:1 --quiet
  "$INFEROMETER" export squeezenet1_1 -o c.onnx --weights random:2 --quiet
  cmp a.onnx b.onnx
  run ! cmp -s a.onnx c.onnx
}

@test "an existing file is replaced" {
  echo old > s.onnx
  inferometer export squeezenet1_1 -o s.onnx --batch 4 --input 96 --classes 10
  [ "$status" -eq 0 ]
  inferometer cost s.onnx --format json
  rows_have 'rows[0]["input_height"] == 96'
}

@test "nothing is left behind when writing fails" {
  mkdir folder.onnx
  inferometer export squeezenet1_1 -o folder.onnx
  fails_with 2 "folder.onnx"
  inferometer export alexnet -o small.onnx --input 8
  fails_with 2 "alexnet"
  [ "$(ls -A)" = "folder.onnx" ]
}

@test "what cannot be exported" {
  inferometer export squeezenet1_1
  fails_with 2 "--output"
  inferometer export squeezenet1_1 -o net.caffemodel
  fails_with 2 "net.caffemodel: a caffemodel is written beside its prototxt" ".prototxt"
  inferometer export resnet18 -o net.prototxt
  fails_with 2 "resnet18: maxpool (MaxPool): Caffe rounds its output up to 57 where this network has 56" "ONNX"
  inferometer export squeezenet1_1 -o net.txt
  fails_with 2 "must end in one of .onnx"
  inferometer export squeezenet1_1 -o net.pth --batch 1
  fails_with 2 "--batch: a .pth file holds tensors alone"
  inferometer export 'squeezenet*' -o s.onnx
  fails_with 2 "export takes one"
  inferometer export squeezenet -o s.onnx
  fails_with 2 "squeezenet" "squeezenet1_"
  inferometer export squeezenet1_1 -o s.onnx --batch 0
  fails_with 2 "--batch: 0 is outside 1 to 65536"
  inferometer export squeezenet1_1 -o s.onnx --batch -1
  fails_with 2 "--batch: -1 is outside 1 to 65536"
  inferometer export squeezenet1_1 -o s.onnx --weights zero
  fails_with 2 "--weights: 'zero' is neither random:SEED nor a file" "random:1"
  [ -z "$(ls -A)" ]
}

@test "export --precision fp16: half the bytes, the same answers, and a row that says what was computed in" {
  needs_trusted_build
  inferometer export mobilenet_v2 --input 64 --classes 10 -o whole.onnx
  inferometer export mobilenet_v2 --input 64 --classes 10 --precision fp16 -o half.onnx
  [ "$status" -eq 0 ]
  [ "$(( $(stat -c %s half.onnx) * 100 / $(stat -c %s whole.onnx) ))" -lt 55 ]
  inferometer run --model half.onnx --engine onnxruntime --starts 1 --runs 3 --format json
  rows_have 'rows[0]["status"] == "passed" and rows[0]["precision"] in ("fp32", "fp16", "mixed") and rows[0]["precision_requested"] == "fp32"'
  rows_have 'rows[0]["agreement_max_error"] < 2e-2 and not any("disagree" in reason for reason in rows[0]["reasons"])'
  inferometer export half.onnx --precision fp16 -o again.onnx
  [ "$status" -eq 0 ]
}

@test "export --precision: what cannot be written so" {
  inferometer export squeezenet1_1 --precision int8 -o s.onnx
  fails_with 2 "--precision 'int8': a file is written in fp32 or fp16" "quantize"
  inferometer export squeezenet1_1 --precision fp16 -o s.pth
  fails_with 2 "only an .onnx file is written so"
  [ -z "$(ls -A)" ]
}
