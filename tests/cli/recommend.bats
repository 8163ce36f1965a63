load helpers

recommend() { inferometer recommend --csv "$(published dd_performances_latency.csv)" "$@" --format json; }
nano() { inferometer recommend --csv "$(published dd_performances_nano_digitised.csv)" "$@" --format json; }

# No row satisfies: exit code 1, the object on stdout all the same; the Python expression on it, `a`, is true.
nothing_satisfies() {
  echo "status $status; stderr: $stderr"
  [ "$status" -eq 1 ]
  status=0
  analysis_has "a[\"choice\"] is None and a[\"satisfying\"] == [] and ($1)"
}

@test "dd_performances 1: a desktop GTX 1080 Ti, most networks at 25 fps" {
  recommend --platform GTX1080Ti --batch 1 --min-images-per-s 25
  analysis_has 'len(a["satisfying"]) == 10 and a["constraints"][0]["ruled_out"] == 3'
  analysis_has 'a["choice"]["model"] == "caffe_resnet101" and near(a["choice"]["images_per_s"], 1000 / 35.8)'
}

@test "dd_performances 2: a Jetson TX1, the five networks at 25 fps that the page names" {
  recommend --platform JetsonTX1 --min-images-per-s 25
  analysis_has '{r["model"] for r in a["satisfying"]} == {"caffe_squeezenet1_0", "caffe_squeezenet1_1", "mobilenet_v1_depthwise", "caffe_googlenet", "shufflenet_v1_g3"}'
  analysis_has 'a["choice"]["model"] == "mobilenet_v1_depthwise" and a["choice"]["batch"] == "1" and near(a["choice"]["latency_ms"], 33.8)'
  analysis_has 'a["runner_up"]["model"] == "caffe_googlenet" and a["choice"]["origin"] == "published" and not a["choice"]["predicted"]'
  analysis_has 'near(a["constraints"][0]["nearest"]["images_per_s"], 1000 / 43.6)'
  recommend --platform JetsonTX1 --prefer speed
  analysis_has 'a["choice"]["model"] == "caffe_squeezenet1_1" and a["choice"]["batch"] == "64" and near(a["choice"]["images_per_s"], 1000 / 11.5)'
}

@test "dd_performances 3: a Jetson TK1 reaches 25 fps in one row" {
  recommend --platform JetsonTK1 --min-images-per-s 25
  analysis_has '[(r["model"], r["batch"]) for r in a["satisfying"]] == [("caffe_squeezenet1_1", "16")] and a["choice"]["images_per_s"] == 25'
  recommend --platform JetsonTK1 --min-images-per-s 25.01
  nothing_satisfies 'a["constraints"][0]["nearest"]["images_per_s"] == 25'
}

@test "dd_performances 4: a Jetson Nano, where the rows contradict the page's 12 fps" {
  nano --batch 1 --prefer speed
  analysis_has '[round(r["images_per_s"], 1) for r in a["satisfying"]] == [26.2, 14.5]'
  analysis_has 'a["runner_up"]["model"] == "shufflenet_v1_g3"'
  nano --batch 64 --prefer speed
  analysis_has 'round(a["choice"]["images_per_s"], 1) == 49.3'
}

@test "dd_performances 5: a Raspberry Pi 3 has 1 fps, and nothing at 10" {
  recommend --platform RaspberryPi3 --prefer speed
  analysis_has 'a["choice"]["model"] == "caffe_squeezenet1_1" and round(a["choice"]["images_per_s"], 2) == 1.1'
  recommend --platform RaspberryPi3 --min-images-per-s 10
  nothing_satisfies 'a["constraints"][0]["alone"] == 25'
}

@test "an unknown accuracy or memory never satisfies" {
  recommend --platform JetsonTX1 --min-images-per-s 25 --min-top1 60
  analysis_has '"shufflenet_v1_g3" in {r["model"] for r in a["unknown"]} and "shufflenet_v1_g3" not in {r["model"] for r in a["satisfying"]}'
  recommend --platform JetsonTX1 --min-images-per-s 25 --max-memory-mb 512
  nothing_satisfies 'len(a["unknown"]) == 32 and any("memory" in step for step in a["next"])'
  inferometer recommend --csv "$(published dd_performances_latency.csv)" --platform JetsonTX1 --min-images-per-s 25 --max-memory-mb 512
  [ "$status" -eq 1 ]
  [[ "$output" == *"No row satisfies every constraint."*"Note: unknown, and so no candidates though nothing rules them out: peak memory of 32 rows"* ]]
}

@test "every format; the figure" {
  for format in table markdown csv json jsonl latex; do
    inferometer recommend --csv "$(published dd_performances_latency.csv)" --platform JetsonTX1 --min-images-per-s 25 --format "$format"
    [ "$status" -eq 0 ]
    [[ "$output" == *"mobilenet"* ]]
  done
  for ending in svg png pdf; do
    inferometer recommend --csv "$(published dd_performances_latency.csv)" --platform JetsonTX1 --min-images-per-s 25 --figure "front.$ending" --quiet
    [ "$status" -eq 0 ]
    [ -s "front.$ending" ]
  done
  grep -q 'mobilenet_v1_depthwise' front.svg
  inferometer recommend --csv "$(published dd_performances_latency.csv)" --figure front.gif
  fails_with 2 "--figure: front.gif ends in none of .svg, .png and .pdf"
}

