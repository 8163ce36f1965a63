load helpers

@test "export writes both Caffe files, which cost, show and export read" {
  inferometer export caffe_squeezenet1_1 -o s.prototxt --input 64 --classes 10 --batch 2
  echo "$stderr"
  [ "$status" -eq 0 ]
  [[ "$stderr" == "wrote s.prototxt and s.caffemodel: "*"input 2x3x64x64, 10 classes, weights random:1" ]]
  inferometer cost caffe_squeezenet1_1 --input 64 --classes 10 --format json
  figures=$(printf '%s' "$output" | python3 -c 'import json, sys; r = json.load(sys.stdin)[0]; print(r["parameters"], r["macs"], r["elementwise_operations"])')
  inferometer cost s.prototxt --format json
  rows_have "'$figures' == '%d %d %d' % (rows[0]['parameters'], rows[0]['macs'], rows[0]['elementwise_operations'])"
  rows_have 'rows[0]["model"] == "s.prototxt" and rows[0]["input_height"] == 64'
  inferometer show s.prototxt --format json
  rows_have '[row["name"] for row in rows[:3]] == ["conv1", "relu_conv1", "pool1"]'
  inferometer export s.prototxt -o back.onnx --quiet
  [ "$status" -eq 0 ]
  inferometer cost back.onnx --format json
  rows_have "'$figures' == '%d %d %d' % (rows[0]['parameters'], rows[0]['macs'], rows[0]['elementwise_operations'])"
}

@test "the deepdetect convention sees the types of a Caffe file's layers" {
  inferometer export mobilenet_v1_depthwise -o m.prototxt --quiet
  [ "$status" -eq 0 ]
  inferometer cost m.prototxt mobilenet_v1 --convention deepdetect --format json
  rows_have '[(row["parameters"], row["macs"]) for row in rows] == [(4230976, 551420896), (4230976, 568762240)]'
}

@test "a Caffe file runs on the engines here and agrees with the reference engine" {
  needs_trusted_build
  inferometer export caffe_squeezenet1_1 -o s.prototxt --input 64 --quiet
  inferometer run --model s.prototxt --batch 1,2 --starts 1 --threads 1 --min-time-s 0.01 --max-time-s 0.05 --format json
  rows_have 'len(rows) >= 2 and all(row["status"] == "passed" for row in rows)'
  rows_have 'all(row["agreement_max_error"] is not None and row["agreement_max_error"] <= 1e-4 for row in rows)'
  rows_have 'all(row["model"] == "s.prototxt" and row["parameters"] == 1235496 for row in rows)'
}

@test "--weights names the caffemodel of a prototxt, and gives a zoo network one" {
  needs_trusted_build
  inferometer export caffe_squeezenet1_1 -o s.prototxt --input 64 --weights random:2 --quiet
  mkdir weights && mv s.caffemodel weights/second.caffemodel
  inferometer export s.prototxt --weights weights/second.caffemodel -o a.onnx --quiet
  [ "$status" -eq 0 ]
  inferometer export caffe_squeezenet1_1 --input 64 --weights weights/second.caffemodel -o zoo.prototxt --quiet
  [ "$status" -eq 0 ]
  cmp zoo.caffemodel weights/second.caffemodel
  inferometer run --model s.prototxt --weights weights/second.caffemodel --engine reference --threads 1 --starts 1 --runs 2 --format json
  rows_have 'rows[0]["status"] == "passed" and "--weights" in rows[0]["repro"]'
}

@test "what is wrong with Caffe files is named" {
  inferometer export caffe_squeezenet1_1 -o s.prototxt --input 64 --quiet
  mv s.caffemodel elsewhere
  inferometer run --model s.prototxt --engine reference
  fails_with 2 "s.prototxt: no caffemodel is beside it"
  head -c 100000 elsewhere >s.caffemodel
  inferometer export s.prototxt -o s.onnx
  fails_with 2 "s.caffemodel: is no caffemodel, or cut off"
  sed 's/"ReLU"/"Swish"/' s.prototxt >t.prototxt
  inferometer cost t.prototxt
  fails_with 2 "t.prototxt: layer relu_conv1 (Swish): layers of this type are not known here"
  inferometer export s.prototxt -o u.prototxt
  fails_with 2 "is a .prototxt file already"
  inferometer cost s.prototxt --input 32
  fails_with 2 "--input"
}
