load helpers

@test "analyze says what it can do" {
  local all
  all=$("$INFEROMETER" analyze --help)
  for name in anova fit cluster correlate predict; do
    [[ "$all" == *"$name"* ]]
    inferometer analyze "$name" --help
    [ "$status" -eq 0 ]
    [[ "$output" == *"Example:"*"inferometer analyze $name"* ]]
  done
}

@test "anova: the studies' table by batch, to 12 digits" {
  inferometer analyze anova --csv "$(published modeltest_colab_latency.csv)" --response ms_per_image --log --factor batch --format json
  analysis_has 'a["n"] == 273 and a["df_between"] == 6 and a["df_within"] == 266'
  analysis_has 'near(a["ss_between"], 330.450054096926) and near(a["ss_within"], 97.4114920132627)'
  analysis_has 'near(a["ms_between"], 330.450054096926 / 6) and near(a["ms_within"], 97.4114920132627 / 266)'
  analysis_has 'near(a["f"], 150.392444418185) and near(a["p"], 1.80196924184e-82, 10)'
  analysis_has 'near(a["levene_mean_w"], 0.0413299584420435) and near(a["levene_mean_p"], 0.999704476039)'
  analysis_has 'near(a["levene_median_w"], 0.0349974182167022) and near(a["lsd_standard_error"], 0.137039881260747)'
  analysis_has 'near(a["eta_squared"], 0.7723294067932526) and near(a["omega_squared"], 0.7665378966545786)'
  analysis_has 'near(a["welch_f"], 145.5143513997628) and near(a["welch_p"], 3.6865202164361e-52, 10)'
  analysis_has 'len(a["groups"]) == 7 and len(a["pairs"]) == 21'
  analysis_has '[(p["a"], p["b"]) for p in a["pairs"] if p["p_lsd"] == max(q["p_lsd"] for q in a["pairs"])] == [("32", "64")]'
  analysis_has 'near(a["pairs"][20]["mean_difference"], 0.35942, 5) and near(a["pairs"][20]["p_lsd"], 0.0092, 2)'
  analysis_has 'near(a["pairs"][20]["p_bonferroni"], 0.19, 2) and a["pairs"][20]["p_holm"] == a["pairs"][20]["p_lsd"]'
}

@test "anova: the studies' table by model, to 12 digits" {
  inferometer analyze anova --csv "$(published modeltest_colab_latency.csv)" --response ms_per_image --log --factor model --format json
  analysis_has 'near(a["ss_between"], 94.6511764561327) and a["df_between"] == 38'
  analysis_has 'near(a["ss_within"], 333.210369654056) and a["df_within"] == 234'
  analysis_has 'near(a["f"], 1.74920120865464) and near(a["p"], 0.00681209942896813, 10)'
  analysis_has 'near(a["levene_mean_w"], 0.107231588850250) and near(a["levene_median_w"], 0.104993917351441)'
  analysis_has 'near(a["lsd_standard_error"], 0.637848154499071)'
  analysis_has 'len(a["pairs"]) == 741 and all(0 <= p["p_tukey"] <= 1 for p in a["pairs"])'
  inferometer analyze anova --csv "$(published modeltest_colab_latency.csv)" --response ms_per_image --log --factor model
  [[ "$output" == *"681 more lines"* ]]
  [[ "$output" == *"Note: batch varies in these rows too and is not tested."* ]]
}

@test "anova: two factors show what one hides" {
  inferometer analyze anova --csv "$(published modeltest_colab_latency.csv)" --response ms_per_image --log --factor batch --factor model --format json
  analysis_has 'near(a["residual_ss"], 2.76031555713003144) and a["residual_df"] == 228 and near(a["r_squared"], 0.9935485776129572)'
  analysis_has '[t["term"] for t in a["terms"]] == ["batch", "model"]'
  analysis_has 'near(a["terms"][0]["f"], 4549.154542583931) and near(a["terms"][1]["f"], 205.739904363421)'
  analysis_has 'a["sums_of_squares"]["I"] == a["terms"] or near(a["sums_of_squares"]["I"][1]["ss"], a["terms"][1]["ss"])'
  analysis_has 'near(a["one_way"][1]["f"], 1.74920120865464) and len(a["adjusted"][1]["pairs"]) == 741'
  inferometer analyze anova --csv "$(published modeltest_colab_latency.csv)" --response ms_per_image --log --factor batch,model
  [[ "$output" == *"Tested alone, model has F(38, 234) = 1.749, p = 0.0068: that test counts the effect of batch as error"* ]]
  [[ "$output" == *"R squared = 0.9935"* ]]
}

