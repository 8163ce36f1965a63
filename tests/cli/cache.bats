load helpers

# A cache of this test's own with two models, the older one first.
fill() {
  export INFEROMETER_CACHE_DIR="$PWD/cache"
  mkdir -p cache/models cache/outputs
  head -c 2097152 /dev/zero > cache/models/old.onnx
  head -c 1048576 /dev/zero > cache/models/new.onnx
  touch -d '2 days ago' cache/models/old.onnx
}

@test "cache says where and how large" {
  fill
  inferometer cache --format json
  rows_have 'len(rows) == 1 and rows[0]["files"] == 2 and rows[0]["size_mib"] == 3'
  [[ "$output" == *"$PWD/cache"* ]]
}

@test "--limit-mib removes what was not used for longest" {
  fill
  inferometer cache --limit-mib 3 --format json
  rows_have 'rows[0]["files"] == 2'
  inferometer cache --limit-mib 2 --format json
  rows_have 'rows[0]["files"] == 1 and rows[0]["size_mib"] == 1'
  [ -e cache/models/new.onnx ]
}

@test "--clear removes what the cache made and nothing else" {
  fill
  echo mine > cache/thesis.txt
  mkdir cache/models/folder
  ln -s "$PWD/cache/thesis.txt" cache/models/link.onnx
  echo x > cache/models/.pending-0123
  inferometer cache --clear --format json
  rows_have 'rows[0]["files"] == 0'
  [ "$(cat cache/thesis.txt)" = mine ]
  [ -d cache/models/folder ]
  [ -L cache/models/link.onnx ]
  [ -e cache/models/.pending-0123 ]
  [ ! -e cache/models/new.onnx ]
}

@test "--clear and --limit-mib exclude each other; bad limits" {
  fill
  inferometer cache --clear --limit-mib 1
  fails_with 2 "--limit-mib"
  inferometer cache --limit-mib -1
  fails_with 2 "--limit-mib: -1 is outside"
  [ -e cache/models/old.onnx ]
}
