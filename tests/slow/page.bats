# Reports in a browser: no error, every chart drawn, tables sort and filter.
load ../cli/helpers
load browser

studies=(model_test models_comparison icassp23 dd_performances)
draw_all='window.dispatchEvent(new Event("beforeprint"));'

# A store of 48 rows from elsewhere: 12 networks, two engines, two batches; one cell ran out of memory.
import_rows() {
  {
    echo 'model,engine,device,batch,parameters,gmacs,top1,per_image_ms,images_per_s,peak_memory_mb,platform,engine_version'
    local engine batch i=0 model
    for model in alexnet vgg11 vgg16 resnet18 resnet34 resnet50 resnet101 squeezenet1_1 densenet121 mobilenet_v2 googlenet vgg19; do
      i=$((i + 1))
      for engine in alpha beta; do
        for batch in 1 8; do
          if [ "$model$engine$batch" = vgg19beta8 ]; then
            echo "$model,$engine,cpu,$batch,$((i * 9000000)),$i.5,$((55 + i)).5,x,,,A machine,1.0"
          else
            echo "$model,$engine,cpu,$batch,$((i * 9000000)),$i.5,$((55 + i)).5,$((i * 7 % 13 + 3)).$batch,$((1000 / i)),$((300 + i * i)),A machine,1.0"
          fi
        done
      done
    done
  } > rows.csv
  "$INFEROMETER" import rows.csv --source elsewhere --quiet > /dev/null
}

@test "published reports of the studies: no error, every chart drawn" {
  needs_chromium
  local study
  for study in "${studies[@]}"; do
    inferometer report "$SOURCE_DIR/studies/$study.toml" --published -o "$study" --only page
    echo "$study: $output $stderr"
    [ "$status" -eq 0 ]
    [ "$(stat -c %s "$study/index.html")" -lt 4000000 ]
    browse "$study/index.html" "$draw_all"
    cat console.txt
    [ ! -s console.txt ]
    page_has '"data-errors" not in page.root and int(page.root["data-charts"]) == len(page.charts) == int(page.root["data-drawn"]) > 0'
    page_has 'all(chart["state"] == "drawn" and chart["shapes"] > 5 and chart["texts"] > 2 for chart in page.charts)'
  done
}

@test "the style sheet is in force: headings stay in sight, colours follow the reader's choice, paper has no contents" {
  needs_chromium
  import_rows
  inferometer report -o out --only page
  [ "$status" -eq 0 ]
  browse out/index.html 'function style(selector) { return getComputedStyle(document.querySelector(selector)); }
    var found = [style("thead th").position, style(".contents").position, style(".contents ul").listStyleType, style("caption").textAlign,
      style(".table-box").overflowX, style("body").display].join(" ");
    var rules = Array.prototype.map.call(document.styleSheets[0].cssRules, function (rule) { return rule.conditionText || ""; });
    document.documentElement.setAttribute("data-style", found);
    document.documentElement.setAttribute("data-rules", rules.join(";"));'
  page_has 'page.root["data-style"] == "sticky sticky none left auto grid"'
  page_has '"(prefers-color-scheme: dark)" in page.root["data-rules"] and "print" in page.root["data-rules"]'
}

@test "charts are drawn only when they come near" {
  needs_chromium
  import_rows
  inferometer report -o out --only page
  [ "$status" -eq 0 ]
  browse out/index.html 'document.body.style.paddingTop = "20000px";'
  page_has 'int(page.root["data-charts"]) > 2'
  browse out/index.html
  page_has '"data-errors" not in page.root and int(page.root["data-drawn"]) > 0'
}

@test "tables sort by their numbers, empty cells last, and filter" {
  needs_chromium
  import_rows
  inferometer report -o out --only page
  [ "$status" -eq 0 ]
  # The last table has every row; its per_image_ms has a cell without a number.
  local table='var table = document.querySelectorAll("table")[document.querySelectorAll("table").length - 1];
    function button(name) { return Array.prototype.filter.call(table.querySelectorAll("thead button"), function (b) { return b.textContent === name; })[0]; }'
  local column='page.tables[-1]["headings"].index("per_image_ms")'
  browse out/index.html "$table"
  page_has "len(page.tables[-1]['rows']) == 48 and set(page.tables[-1]['sort']) == {'none'}"
  page_has "not is_sorted(numbers(page.tables[-1], $column)) and None in numbers(page.tables[-1], $column)"
  browse out/index.html "$table button('per_image_ms').click();"
  page_has "is_sorted(numbers(page.tables[-1], $column)) and page.tables[-1]['sort'][$column] == 'ascending'"
  browse out/index.html "$table button('per_image_ms').click(); button('per_image_ms').click();"
  page_has "is_sorted(numbers(page.tables[-1], $column), True) and page.tables[-1]['sort'][$column] == 'descending'"
  browse out/index.html "$table button('per_image_ms').click(); button('model').click();"
  page_has "[natural(r['cells'][0][0]) for r in page.tables[-1]['rows']] == sorted(natural(r['cells'][0][0]) for r in page.tables[-1]['rows'])"
  page_has "page.tables[-1]['sort'].count('none') == len(page.tables[-1]['sort']) - 1"
  browse out/index.html "$table var input = table.closest('.block').querySelector('input'); input.value = 'VGG beta'; input.dispatchEvent(new Event('input'));"
  page_has "sum(not r['hidden'] for r in page.tables[-1]['rows']) == 6"
  page_has "all('vgg' in r['cells'][0][0] for r in page.tables[-1]['rows'] if not r['hidden'])"
}

@test "a broken chart says so, and the others are drawn" {
  needs_chromium
  import_rows
  inferometer report -o out --only page
  [ "$status" -eq 0 ]
  sed -i '0,/class="chart-data">{/s//class="chart-data">{broken/' out/index.html
  browse out/index.html "$draw_all"
  page_has '"data-errors" in page.root and page.charts[0]["state"] == "failed" and page.charts[1]["state"] == "drawn"'
}
