# kill -9 of the parent at 20 random moments of a plan of 30 entries: nothing that was finished is lost.
load ../cli/helpers

@test "killed 20 times, every finished row is kept and the plan is completed" {
  local plan=(run --model squeezenet1_1,alexnet,resnet18 --engine fake:delay_ms=2 --batch 1-10 --threads 1 --starts 2 --runs 20 --quiet --format json)
  local before=0 starts_before=0 rows starts parent i
  for i in $(seq 20); do
    "$INFEROMETER" "${plan[@]}" >/dev/null 2>&1 3>&- &
    parent=$!
    sleep "0.$((RANDOM % 9))$((RANDOM % 10))"
    kill -9 "$parent" 2>/dev/null || true
    wait "$parent" 2>/dev/null || true
    [ -e inferometer.db ] || continue
    [ "$(sqlite3 inferometer.db 'PRAGMA integrity_check')" = ok ]
    rows=$(sqlite3 inferometer.db 'SELECT count(*) FROM rows' 2>/dev/null || echo 0)
    starts=$(sqlite3 inferometer.db 'SELECT count(*) FROM starts' 2>/dev/null || echo 0)
    echo "kill $i: $rows rows, $starts starts"
    [ "$rows" -ge "$before" ]
    [ "$starts" -ge "$starts_before" ]
    before=$rows starts_before=$starts
  done
  inferometer "${plan[@]}"
  rows_have 'len(rows) == 30 and all(row["status"] == "passed" and row["starts"] == 2 for row in rows)'
  [ "$(sqlite3 inferometer.db 'SELECT count(*) FROM starts')" -eq 60 ]
  [ "$(sqlite3 inferometer.db 'PRAGMA integrity_check')" = ok ]
  run pgrep -f "$INFEROMETER worker"
  [ "$status" -ne 0 ]
}
