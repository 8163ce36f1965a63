#include "charts/text_width.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include <cairo.h>

#include "base/error.h"
#include "base/text.h"

namespace inferometer::charts {
namespace {

using Surface = std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>;
using Context = std::unique_ptr<cairo_t, decltype(&cairo_destroy)>;

/// A drawing of nothing, to ask for widths.
Context make_context() {
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1), &cairo_surface_destroy);
  Context context(cairo_create(surface.get()), &cairo_destroy);
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_set_font_options(context.get(), options);
  cairo_font_options_destroy(options);
  return context;
}

}  // namespace

double text_width(std::string_view text, double pixels, bool bold) {
  // Bytes that are no UTF-8 are drawn as U+FFFD; cairo would refuse them, and from then on everything else too.
  // One of each thread: a cairo context is for one thread, and the same few texts are asked for again and again.
  thread_local const Context context = make_context();
  thread_local std::map<std::tuple<std::string, double, bool>, double> known;
  if (known.size() > 20'000) known.clear();
  const auto [entry, is_new] = known.try_emplace({to_utf8(text), pixels, bold});
  if (is_new) {
    // Fonts are found once and shared by all threads: one at a time.
    static std::mutex fonts;
    const std::lock_guard<std::mutex> lock(fonts);
    cairo_select_font_face(context.get(), "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(context.get(), pixels);
    cairo_text_extents_t extents{};
    cairo_text_extents(context.get(), std::get<0>(entry->first).c_str(), &extents);
    if (cairo_status(context.get()) != CAIRO_STATUS_SUCCESS) {
      known.erase(entry);
      throw Error(ErrorCode::internal, std::string("measuring text: ") + cairo_status_to_string(cairo_status(context.get())),
                  "is the font DejaVu Sans installed? scripts/setup does that");
    }
    entry->second = extents.x_advance;
  }
  return entry->second;
}

}  // namespace inferometer::charts
