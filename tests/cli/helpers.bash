# What every .bats file loads. Each test has an empty folder of its own; tests of one file share a cache.
bats_require_minimum_version 1.5.0

setup() {
  : "${INFEROMETER:?names the binary under test; ctest sets it}"
  unset INFEROMETER_DB
  export INFEROMETER_CACHE_DIR="$BATS_FILE_TMPDIR/cache"
  mkdir -p "$BATS_TEST_TMPDIR/work"
  cd "$BATS_TEST_TMPDIR/work" || return 1
}

# For a case that asks what a measurement is worth: a debug or sanitizer build calls all of its own invalid.
needs_trusted_build() {
  if [ "${INFEROMETER_TRUSTED:-1}" != 1 ]; then skip "measurements of a debug or sanitizer build are invalid"; fi
}

# Run the binary; $status, $output (stdout) and $stderr are set.
inferometer() { run --separate-stderr "$INFEROMETER" "$@"; }

# The command must have failed with this exit code, one line of message that holds the text, and a hint that holds the other.
fails_with() {
  local code="$1" message="$2" hint="${3:-}"
  echo "status $status; stdout: $output; stderr: $stderr"
  [ "$status" -eq "$code" ]
  [ -z "$output" ]
  [[ "${stderr_lines[0]}" == "inferometer: "*"$message"* ]]
  if [ -n "$hint" ]; then [[ "${stderr_lines[1]}" == "  hint: "*"$hint"* ]]; fi
  [ "${#stderr_lines[@]}" -le 2 ]
}

# Succeeded, and the Python expression on the JSON rows of $output is true.
rows_have() {
  echo "status $status; stderr: $stderr; stdout: $output"
  [ "$status" -eq 0 ]
  printf '%s' "$output" | python3 -c '
import json, sys
rows = json.load(sys.stdin)
assert isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
assert len({tuple(row) for row in rows}) <= 1, "rows with different keys"
if not eval(sys.argv[1]): sys.exit("not true: " + sys.argv[1])
' "$1"
}

# A published table of the studies.
published() { echo "$SOURCE_DIR/published/$1"; }

# Succeeded, and the Python expression on the JSON object of $output, `a`, is true; near(x, y) compares to 12 digits.
analysis_has() {
  echo "status $status; stderr: $stderr; stdout: ${output:0:2000}"
  [ "$status" -eq 0 ]
  printf '%s' "$output" | python3 -c '
import json, sys
def refuse(name): raise ValueError(name)
a = json.load(sys.stdin, parse_constant=refuse)
def near(x, y, digits=12): return abs(x - y) <= 0.5 * 10.0 ** (1 - digits) * abs(y)
if not eval(sys.argv[1]): sys.exit("not true: " + sys.argv[1])
' "$1"
}