@test "anova: other published tables, with empty cells" {
  inferometer analyze anova --csv "$(published modelscomparison_colab_latency.csv)" --response ms_per_image --log --factor batch,model --format json
  analysis_has 'a["n"] == 231 and a["residual_df"] == 192 and all(t["p"] < 1e-10 for t in a["terms"])'
  inferometer analyze anova --csv "$(published dd_performances_latency.csv)" --response ms_per_image --log --factor model,batch --format json
  analysis_has 'a["n"] == 222 and a["residual_df"] == 202 and near(a["residual_ss"], 601.5127474811483, 11)'
  analysis_has 'near(a["terms"][0]["f"], 0.8239328422668817, 10) and near(a["terms"][1]["f"], 8.712413530076363, 10)'
  inferometer analyze anova --csv "$(published dd_performances_latency.csv)" --response ms_per_image --log --factor platform,batch --interaction --format json
  analysis_has 'len(a["terms"]) == 3 and a["empty_cells"] > 0'
  analysis_has 'a["sums_of_squares"]["III"] is None and "have no value" in a["type_3_refused"]'
  inferometer analyze anova --csv "$(published dd_performances_latency.csv)" --response ms_per_image --log --factor platform --where batch=1 --format json
  analysis_has 'a["lsd_standard_error"] is None or len({g["n"] for g in a["groups"]}) == 1'
}

@test "anova: awkward tables" {
  printf '\xef\xbb\xbfnet,ms\r\na,1\r\na,2\r\nb,x\r\nb,4\r\nb,6\r\nc,\r\nc,5\r\n' > t.csv
  inferometer analyze anova --csv t.csv --response ms --factor net
  [ "$status" -eq 0 ]
  [[ "$output" == *"1 row of 7 is left out because ms is empty."* ]]
  [[ "$output" == *'because ms holds text there, such as "x".'* ]]
  [[ "$output" != *nan* ]] && [[ "$output" != *inf* ]]
  # Single values: no error variance, so nothing is tested, and nothing is made up.
  printf 'net,ms\na,1\nb,2\nc,4\n' > t.csv
  inferometer analyze anova --csv t.csv --response ms --factor net --format json
  analysis_has 'a["f"] is None and a["p"] is None and a["ms_within"] is None and a["pairs"][0]["p_lsd"] is None and a["groups"][0]["low"] is None'
  inferometer analyze anova --csv t.csv --response ms --factor net
  [[ "$output" == *"each value of net has one row only"* ]]
  # All equal.
  printf 'net,ms\na,3\na,3\nb,3\nb,3\n' > t.csv
  inferometer analyze anova --csv t.csv --response ms --factor net --format json
  analysis_has 'a["f"] is None and a["eta_squared"] is None and a["levene_mean_w"] is None and a["welch_f"] is None and a["shapiro_w"] is None'
  # One group.
  printf 'net,ms\na,3\na,4\n' > t.csv
  inferometer analyze anova --csv t.csv --response ms --factor net
  fails_with 2 "t.csv: net is 'a' in every row that can be used"
  # 8 and 8.0 are one batch size.
  printf 'batch,ms\n8,3\n8.0,4\n16,5\n16,7\n' > t.csv
  inferometer analyze anova --csv t.csv --response ms --factor batch --format json
  analysis_has '[g["group"] for g in a["groups"]] == ["8", "16"]'
}

