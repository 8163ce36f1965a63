# All networks of the zoo on every engine here that computes, at batch 1 and 2: passed and agreeing at fp32.
load ../cli/helpers

@test "every network x engines x batch 1 and 2 pass and agree with the reference engine" {
  inferometer run --model '*' --batch 1,2 --starts 1 --threads 2 --min-time-s 0.05 --max-time-s 0.2 --format json
  printf '%s' "$output" >rows.json
  [ "$status" -eq 0 ]
  rows_have 'len({row["model"] for row in rows}) >= 37'
  rows_have 'all(row["status"] == "passed" for row in rows)'
  rows_have 'all(row["agreement_max_error"] is not None and row["agreement_max_error"] <= 1e-3 for row in rows)'
  rows_have 'all(row["agreement_top1_ratio"] == 1 for row in rows)'
  rows_have 'all(row["precision"] == "fp32" for row in rows)'
}
