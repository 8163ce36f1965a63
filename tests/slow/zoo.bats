# All networks of the zoo on every engine here that computes, at batch 1 and 2: passed and agreeing at fp32, but for the cells
# that docs/engines.md explains. Prints the matrix.
load ../cli/helpers

@test "every network x engines x batch 1 and 2 pass and agree with the reference engine" {
  inferometer run --model '*' --batch 1,2 --starts 1 --threads 2 --min-time-s 0.05 --max-time-s 0.2 --format json
  printf '%s' "$output" >rows.json
  print_matrix >&3
  [ "$status" -eq 0 ]
  rows_have 'len({row["model"] for row in rows}) >= 37'
  rows_have 'all(row["status"] == "passed" for row in rows if (row["model"], row["engine"]) not in {
    ("vit_b_16", "opencv"), ("swin_t", "opencv"), ("convnext_tiny", "opencv")})'
  rows_have 'all(row["status"] in ("passed", "unsupported") for row in rows)'
  rows_have 'sum(row["status"] == "unsupported" for row in rows if row["batch"] == 1) <= 3'
  rows_have 'all(row["agreement_max_error"] is not None and row["agreement_max_error"] <= 1e-3 for row in rows if row["status"] == "passed")'
  rows_have 'all(row["agreement_top1_ratio"] == 1 for row in rows if row["status"] == "passed")'
  rows_have 'all(row["precision"] == "fp32" for row in rows if row["status"] == "passed")'
}

# One line a network: for each engine the largest error at either batch, or the status.
print_matrix() {
  python3 - rows.json <<'PYTHON'
import json, sys
rows = json.load(open(sys.argv[1]))
engines = sorted({row["engine"] for row in rows})
print("#", "network".ljust(28), *(engine.rjust(12) for engine in engines))
for model in dict.fromkeys(row["model"] for row in rows):
    cells = []
    for engine in engines:
        cell = [row for row in rows if row["model"] == model and row["engine"] == engine]
        bad = [row["status"] for row in cell if row["status"] != "passed"]
        errors = [row["agreement_max_error"] for row in cell if row["agreement_max_error"] is not None]
        cells.append((bad[0] if bad else f"{max(errors):.1e}" if errors else "unchecked").rjust(12))
    print("#", model.ljust(28), *cells)
PYTHON
}
