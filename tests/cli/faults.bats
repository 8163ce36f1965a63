# Engines that go wrong: the row says how, the rest of the plan is measured, nothing is left behind.
load helpers

status_of() { printf '%s' "$output" | python3 -c 'import json, sys
for row in json.load(sys.stdin): print(row["engine_settings"], row["status"], row["verdict"])'; }

@test "every fault gives its status, the other entries are measured, exit code 1" {
  needs_trusted_build
  local faults=(crash abort exit throw nan constant zero load_error load_crash) engines="fake:delay_ms=1" fault
  for fault in "${faults[@]}"; do engines+=",fake:delay_ms=1:fault=$fault"; done
  inferometer run --model squeezenet1_1 --engine "$engines" --starts 2 --runs 5 --quiet --format json
  status_of
  [ "$status" -eq 1 ]
  [ "$(status_of | wc -l)" -eq 10 ]
  for fault in crash abort exit throw load_error load_crash; do status_of | grep -q "fault=$fault failed None"; done
  for fault in nan constant zero; do status_of | grep -q "fault=$fault passed invalid"; done
  status_of | grep -qE "^delay_ms=1 passed (unchecked|unstable)"
}

@test "hanging requests and loads are timed out, memory eaters are out of memory, larger batches are skipped" {
  inferometer run --model squeezenet1_1 --engine fake:fault=hang,fake:fault=load_hang --starts 1 --runs 5 --request-timeout-s 1 \
    --load-timeout-s 2 --quiet --format json
  status_of
  [ "$status" -eq 1 ]
  [ "$(status_of | grep -c timed_out)" -eq 2 ]

  inferometer run --model squeezenet1_1 --engine fake:fault=oom --batch 1,2,4 --starts 1 --runs 5 --memory-limit-mib 300 --order-seed 3 --quiet --format json
  status_of
  [ "$status" -eq 1 ]
  status_of | grep -q out_of_memory
  [ "$(status_of | grep -cE 'out_of_memory|skipped')" -eq 3 ]
}

@test "starts that differ by more than 5 % say so" {
  needs_trusted_build
  inferometer run --model squeezenet1_1 --engine fake:delay_ms=2:spin=1:start_spread=0.8 --starts 6 --runs 20 --quiet --format json
  echo "$output"
  [[ "$output" == *'"verdict":"unstable"'* ]]
  [[ "$output" == *"starts' medians"*"% apart"* ]]
}

@test "no zombie, no worker and no temporary file is left" {
  inferometer run --model squeezenet1_1 --engine fake:fault=crash,fake:fault=load_hang --starts 1 --load-timeout-s 1 --quiet
  run pgrep -f "$INFEROMETER worker"
  [ "$status" -ne 0 ]
  [ -z "$(find . "$INFEROMETER_CACHE_DIR" -name '.pending-*')" ]
  [ "$(find . -type f | sort)" = "./inferometer.db" ]
}

@test "a worker does not outlive a killed parent" {
  "$INFEROMETER" run --model squeezenet1_1 --engine fake:delay_ms=200 --starts 1 --runs 100 --quiet 3>&- &
  local parent=$!
  for _ in $(seq 100); do pgrep -P "$parent" >/dev/null && break; sleep 0.05; done
  local worker
  worker=$(pgrep -P "$parent")
  kill -9 "$parent"
  # Gone, or dead and waiting for the system's first process to take notice.
  alive() { [ -r "/proc/$worker/stat" ] && ! grep -q ') [ZX] ' "/proc/$worker/stat" 2>/dev/null; }
  for _ in $(seq 20); do alive || break; sleep 0.05; done
  run ! alive
}

@test "Ctrl-C keeps what is measured and ends with 130" {
  "$INFEROMETER" run --model squeezenet1_1 --engine fake:delay_ms=20 --batch 1-16 --starts 1 --runs 20 3>&- 2>messages &
  local parent=$!
  for _ in $(seq 200); do [ "$(grep -c '^\[' messages)" -ge 3 ] && break; sleep 0.05; done
  kill -INT "$parent"
  local code=0
  wait "$parent" || code=$?
  cat messages
  [ "$code" -eq 130 ]
  grep -q "interrupted after" messages
  inferometer results --format json
  rows_have '3 <= len(rows) < 16'
}

@test "two runs at once on one store lose nothing and measure each start once" {
  for _ in 1 2; do "$INFEROMETER" run --model squeezenet1_1,alexnet --engine fake:delay_ms=5 --threads 1 --batch 1-6 --starts 2 --runs 10 --quiet 3>&- >/dev/null & done
  wait
  inferometer results --format json
  rows_have 'len(rows) == 12 and all(row["status"] == "passed" and row["starts"] == 2 for row in rows)'
  [ "$(sqlite3 inferometer.db 'SELECT count(*) FROM starts')" -eq 24 ]
}

@test "a full disk is one line, and what was kept stays" {
  [ "$(id -u)" -eq 0 ] || skip "mounting a small disk needs root"
  mkdir disk
  mount -t tmpfs -o size=300k tmpfs disk || skip "mounting is not allowed here"
  inferometer run --model squeezenet1_1 --engine fake:delay_ms=1 --batch 1-64 --starts 1 --runs 300 --quiet --db disk/s.db
  local code="$status" first="${stderr_lines[0]}" count="${#stderr_lines[@]}"
  local intact
  intact=$(sqlite3 disk/s.db 'PRAGMA integrity_check')
  umount disk
  echo "$code $first"
  [ "$code" -eq 2 ]
  [[ "$first" == *"full"* ]]
  [ "$count" -le 2 ]
  [ "$intact" = ok ]
}
