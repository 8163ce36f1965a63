#include <cmath>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include <cairo-pdf.h>
#include <cairo.h>
#include <fmt/format.h>
#include <librsvg/rsvg.h>

#include "base/error.h"
#include "base/text.h"
#include "charts/drawing.h"
#include "charts/raster.h"

namespace inferometer::charts {
namespace {

struct Unref {
  void operator()(RsvgHandle* handle) const { g_object_unref(handle); }
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Handle = std::unique_ptr<RsvgHandle, Unref>;
using Surface = std::unique_ptr<cairo_surface_t, Unref>;
using Context = std::unique_ptr<cairo_t, Unref>;

[[noreturn]] void complain(const std::string& what) {
  throw Error(ErrorCode::internal, fmt::format("rasterising a chart: {}", one_line(to_utf8(what), 200)));
}

struct Picture {
  Handle handle;
  double width = 0, height = 0;
};

Picture parse(std::string_view svg) {
  GError* error = nullptr;
  Picture picture;
  picture.handle.reset(rsvg_handle_new_from_data(reinterpret_cast<const guint8*>(svg.data()), svg.size(), &error));
  if (!picture.handle) {
    const std::string message = error ? error->message : "no SVG";
    g_clear_error(&error);
    complain(message);
  }
  if (rsvg_handle_get_intrinsic_size_in_pixels(picture.handle.get(), &picture.width, &picture.height) == 0 || picture.width < 1 ||
      picture.height < 1) {
    complain("the SVG has no size");
  }
  return picture;
}

void render(const Picture& picture, cairo_surface_t* surface, double scale) {
  const Context context(cairo_create(surface));
  cairo_scale(context.get(), scale, scale);
  const RsvgRectangle area{0, 0, picture.width, picture.height};
  GError* error = nullptr;
  if (rsvg_handle_render_document(picture.handle.get(), context.get(), &area, &error) == 0) {
    const std::string message = error ? error->message : "it cannot be drawn";
    g_clear_error(&error);
    complain(message);
  }
  if (cairo_status(context.get()) != CAIRO_STATUS_SUCCESS) complain(cairo_status_to_string(cairo_status(context.get())));
}

cairo_status_t append(void* bytes, const unsigned char* data, unsigned int length) {
  try {
    static_cast<std::string*>(bytes)->append(reinterpret_cast<const char*>(data), length);
  } catch (const std::exception&) {
    return CAIRO_STATUS_NO_MEMORY;
  }
  return CAIRO_STATUS_SUCCESS;
}

/// An image of the drawing on white.
Surface image_of(std::string_view svg, double scale) {
  const Picture picture = parse(svg);
  const int width = static_cast<int>(std::ceil(picture.width * scale)), height = static_cast<int>(std::ceil(picture.height * scale));
  Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height));
  {
    const Context white(cairo_create(surface.get()));
    cairo_set_source_rgb(white.get(), 1, 1, 1);
    cairo_paint(white.get());
  }
  render(picture, surface.get(), scale);
  cairo_surface_flush(surface.get());
  return surface;
}

}  // namespace

Raster raster_of_svg(std::string_view svg, double scale) {
  const Surface surface = image_of(svg, scale);
  Raster raster{static_cast<std::size_t>(cairo_image_surface_get_width(surface.get())),
                static_cast<std::size_t>(cairo_image_surface_get_height(surface.get())),
                {}};
  raster.pixels.resize(raster.width * raster.height);
  const unsigned char* rows = cairo_image_surface_get_data(surface.get());
  const auto stride = static_cast<std::size_t>(cairo_image_surface_get_stride(surface.get()));
  for (std::size_t y = 0; y < raster.height; ++y) std::memcpy(&raster.pixels[y * raster.width], rows + y * stride, raster.width * 4);
  for (std::uint32_t& pixel : raster.pixels) pixel &= 0xffffffU;  // the fourth byte is nobody's
  return raster;
}

std::string png_of_svg(std::string_view svg, double scale) {
  const Surface surface = image_of(svg, scale);
  std::string bytes;
  const cairo_status_t status = cairo_surface_write_to_png_stream(surface.get(), append, &bytes);
  if (status != CAIRO_STATUS_SUCCESS) complain(cairo_status_to_string(status));
  return bytes;
}

std::string pdf_of_svg(std::string_view svg) {
  const Picture picture = parse(svg);
  constexpr double kPointsPerPixel = 0.75;  // CSS: 96 pixels or 72 points are one inch
  std::string bytes;
  const Surface surface(
      cairo_pdf_surface_create_for_stream(append, &bytes, picture.width * kPointsPerPixel, picture.height * kPointsPerPixel));
  // The version that every publisher takes; and no date, so that the same drawing is the same file.
  cairo_pdf_surface_restrict_to_version(surface.get(), CAIRO_PDF_VERSION_1_4);
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATE_DATE, "");
  render(picture, surface.get(), kPointsPerPixel);
  cairo_surface_finish(surface.get());
  if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS) complain(cairo_status_to_string(cairo_surface_status(surface.get())));
  return bytes;
}

}  // namespace inferometer::charts
