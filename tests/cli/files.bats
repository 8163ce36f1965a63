# Broken, foreign and unreadable files in place of models: one line that names the file, exit code 2, no crash.
load helpers

# Every subcommand that reads a model refuses this file.
refused() {
  local file="$1" message="$2"
  for command in "cost $file" "show $file" "run --model $file --engine fake --db store.db"; do
    # shellcheck disable=SC2086
    inferometer $command
    echo "== $command"
    fails_with 2 "$message"
    [[ "${stderr_lines[0]}" == *"$file"* ]]
  done
}

# Write an ONNX file that adds an initialiser of the second dimensions, with 16 bytes, to an input of the first.
write_onnx() {
  python3 - "$@" <<'PYTHON'
import sys

def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)

def number(field, value): return varint(field << 3) + varint(value)
def block(field, content): return varint(field << 3 | 2) + varint(len(content)) + content

def value(name, dimensions):
    shape = b"".join(block(1, number(1, d)) for d in dimensions)
    return block(1, name) + block(2, block(1, number(1, 1) + block(2, shape)))

path, dimensions, weights = sys.argv[1], *[[int(d) for d in text.split("x")] for text in sys.argv[2:4]]
node = block(1, b"x") + block(1, b"w") + block(2, b"y") + block(4, b"Add") + block(3, b"add")
initializer = b"".join(number(1, d) for d in weights) + number(2, 1) + block(8, b"w") + block(9, b"\0" * 16)
graph = block(1, node) + block(2, b"g") + block(5, initializer) + block(11, value(b"x", dimensions)) + block(12, value(b"y", dimensions))
open(path, "wb").write(number(1, 6) + block(8, number(2, 11)) + block(7, graph))
PYTHON
}

@test "the maker of small files makes a right one" {
  write_onnx right.onnx 1x3x8x4 4
  inferometer cost right.onnx --format json
  rows_have 'rows[0]["macs"] == 0'
}

@test "missing" { refused missing.onnx "does not exist"; }

@test "empty" {
  : > empty.onnx
  refused empty.onnx "empty.onnx"
}

@test "random bytes" {
  python3 -c 'import random; random.seed(1); open("random.onnx", "wb").write(random.randbytes(65536))'
  refused random.onnx "random.onnx"
}

@test "text" {
  echo "this is no network" > text.onnx
  refused text.onnx "text.onnx"
}

@test "truncated at many places" {
  "$INFEROMETER" export squeezenet1_1 -o whole.onnx --quiet
  local size
  size=$(stat -c %s whole.onnx)
  for part in 10 200 5000 $((size / 2)) $((size - 1)); do
    head -c "$part" whole.onnx > cut.onnx
    inferometer cost cut.onnx
    echo "== $part bytes"
    fails_with 2 "cut.onnx"
  done
}

@test "huge dimensions" {
  write_onnx huge.onnx 1x3x4611686018427387904x4611686018427387904 4
  inferometer cost huge.onnx
  fails_with 2 "huge.onnx"
  write_onnx weights.onnx 1x3x8x4 1099511627776x1048576
  inferometer cost weights.onnx
  fails_with 2 "weights.onnx"
  write_onnx more.onnx 1x3x8x4 5
  inferometer cost more.onnx
  fails_with 2 "more.onnx"
}

@test "a folder" {
  mkdir folder.onnx
  refused folder.onnx "is a folder"
}

@test "unreadable" {
  [ "$(id -u)" -ne 0 ] || skip "root reads everything"
  "$INFEROMETER" export squeezenet1_1 -o secret.onnx --quiet
  chmod 000 secret.onnx
  refused secret.onnx "permission denied"
}

@test "another kind of file" {
  echo x > net.pb
  inferometer cost ./net.pb
  fails_with 2 "./net.pb" ".onnx"
}

@test "a store that is no SQLite file" {
  echo "not a database, but long enough to have a header of one hundred bytes: $(printf '%0100d' 0)" > no.db
  inferometer results --db no.db
  fails_with 2 "no.db"
  inferometer run --db no.db --model squeezenet1_1 --engine fake
  fails_with 2 "no.db"
  [[ "$(head -c 14 no.db)" == "not a database" ]]
}

@test "a store of somebody else, a folder, a missing one" {
  python3 -c 'import sqlite3; c = sqlite3.connect("other.db"); c.execute("create table t (x)"); c.commit()'
  inferometer results --db other.db
  fails_with 2 "other.db"
  mkdir folder.db
  inferometer results --db folder.db
  fails_with 2 "folder.db"
  inferometer results --db missing.db
  fails_with 2 "missing.db: there is no store here" "run"
  [ ! -e missing.db ]
}
