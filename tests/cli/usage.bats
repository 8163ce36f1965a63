load helpers

@test "--version prints name and version" {
  inferometer --version
  [ "$status" -eq 0 ]
  [ "$output" = "inferometer $(cat "$SOURCE_DIR/VERSION")" ]
}

@test "--help lists every subcommand but the hidden one" {
  inferometer --help
  [ "$status" -eq 0 ]
  for name in models show cost export engines platform run results analyze import cache completion; do
    [[ "$output" == *"  $name "* ]]
  done
  [[ "$output" != *worker* ]]
  [[ "$output" == *"Exit codes"* ]]
}

@test "every subcommand has help with an example that begins with the program's name" {
  for name in models show cost export engines platform run results analyze import cache completion; do
    inferometer "$name" --help
    echo "$name: $output"
    [ "$status" -eq 0 ]
    [[ "$output" == *"Example:"*"inferometer $name"* ]]
  done
}

@test "no subcommand" {
  inferometer
  fails_with 2 "a subcommand is missing" "--help"
}

@test "unknown subcommand with the nearest" {
  inferometer modles
  fails_with 2 "unknown subcommand 'modles'" "models"
  inferometer xyzzy
  fails_with 2 "unknown subcommand 'xyzzy'" "--help"
}

@test "unknown option with the nearest, of the subcommand and global" {
  inferometer cost resnet18 --layer
  fails_with 2 "unknown option '--layer'" "--layers"
  inferometer cost resnet18 --fromat json
  fails_with 2 "unknown option '--fromat'" "--format"
  inferometer run --model resnet18 --bach 4
  fails_with 2 "unknown option '--bach'" "--batch"
  inferometer show --nonsense=1
  fails_with 2 "unknown option '--nonsense=1'" "show --help"
}

@test "an argument too many, an option without its value, a missing argument" {
  inferometer show resnet18 vgg16
  fails_with 2 "unexpected argument 'vgg16'" "show --help"
  inferometer cost resnet18 --input
  fails_with 2 "--input" "cost --help"
  inferometer show
  fails_with 2 "MODEL" "show --help"
}

@test "an unknown format" {
  inferometer --format yaml models
  fails_with 2 "yaml"
}

@test "global options stand before or after the subcommand" {
  inferometer --format json models resnet18
  rows_have 'rows[0]["name"] == "resnet18"'
  inferometer models resnet18 --format json
  rows_have 'rows[0]["name"] == "resnet18"'
}

@test "platform is one object for programs" {
  inferometer platform --format json
  rows_have 'len(rows) == 1 and len(rows[0]["identity"]) == 64 and rows[0]["physical_cores"] >= 1'
  inferometer platform
  [ "$status" -eq 0 ]
  [[ "$output" == *physical_cores* ]]
}

@test "engines says built, loadable and usable" {
  inferometer engines --format json
  rows_have 'list(rows[0]) == "engine version built loadable usable reason devices precisions".split()'
  rows_have '[row["usable"] for row in rows if row["engine"] == "fake"] == [True]'
}

@test "a full disk is an error, not silence" {
  [ -w /dev/full ] || skip "there is no /dev/full here"
  run --separate-stderr bash -c '"$INFEROMETER" models > /dev/full'
  [ "$status" -eq 2 ]
  [[ "$stderr" == "inferometer: standard output: "* ]]
}
