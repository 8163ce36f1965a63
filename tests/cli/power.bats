# Power meters: `run --power`, and what `platform` says of them.
load helpers

# A meter of a constant power, in a file of its own; ends with the test.
begin_meter() {
  python3 -c '
import sys, time
with open("power.csv", "w") as file:
    print("unix_time_s,watts", file=file)
    while True:
        print(f"{time.time():.6f},{sys.argv[1]}", file=file, flush=True)
        time.sleep(0.05)
' "$1" 3>&- &
  meter=$!
  while [ ! -s power.csv ]; do sleep 0.05; done
  sleep 0.2
}

teardown() {
  if [ -n "${meter:-}" ]; then kill "$meter"; fi
}

@test "an external meter's power becomes energy, above idle too" {
  begin_meter 10
  inferometer run --model squeezenet1_1 --engine fake:delay_ms=5:spin=1 --batch 2 --starts 1 --power file:power.csv --quiet --format json
  rows_have 'len(rows) == 1 and rows[0]["status"] == "passed"'
  rows_have 'rows[0]["power_meter"] == "file:power.csv (what the external meter is wired to)"'
  rows_have 'abs(rows[0]["power_w"] - 10) < 1e-6 and abs(rows[0]["idle_power_w"] - 10) < 1e-6'
  # The loop takes a second at least, and what it took is the samples and the little between them.
  rows_have '10 <= rows[0]["energy_j"] < 20 and abs(rows[0]["energy_j"] / (10 * rows[0]["runs"] * rows[0]["latency_mean_ms"] / 1000) - 1) < 0.02'
  rows_have 'abs(rows[0]["images_per_s_per_w"] - rows[0]["images_per_s"] / 10) < 1e-9'
  rows_have 'rows[0]["images_per_j"] is None or abs(rows[0]["energy_above_idle_j"]) < 1e-6'
  rows_have '"--power file:power.csv" in rows[0]["repro"]'
}

@test "a meter that stops gives no energy, and the row says so" {
  begin_meter 10
  (sleep 5.5; kill "$meter") 3>&- &
  inferometer run --model squeezenet1_1 --engine fake:delay_ms=5:spin=1 --starts 1 --min-time-s 3 --power file:power.csv --quiet --format json
  meter=
  rows_have 'rows[0]["status"] == "passed" and rows[0]["power_w"] is None and rows[0]["energy_j"] is None'
  rows_have 'any("no energy: file:power.csv: its last sample came" in note for note in rows[0]["notes"])'
}

@test "a meter that cannot be read ends the run before anything is measured" {
  inferometer run --model squeezenet1_1 --engine fake --power nosuch
  fails_with 2 "--power nosuch: there is no such meter" "inferometer platform"
  inferometer run --model squeezenet1_1 --engine fake --power file:missing.csv
  fails_with 2 "missing.csv" "unix_time_s,watts"
  inferometer run --model squeezenet1_1 --engine fake --power ''
  fails_with 2 "--power: the name is empty"
}

@test "auto without a meter measures all the same and says what is missing" {
  inferometer run --model squeezenet1_1 --engine fake:delay_ms=1 --starts 1 --runs 5 --power auto --quiet --format json
  rows_have 'rows[0]["status"] == "passed"'
  rows_have 'rows[0]["power_meter"] is not None or any("no energy: no power meter here" in note for note in rows[0]["notes"])'
}

@test "platform lists the meters, and why one cannot be read" {
  inferometer platform --format json
  rows_have 'all(any(meter.startswith(kind) for meter in rows[0]["power_meters"]) for kind in ("rapl", "nvml", "battery"))'
}
