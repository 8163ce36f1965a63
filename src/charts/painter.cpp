#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <map>
#include <utility>

#include <duktape.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "charts/animation.h"
#include "charts/chart_drawing.h"
#include "charts/drawing.h"
#include "charts/gif.h"
#include "charts/text_width.h"

namespace inferometer::charts {
namespace {

// What ECharts asks of its surroundings: no timer ever runs, since nothing moves here. Chance has no place in a drawing either: Duktape
// sorts with pivots drawn by lot, so that equal elements would end in another order each time; here they keep theirs.
constexpr std::string_view kSurroundings = R"(
var setTimeout = function () { return 0; }, clearTimeout = function () {};
var console = { log: function () {}, warn: function () {}, error: function (text) { throw new Error(text); } };
Math.random = function () { return 0.5; };
Array.prototype.sort = (function () {
  function usual(a, b) { a = String(a); b = String(b); return a < b ? -1 : a > b ? 1 : 0; }
  function sorted(list, compare) {
    if (list.length < 2) return list;
    var middle = list.length >> 1, left = sorted(list.slice(0, middle), compare), right = sorted(list.slice(middle), compare);
    var merged = [], i = 0, j = 0;
    while (i < left.length && j < right.length) merged.push(compare(left[i], right[j]) <= 0 ? left[i++] : right[j++]);
    return merged.concat(left.slice(i), right.slice(j));
  }
  return function (compare) {
    var result = sorted(Array.prototype.slice.call(this), compare || usual);
    for (var i = 0; i < result.length; ++i) this[i] = result[i];
    return this;
  };
})();
)";
// One drawing, from its JSON to SVG.
constexpr std::string_view kDraw = R"(
echarts.setPlatformAPI({ measureText: function (text, font) {
  var size = /([0-9.]+)px/.exec(font || '');
  return { width: inferometerTextWidth(text, size ? +size[1] : 12, /bold/.test(font || '')) };
} });
function inferometerDraw(json) {
  var drawing = JSON.parse(json);
  var chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: drawing.width, height: drawing.height });
  try {
    chart.setOption(inferometerOption(drawing, false));
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
)";

duk_ret_t measure(duk_context* context) {
  duk_size_t length = 0;
  const char* text = duk_safe_to_lstring(context, 0, &length);
  double width = 0;
  try {
    width = text_width({text, length}, duk_to_number(context, 1), duk_to_boolean(context, 2) != 0);
  } catch (const std::exception&) {
    return DUK_RET_ERROR;  // no C++ exception may pass through the interpreter
  }
  duk_push_number(context, width);
  return 1;
}

/// The interpreter calls this where it cannot go on: outside of any protected call, which we never are.
[[noreturn]] void stop(void*, const char*) { std::abort(); }

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  std::string result;
  result.reserve(text.size());
  std::size_t done = 0;
  for (std::size_t found; (found = text.find(from, done)) != std::string::npos; done = found + from.size()) {
    result.append(text, done, found - done).append(to);
  }
  return result.append(text, done);
}

/// What ECharts' own reader in a page would need: attributes " class=..." and " ecmeta_...=...", and the style of marks under a pointer.
/// Its numbers count on from chart to chart.
std::string without_page_parts(const std::string& svg) {
  std::string result;
  result.reserve(svg.size());
  std::size_t done = 0;
  while (done < svg.size()) {
    const std::size_t found = std::min({svg.find(" class=\"zr", done), svg.find(" ecmeta_", done), svg.find("<style ", done)});
    result.append(svg, done, found == std::string::npos ? found : found - done);
    if (found == std::string::npos) break;
    if (svg[found] == '<') {
      const std::size_t end = svg.find("</style>", found);
      done = end == std::string::npos ? svg.size() : end + std::string_view("</style>\n").size();
    } else {
      const std::size_t end = svg.find('"', svg.find('"', found) + 1);
      done = end == std::string::npos ? svg.size() : end + 1;
    }
  }
  return result;
}

