# What `doctor` finds, with disturbances made on purpose.
load helpers

teardown() {
  # shellcheck disable=SC2086  # several, with spaces between
  if [ -n "${busy:-}" ]; then kill $busy; wait $busy || true; fi
  if [ -n "${group:-}" ]; then rmdir "$group"; fi
}

# The doctor ends with 1 when something disturbs; whether this machine does is not what is tested.
doctor() {
  inferometer doctor --quiet --format json "$@"
  [ "$status" -le 1 ]
  exit_code=$status
  status=0
}

@test "every check is there, with a level, and exit code 1 goes with a fault" {
  doctor --seconds 0.5 --starts 0
  rows_have '[row["check"] for row in rows] == ["other programs", "stolen time", "control group", "cores", "core distance", "clock", "governor", "turbo", "heat", "memory", "huge pages", "denormals", "timer", "starts"]'
  rows_have 'all(row["level"] in ("ok", "unknown", "note", "warning", "fault") and row["figure"] for row in rows)'
  rows_have 'all((row["effect"] is None) == (row["level"] in ("ok", "unknown")) for row in rows)'
  rows_have "($exit_code == 1) == any(row['level'] == 'fault' for row in rows)"
  rows_have 'rows[-1]["level"] == "unknown" and rows[-1]["figure"] == "not measured"'
}

@test "a busy loop is named with its process" {
  python3 -c 'while True: pass' 3>&- &
  busy=$!
  doctor --seconds 3 --starts 0
  rows_have "'(pid $busy)' in rows[0]['figure'] and rows[0]['level'] in ('warning', 'fault')"
  rows_have 'rows[0]["remedy"]'
}

@test "a quota of one core is named, and so is being stopped by it" {
  if [ "$(nproc)" -lt 2 ]; then skip "one core is all there is"; fi
  group=/sys/fs/cgroup/cpu/inferometer-test-$$
  if ! mkdir "$group" 2> /dev/null || ! echo 100000 > "$group/cpu.cfs_quota_us"; then
    group=
    skip "no control group can be made here"
  fi
  run --separate-stderr bash -c 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"' _ "$group" \
    "$INFEROMETER" doctor --seconds 0.5 --starts 0 --quiet --format json
  status=0
  rows_have "rows[2]['check'] == 'control group' and rows[2]['level'] in ('warning', 'fault') and '1 of $(nproc) cores' in rows[2]['figure']"
  rows_have '"--threads 1" in rows[2]["remedy"]'

  # Two busy neighbours in the same group use a small quota up, however busy the machine is.
  echo 20000 > "$group/cpu.cfs_quota_us"
  for _ in 1 2; do
    bash -c 'echo $$ > "$1/cgroup.procs"; exec python3 -c "while True: pass"' _ "$group" 3>&- &
    busy+=" $!"
  done
  sleep 0.5
  run --separate-stderr bash -c 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"' _ "$group" \
    "$INFEROMETER" doctor --seconds 3 --starts 0 --quiet --format json
  [ "$status" -eq 1 ]
  status=0
  rows_have "rows[2]['level'] == 'fault' and 'stood still for' in rows[2]['figure']"
}

@test "starts of a small network are compared" {
  doctor --seconds 0.2 --starts 2
  rows_have 'rows[-1]["check"] == "starts" and ("2 starts of squeezenet1_1" in rows[-1]["figure"] or "no engine" in rows[-1]["figure"])'
}

@test "options out of range are refused" {
  inferometer doctor --seconds 0
  [ "$status" -eq 2 ]
  inferometer doctor --starts -1
  [ "$status" -eq 2 ]
}
