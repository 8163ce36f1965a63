load helpers

@test "fit: a decay, as other programs have it" {
  inferometer analyze fit --csv "$(published modelscomparison_colab_latency.csv)" --x batch --y ms_per_image --model exponential_decay --where model=AlexNet --format json
  # scipy.optimize.curve_fit of the same seven points.
  analysis_has 'a["n"] == 7 and [p["name"] for p in a["parameters"]] == ["y0", "A", "t"]'
  analysis_has 'all(near(p["value"], v, 7) for p, v in zip(a["parameters"], [0.37917054, 4.58795497, 1.86132901]))'
  analysis_has 'all(near(p["standard_error"], v, 6) for p, v in zip(a["parameters"], [0.08152885, 0.52818741, 0.30044054]))'
  analysis_has 'near(a["residual_ss"], 0.09752663513248139, 9) and len(a["residuals"]) == 7 and len(a["covariance"]) == 3'
  analysis_has 'all(c["prediction_low"] < c["confidence_low"] < c["y"] < c["confidence_high"] < c["prediction_high"] for c in a["curve"])'
}

@test "fit: a line in ln x, exactly" {
  inferometer analyze fit --csv "$(published modeltest_colab_latency.csv)" --x batch --y ms_per_image --model logarithmic --format json
  # statsmodels' OLS.
  analysis_has 'a["n"] == 273 and near(a["r_squared"], 0.43633225709381174) and near(a["residual_ss"], 19970.83921904762)'
  analysis_has 'near(a["parameters"][0]["value"], 19.28761905, 9) and near(a["parameters"][1]["value"], -5.42823257, 9)'
  analysis_has 'near(a["parameters"][0]["standard_error"], 0.93664252, 8) and near(a["parameters"][1]["standard_error"], 0.37478028, 8)'
}

@test "fit: auto says that it ranked" {
  inferometer analyze fit --csv "$(published modeltest_colab_latency.csv)" --x batch --y ms_per_image
  [ "$status" -eq 0 ]
  [[ "$output" == *"ranked by AICc"* ]]
  [[ "$output" == *"Models by AICc, the best first"* ]]
  [[ "$output" != *nan* ]]
  inferometer analyze fit --csv "$(published modeltest_colab_latency.csv)" --x batch --y ms_per_image --format json
  analysis_has '[r["aicc"] for r in a["ranking"]] == sorted(r["aicc"] for r in a["ranking"])'
  analysis_has 'a["model"] == a["ranking"][0]["model"] and near(sum(r["weight"] for r in a["ranking"]), 1)'
}

@test "fit: two lines and envelopes" {
  inferometer analyze fit --csv "$(published modelscomparison_memory_digitised.csv)" --x params_mib_plotted --y gpu_memory_mb --model two_lines --where 'line!=off_line' --format json
  analysis_has 'near(a["lines"][0]["slope"], 1.73003262, 8) and near(a["lines"][1]["slope"], 0.99094683, 8)'
  analysis_has '[l["n"] for l in a["lines"]] == [5, 11]'
  inferometer analyze fit --csv "$(published modeltest_colab_latency.csv)" --x batch --y ms_per_image --model log_envelope --format json
  analysis_has 'a["n"] == 273 and a["lower"]["outside"] <= 0.05 * 273 and a["upper"]["outside"] <= 0.05 * 273'
}

