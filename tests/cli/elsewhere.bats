# ONNX files from elsewhere run byte for byte. The real files lie beside the project; a clone without them skips and says so.
load helpers

weights="$SOURCE_DIR/../shared/data/weights"
short=(--starts 1 --min-time-s 0.01 --max-time-s 0.1 --quiet --format json)
need_weights() { [ -d "$weights" ] || skip "no real weights beside the project"; }

@test "dynamic-batch files pass and agree on every engine" {
  needs_trusted_build
  need_weights
  inferometer run --model "$weights/squeezenet_v1.1/squeezenet_v1.1.derived.onnx,$weights/mobilenet_v1_0.25_128/mobilenet_v1_0.25_128.derived.onnx,$weights/mnist/mnist-load.onnx" \
    --batch 1,2 "${short[@]}"
  rows_have 'len(rows) >= 12 and all(row["status"] == "passed" for row in rows)'
  rows_have 'all(row["agreement_max_error"] <= 1e-3 and row["precision"] == "fp32" for row in rows)'
}

@test "a file with a fixed batch is unsupported at another" {
  needs_trusted_build
  need_weights
  inferometer run --model "$weights/cifar10_samplenet/samplenet.onnx" --batch 1,2 "${short[@]}"
  rows_have 'all(row["status"] == ("passed" if row["batch"] == 1 else "unsupported") for row in rows)'
  rows_have 'all("batch fixed at 1" in row["reasons"][0] for row in rows if row["batch"] == 2)'
}

@test "a QDQ file is int8 and stays unchecked without real images" {
  needs_trusted_build
  need_weights
  inferometer run --model "$weights/mobilenet_v2/mobilenetv2_quant_static.onnx" --threads 1 "${short[@]}"
  rows_have 'len([row for row in rows if row["status"] == "passed"]) >= 1'
  rows_have 'all(row["precision"] == "int8" and row["agreement_max_error"] is None and row["verdict"] in ("unchecked", "unstable") for row in rows if row["status"] == "passed")'
  rows_have 'all("QuantizeLinear" in row["reasons"][0] for row in rows if row["engine"] == "reference")'
}

@test "OpenVINO computes in fp32 when asked, and native shows what it chose" {
  needs_trusted_build
  inferometer engines --format json
  [[ "$output" == *'"engine":"openvino"'*'"usable":true'* ]] || skip "no openvino here"
  inferometer run --model squeezenet1_1 --engine openvino --precision fp32,native "${short[@]}"
  rows_have '[row["precision_requested"] for row in rows] == ["fp32", "native"] and rows[0]["precision"] == "fp32"'
  local expected=fp32
  if grep -qE 'avx512_bf16|amx_bf16' /proc/cpuinfo; then expected=bf16; fi
  rows_have "rows[1]['precision'] == '$expected'"
}
