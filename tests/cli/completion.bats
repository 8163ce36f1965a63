load helpers

# What bash offers for these words, one a line.
bash_offers() {
  bash -c '
    source <("$INFEROMETER" completion bash)
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _inferometer
    printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}

@test "the scripts are right bash and zsh" {
  "$INFEROMETER" completion bash > c.bash
  bash -n c.bash
  "$INFEROMETER" completion zsh > c.zsh
  command -v zsh > /dev/null || skip "zsh is not installed"
  zsh -n c.zsh
  zsh -f -c 'source ./c.zsh && whence -w _inferometer' | grep -q function
}

@test "bash offers subcommands, without the hidden one" {
  run bash_offers inferometer ''
  echo "$output"
  for name in models show cost export engines platform run results analyze import cache completion; do
    [[ " ${lines[*]} " == *" $name "* ]]
  done
  [[ "$output" != *worker* ]]
  run bash_offers inferometer mo
  [ "$output" = models ]
}

@test "bash offers every option that --help shows" {
  for name in cost run results export; do
    run bash_offers inferometer "$name" --
    offered="$output"
    for option in $("$INFEROMETER" "$name" --help | grep -o '^ *\(-[a-z],\)\?--[a-z-]*' | grep -o -- '--[a-z-]*'); do
      echo "$name $option"
      grep -qx -- "$option" <<< "$offered"
    done
    grep -qx -- --format <<< "$offered"
  done
}

@test "bash offers networks, formats and files where they belong" {
  run bash_offers inferometer show resnet1
  [ "$output" = "$(printf 'resnet18\nresnet101\nresnet152')" ]
  run bash_offers inferometer run --model squeeze
  [[ "$output" == *squeezenet1_1* ]]
  run bash_offers inferometer models --format j
  [ "$output" = "$(printf 'json\njsonl')" ]
  touch mine.onnx mine.txt
  run bash_offers inferometer cost mi
  [ "$output" = mine.onnx ]
  run bash_offers inferometer import mine.t
  [ "$output" = mine.txt ]
  run bash_offers inferometer completion ''
  [ "$output" = "$(printf 'bash\nzsh')" ]
  run bash_offers inferometer analyze an
  [ "$output" = anova ]
  run bash_offers inferometer analyze anova --resp
  [ "$output" = --response ]
}

@test "the script leaves nothing else in the shell" {
  run bash -c 'before=$(declare -F; compgen -v | sort); source <("$INFEROMETER" completion bash); after=$(declare -F; compgen -v | sort)
    diff <(echo "$before") <(echo "$after") | grep "^>" | grep -v -e _inferometer -e before -e after'
  [ -z "$output" ]
}

@test "an unknown shell" {
  inferometer completion fish
  fails_with 2 "unknown shell 'fish'" "bash, zsh"
}