@test "fit: awkward tables" {
  printf '\xef\xbb\xbfx,y\r\n1,2\r\n2,x\r\n3,5\r\n4,\r\n5,5\r\n5,6\r\n' > t.csv
  inferometer analyze fit --csv t.csv --x x --y y --model linear
  [ "$status" -eq 0 ]
  [[ "$output" == *"1 row of 6 is left out because y is empty."* ]]
  [[ "$output" != *nan* && "$output" != *inf* ]]
  # A perfect line.
  printf 'x,y\n1,2\n2,4\n3,6\n4,8\n' > t.csv
  inferometer analyze fit --csv t.csv --x x --y y --format json
  analysis_has 'a["perfect"] and a["aicc"] is None and a["model"] == "linear"'
  inferometer analyze fit --csv t.csv --x x --y y
  [[ "$output" == *"the bands have no width"* && "$output" != *nan* ]]
  # One row, constant values, one x, zero on a logarithmic axis, an unknown curve.
  printf 'x,y\n1,2\n' > t.csv
  inferometer analyze fit --csv t.csv --x x --y y --model linear
  fails_with 2 "t.csv: y against x: a linear fit: 1 points are too few, it needs 3"
  printf 'x,y\n1,2\n2,2\n3,2\n' > t.csv
  inferometer analyze fit --csv t.csv --x x --y y
  fails_with 2 "y is 2 everywhere"
  printf 'x,y\n1,2\n1,3\n1,4\n' > t.csv
  inferometer analyze fit --csv t.csv --x x --y y --model logarithmic
  fails_with 2 "1 different x are too few"
  printf 'x,y\n0,2\n1,3\n2,4\n3,4\n' > t.csv
  inferometer analyze fit --csv t.csv --x x --y y --model power
  fails_with 2 "x must be positive, one is 0" "linear"
  inferometer analyze fit --csv t.csv --x x --y y --model cubic
  fails_with 2 "unknown model 'cubic'" "known: auto"
  inferometer analyze fit --csv t.csv --x x --y z
  fails_with 2 "t.csv: there is no column 'z'"
  inferometer analyze fit --csv t.csv --x x
  fails_with 2 "--y"
  # A sigmoid that no point lies on the slope of.
  printf 'x,y\n1,1\n2,1.1\n3,1\n4,9\n5,9.1\n6,9\n' > t.csv
  inferometer analyze fit --csv t.csv --x x --y y --model logistic
  fails_with 2 "between these points the curve is a step" "fewer parameters"
}

@test "cluster: heaps, their order and their number" {
  printf 'model,a,b\nn1,1,1000\nn2,1.2,1100\nn3,0.9,900\nm1,9,9000\nm2,9.1,8800\nl1,1,9000\nl2,1.1,9100\n' > t.csv
  inferometer analyze cluster --csv t.csv --columns a,b --format json
  analysis_has '[c["size"] for c in a["clusters"]] == [3, 2, 2] and a["rows"][3]["cluster"] == a["rows"][4]["cluster"]'
  analysis_has 'a["seed"] == 1 and a["silhouette"] > 0.9 and len(a["choices"]) == 5'
  inferometer analyze cluster --csv t.csv --columns a,b --method ward --clusters 2 --format json
  analysis_has 'len(a["merges"]) == 6 and sorted(a["leaf_order"]) == list(range(7)) and len(a["clusters"]) == 2'
  inferometer analyze cluster --csv t.csv --columns a,b --no-standardize
  [ "$status" -eq 0 ]
  [[ "$output" == *"have the largest mean silhouette of 2 to 6."* ]]
  inferometer analyze cluster --csv t.csv --columns a,b --clusters 8
  fails_with 2 "t.csv: 8 clusters are more than the 7" "fewer"
  inferometer analyze cluster --csv t.csv --columns a,b --method best
  fails_with 2 "unknown method 'best'" "kmeans, ward"
  inferometer analyze cluster --csv t.csv --columns model
  fails_with 2 "no row is complete in model"
}

@test "cluster: the main cluster at each batch size" {
  inferometer analyze cluster --csv "$(published modelscomparison_colab_latency.csv)" --columns ms_per_image --group batch --format json
  analysis_has '[g["group"] for g in a["groups"]] == [1, 2, 4, 8, 16, 32, 64] and all(g["all"] == 33 for g in a["groups"])'
  analysis_has 'a["curve"]["model"] == "exponential_decay" and a["curve"]["n"] == 7 and a["curve"]["r_squared"] > 0.95'
  analysis_has 'all(x["centroid"] > y["centroid"] for x, y in zip(a["groups"], a["groups"][1:]))'
}
