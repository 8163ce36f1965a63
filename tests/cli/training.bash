# For files of tests that train: pictures to train on, and whether anything trains here. Loaded after helpers.
setup_file() {
  # Four classes of 16 x 16 colour pictures, told apart by which quarter is bright; 120 of them, by a generator of integers.
  python3 - "$BATS_FILE_TMPDIR/quarters.csv" <<'PYTHON'
import sys
state = 1
def noise():
    global state
    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
    return (state >> 40) % 100
with open(sys.argv[1], "w") as out:
    for image in range(120):
        label = image % 4
        values = [noise() + 120 * (y // 8 == label // 2 and x // 8 == label % 2) for y in range(16) for x in range(16) for _ in range(3)]
        out.write(",".join(map(str, [label] + values)) + "\n")
PYTHON
}

# Skips where no engine that trains is built.
require_training() {
  "$INFEROMETER" engines --format json | python3 -c '
import json, sys
sys.exit(0 if any(row["engine"] == "torch" and row["usable"] for row in json.load(sys.stdin)) else 1)' || skip "torch is not built here"
}

# Trains a small network on these pictures; without --classes it would have ten.
small=(--classes 4 --batch 16)
train_small() { inferometer train lenet5 --images "$BATS_FILE_TMPDIR/quarters.csv" --threads 1 "$@"; }
