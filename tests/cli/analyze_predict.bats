load helpers

kFeatures=operators,weight_layers,parameters,macs,activations

@test "predict: the study's table, each network held out, from what its graph tells" {
  inferometer import "$(published modeltest_colab_latency.csv)"
  [ "$status" -eq 0 ]
  inferometer analyze predict --response per_image_ms --features "$kFeatures" --where 'batch=1' --confidence 0.9 --format json
  analysis_has 'a["nets"] == 38 and a["families"] == 12 and a["form"] == "log_log"'
  analysis_has '[e["held_out"] for e in a["errors"]] == ["nothing", "one net", "one family"]'
  analysis_has 'a["errors"][0]["median_percent"] < a["errors"][1]["median_percent"] <= 13'
  analysis_has 'a["errors"][1]["mean_percent"] < a["errors"][2]["mean_percent"]'
  analysis_has 'a["intervals"] == 38 and a["covered"] == 35 and all(r["low"] < r["predicted"] < r["high"] for r in a["rows"])'
  analysis_has 'len(a["worst"]) == 5 and a["worst"][0] == "resnext101_32x8d"'
  inferometer analyze predict --response per_image_ms --features "$kFeatures" --where 'batch=1'
  [[ "$output" == *"With one net held out, the error is 12.5 % in the median"*"does not speak of other nets"* ]]
}

@test "predict: columns of a second file; an additive law" {
  printf 'model,batch,ms\na,1,3\nb,1,5\nc,1,9\nd,1,6\n' >times.csv
  printf 'model,layers,weights\na,1,1\nb,2,1\nc,3,3\nd,1,4\n' >nets.csv
  inferometer analyze predict --csv times.csv --join nets.csv --response ms --features layers,weights --form additive --format json
  analysis_has 'near(a["terms"][0]["coefficient"], 2) and near(a["terms"][1]["coefficient"], 1) and abs(a["intercept"]) < 1e-9'
  inferometer analyze predict --csv times.csv --join times.csv --response ms --features batch
  fails_with 2 "have the same columns"
  printf 'model,layers\na,1\na,2\n' >twice.csv
  inferometer analyze predict --csv times.csv --join twice.csv --response ms --features layers
  fails_with 2 "twice.csv has two rows for a"
  inferometer analyze predict --csv times.csv --response ms --features batch --form linear
  fails_with 2 "predict: unknown form 'linear'" "log_log"
  inferometer analyze predict --csv times.csv --response ms
  fails_with 2 "--features"
}