@test "anova: errors" {
  printf 'net,batch,ms\na,1,3\na,2,0\nb,1,5\nb,2,6\n' > t.csv
  inferometer analyze anova --csv t.csv --response ms --factor net --log
  fails_with 2 "t.csv: ms holds 0, which has no logarithm"
  inferometer analyze anova --csv t.csv --response ms --factor net,batch --interaction
  fails_with 2 "no combination of the two factors has two values" "leave the interaction out"
  inferometer analyze anova --csv t.csv --response ms --factor net --interaction
  fails_with 2 "an interaction needs two factors"
  inferometer analyze anova --csv t.csv --response ms --factor net,batch,ms
  fails_with 2 "3 factors"
  inferometer analyze anova --csv t.csv --response ms --factor ms
  fails_with 2 "ms is both response and factor"
  inferometer analyze anova --csv t.csv --response net --factor batch
  fails_with 2 "no row is complete in net, batch"
  inferometer analyze anova --csv t.csv --response ms
  fails_with 2 "--factor"
}

@test "correlate: matrix, bases and sentences" {
  printf 'a,b,c\n1,2,9\n2,1,7\n3,4,5\n4,3,3\n5,6,x\n6,5,\n7,8,1\n' > t.csv
  inferometer analyze correlate --csv t.csv --columns a,b --columns c --format json
  analysis_has 'a["n"] == 5 and len(a["pairs"]) == 3 and len(a["matrix"]) == 3'
  analysis_has 'near(a["pairs"][1]["coefficient"], -28 / 848 ** 0.5) and a["pairs"][1]["p_basis"].startswith("Student")'
  analysis_has 'all(a["matrix"][i][i] == 1 for i in range(3))'
  inferometer analyze correlate --csv t.csv --columns a,b,c --method kendall
  [ "$status" -eq 0 ]
  [[ "$output" == *'1 row of 7 is left out because c holds text there, such as "x".'* ]]
  [[ "$output" == *"p: exact, over all orders."* ]]
  [[ "$output" == *"a and c go opposite ways: tau-b = -1.000"* ]]
}

@test "correlate: the store's rows" {
  printf 'model,batch,ms\nalexnet,1,8\nalexnet,2,4\nalexnet,4,2\nresnet18,1,16\n' > times.csv
  "$INFEROMETER" import times.csv --map per_image_ms=ms --source elsewhere --quiet > /dev/null
  inferometer analyze correlate --columns batch,per_image_ms --where model=alexnet --format json
  analysis_has 'a["n"] == 3'
  inferometer analyze correlate --columns batch,per_image_ms --source measured
  fails_with 2 "no row is complete in batch, per_image_ms"
  inferometer analyze correlate --columns batch,per_image --db missing.db
  fails_with 2 "missing.db: there is no store here"
}

@test "errors name the option, the file and the column" {
  printf 'a,b\n1,2\n2,3\n3,3\n' > t.csv
  inferometer analyze
  fails_with 2 "subcommand"
  inferometer analyze correlate --csv t.csv
  fails_with 2 "--columns"
  inferometer analyze correlate --csv t.csv --columns a
  fails_with 2 "needs two columns"
  inferometer analyze correlate --csv t.csv --columns a,bb
  fails_with 2 "t.csv: there is no column 'bb'" "b"
  inferometer analyze correlate --csv t.csv --columns a,b --method best
  fails_with 2 "unknown method 'best'" "spearman"
  inferometer analyze correlate --csv t.csv --columns a,b --confidence 1
  fails_with 2 "confidence"
  inferometer analyze correlate --csv t.csv --columns a,b --where c=1
  fails_with 2 "there is no column 'c'"
  inferometer analyze correlate --csv t.csv --columns a,b --source x
  fails_with 2 "--csv"
  inferometer analyze correlate --csv t.csv --columns a,b --factor a
  fails_with 2 "--factor"
  inferometer analyze correlate --csv nothing.csv --columns a,b
  fails_with 2 "nothing.csv"
  printf 'a,b\n1,2\n2\n' > t.csv
  inferometer analyze correlate --csv t.csv --columns a,b
  fails_with 2 "t.csv:3"
}

@test "every format holds the tables" {
  printf 'a,b\n1,2\n2,4\n3,7\n4,4\n' > t.csv
  for format in table markdown csv latex; do
    inferometer analyze correlate --csv t.csv --columns a,b --format "$format"
    [ "$status" -eq 0 ]
    [[ "$output" == *0.5* ]]
  done
}
