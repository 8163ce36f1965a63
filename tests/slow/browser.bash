# What tests of pages in a browser load: Chromium without a window, on a copy of a page with a script of the test's added.

# Skip the test, saying why, where there is no Chromium.
needs_chromium() {
  CHROMIUM=$(command -v chromium || command -v chromium-browser || true)
  [ -n "$CHROMIUM" ] || skip "chromium is not installed (scripts/setup --dev)"
}

# browse PAGE [SCRIPT]: dom.html is the page after its scripts and SCRIPT ran; console.txt holds what they said, errors included.
browse() {
  local page="$1" script="${2:-}" profile copy
  profile=$(mktemp -d "$BATS_TEST_TMPDIR/profile.XXXXXX")
  copy=$(mktemp --suffix=.html "$(realpath "$(dirname "$page")")/browsed.XXXXXX")
  # The end of the body stands at the begin of a line; scripts hold the same letters elsewhere.
  awk -v script="$script" '/^<\/body>/ { print "<script>" script "</script>" } { print }' "$page" > "$copy"
  timeout 120 "$CHROMIUM" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --user-data-dir="$profile" --window-size=1280,2000 --virtual-time-budget=20000 \
    --enable-logging=stderr --dump-dom "file://$copy" > dom.html 2> chromium.txt
  grep 'CONSOLE' chromium.txt > console.txt || true
  rm -rf "$profile" "$copy"
  [ -s dom.html ]
}

# The Python expression holds of `page`: attributes of <html>, charts (state, and how many drawn shapes), tables (headings, aria-sort, rows of
# (text, data-v, hidden)).
page_has() {
  python3 "$SOURCE_DIR/tests/slow/read_page.py" dom.html "$1"
}