/// Ids too ("zr12-c0"): they are numbered as they appear.
std::string with_own_ids(const std::string& svg) {
  std::string result;
  result.reserve(svg.size());
  std::map<std::string, std::size_t> known;
  std::size_t done = 0;
  for (std::size_t found; (found = svg.find("zr", done)) != std::string::npos;) {
    std::size_t end = found + 2;
    while (end < svg.size() && (std::isalnum(static_cast<unsigned char>(svg[end])) || svg[end] == '-')) ++end;
    const std::string_view before = std::string_view(svg).substr(0, found);
    const bool is_id = before.ends_with("id=\"") || before.ends_with("url(#");
    result.append(svg, done, found - done);
    if (is_id) {
      const auto [entry, is_new] = known.try_emplace(svg.substr(found, end - found), known.size());
      result += fmt::format("part{}", entry->second);
    } else {
      result.append(svg, found, end - found);
    }
    done = end;
  }
  return result.append(svg, done);
}

/// librsvg knows no dominant-baseline; a shift says the same to every reader. 0.36 em is half the height of capitals in DejaVu Sans.
std::string tidy(const std::string& svg) {
  std::string text = replaced(svg, " dominant-baseline=\"central\"", " dy=\"0.36em\"");
  text = replaced(std::move(text), " pointer-events=\"visible\"", "");
  return with_own_ids(without_page_parts(text));
}

}  // namespace

struct Painter::State {
  State() : context(duk_create_heap(nullptr, nullptr, nullptr, nullptr, stop)) {
    if (!context) throw Error(ErrorCode::out_of_memory, "no memory for the script engine that draws charts");
  }
  ~State() { duk_destroy_heap(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Throws when the value on top of the stack is an error; takes it off in any case.
  std::string result(duk_int_t failed, const char* doing) {
    duk_size_t length = 0;
    const char* text = duk_safe_to_lstring(context, -1, &length);
    std::string answer(text, length);
    duk_pop(context);
    if (failed != 0) throw Error(ErrorCode::internal, fmt::format("{}: {}", doing, one_line(to_utf8(answer), 300)));
    return answer;
  }
  void load(std::string_view script, const char* doing) {
    result(duk_peval_lstring_noresult(context, script.data(), script.size()) != 0 ? 1 : (duk_push_undefined(context), 0), doing);
  }

  /// From chart_json()'s text to SVG.
  std::string draw(const std::string& json) {
    duk_get_global_string(context, "inferometerDraw");
    duk_push_lstring(context, json.data(), json.size());
    return tidy(result(duk_pcall(context, 1), "drawing a chart"));
  }

  duk_context* context;
};

Painter::Painter() : state_(std::make_unique<State>()) {
  state_->load(kSurroundings, "preparing to draw charts");
  duk_push_c_function(state_->context, measure, 3);
  duk_put_global_string(state_->context, "inferometerTextWidth");
  state_->load(echarts_script(), "loading ECharts");
  state_->load(chart_script(), "loading the chart script");
  state_->load(kDraw, "preparing to draw charts");
}
Painter::~Painter() = default;
Painter::Painter(Painter&&) noexcept = default;
Painter& Painter::operator=(Painter&&) noexcept = default;

std::string Painter::svg(const Chart& chart) { return state_->draw(chart_json(chart)); }

std::string Painter::gif(const Chart& chart) {
  constexpr double kScale = 1;
  constexpr std::chrono::milliseconds kStep{120}, kLast{3000};
  const std::vector<Json> steps = drawing_steps(drawing_of(chart));
  const Raster whole = raster_of_svg(state_->draw(text_of(steps.back())), kScale);
  GifWriter writer(whole);
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) writer.add(raster_of_svg(state_->draw(text_of(steps[i])), kScale), kStep);
  writer.add(whole, kLast);
  return writer.finish();
}

}  // namespace inferometer::charts