@test "predicted rows take part where they are asked for, and are marked" {
  printf 'model,platform,batch,mode,latency_median_ms,images_per_s,top1\nmobilenet_v3_large,JetsonTX1,1,latency,30,33.3,75.3\n' >guess.csv
  recommend --platform JetsonTX1 --min-images-per-s 25 --predicted guess.csv
  analysis_has 'a["choice"]["model"] == "mobilenet_v3_large" and a["choice"]["predicted"] and a["choice"]["origin"] == "predicted"'
  analysis_has 'a["runner_up"]["model"] == "mobilenet_v1_depthwise" and not a["runner_up"]["predicted"]'
  inferometer recommend --csv "$(published dd_performances_latency.csv)" --platform JetsonTX1 --min-images-per-s 25 --predicted guess.csv
  [[ "$output" == *"Choice: mobilenet_v3_large "*"(predicted): "*"is predicted, not measured: measure it"* ]]
}

@test "what predict prints as CSV is taken as it is" {
  printf 'model,engine,engine_version,device,precision,threads,batch,predicted_latency_ms,predicted_latency_low_ms,predicted_latency_high_ms,predicted_per_image_ms,predicted_images_per_s,predicted_peak_memory_mb,predicted_peak_memory_low_mb,predicted_peak_memory_high_mb,in_calibrated_range,notes\n' >guess.csv
  printf 'resnet18,onnxruntime,1,cpu,fp32,1,1,20,18,22,20,50,210,200,220,true,\nresnet50,onnxruntime,1,cpu,fp32,1,1,50,45,55,50,20,310,300,320,true,\n' >>guess.csv
  inferometer recommend --csv "$(published dd_performances_latency.csv)" --engine onnxruntime --min-images-per-s 25 --min-top1 60 --predicted guess.csv --format json
  analysis_has '[r["model"] for r in a["satisfying"]] == ["resnet18"] and a["choice"]["predicted"] and a["choice"]["latency_ms"] == 20'
}

@test "the published accuracy is not that of another input size or other classes" {
  measure() { inferometer run --model squeezenet1_1 --engine fake --runs 5 --starts 1 --quiet "$@"; }
  measure
  measure --input 96
  measure --classes 10
  inferometer recommend --format json
  analysis_has 'a["candidates"] == 3 and [r["top1"] for r in a["satisfying"]] == [58.178, None, None]'
  inferometer recommend --min-top1 1 --format json
  analysis_has 'len(a["satisfying"]) == 1 and len(a["unknown"]) == 2'
}

@test "what was measured is not predicted over" {
  needs_trusted_build
  inferometer calibrate --engine fake:delay_ms=5 --threads 1 --probes few --batches 1 --networks lenet5,samplenet -o fake.json --quiet
  [ "$status" -eq 0 ]
  "$INFEROMETER" predict squeezenet1_1 resnet18 --calibration fake.json --format csv --quiet >guess.csv
  # No store yet: predictions alone. Of another size or number of classes no accuracy is known.
  inferometer recommend --predicted guess.csv --format json
  [[ "$stderr" == *"there is no store here"* ]]
  analysis_has 'a["candidates"] == 2 and a["choice"]["model"] == "resnet18" and a["choice"]["top1"] == 69.758'
  "$INFEROMETER" predict squeezenet1_1 --input 96,224 --calibration fake.json --format csv --quiet >sizes.csv
  "$INFEROMETER" predict squeezenet1_1 --classes 10 --calibration fake.json --format csv --quiet | tail -n 1 >>sizes.csv
  inferometer recommend --predicted sizes.csv --format json
  analysis_has 'sorted(str(r["top1"]) for r in a["satisfying"]) == ["58.178", "None", "None"]'
  inferometer run --model squeezenet1_1 --engine fake:delay_ms=5 --threads 1 --runs 5 --starts 1 --quiet
  inferometer recommend --predicted guess.csv --format json
  analysis_has '[(r["model"], r["origin"]) for r in a["satisfying"]] == [("resnet18", "predicted"), ("squeezenet1_1", "measured")]'
  analysis_has 'a["left_out"] == {"predicted, and measured as well": 1}'
}

@test "rows of the store, and mistakes" {
  inferometer import "$(published dd_performances_latency.csv)"
  [ "$status" -eq 0 ]
  inferometer recommend --min-images-per-s 25 --platform 'jetsontx*' --format json
  analysis_has 'a["choice"]["model"] == "mobilenet_v1_depthwise"'
  inferometer recommend --source measured
  fails_with 2 "holds no row to choose from"
  inferometer recommend --platform JetsonTX2
  fails_with 2 "--platform: no row has the platform JetsonTX2" "JetsonTX1"
  inferometer recommend --max-power-w 0
  fails_with 2 "--max-power-w"
  inferometer recommend --min-top1 101
  fails_with 2 "--min-top1: 101 is not above 0 and at most 100"
  inferometer recommend --prefer cheap
  fails_with 2 "--prefer"
  inferometer recommend --db none.db
  fails_with 2 "none.db"
}
