#include "charts/gif.h"

#include <cstdlib>
#include <cstring>

#include <gif_lib.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "chart_samples.h"
#include "charts/drawing.h"
#include "charts/layout.h"

namespace inferometer::charts {
namespace {

/// A GIF as a reader shows it: what stands after each frame.
struct Film {
  std::size_t width = 0, height = 0;
  std::vector<int> delays;  ///< hundredths of a second
  std::vector<std::vector<std::uint32_t>> frames;
};

Film read_gif(const std::string& bytes) {
  std::pair<const std::string*, std::size_t> from{&bytes, 0};
  const auto read = [](GifFileType* file, GifByteType* to, int length) {
    auto* source = static_cast<std::pair<const std::string*, std::size_t>*>(file->UserData);
    const std::size_t count = std::min(static_cast<std::size_t>(length), source->first->size() - source->second);
    std::memcpy(to, source->first->data() + source->second, count);
    source->second += count;
    return static_cast<int>(count);
  };
  int error = 0;
  Film film;
  GifFileType* file = DGifOpen(&from, read, &error);
  if (!file || DGifSlurp(file) != GIF_OK) return film;
  film.width = static_cast<std::size_t>(file->SWidth);
  film.height = static_cast<std::size_t>(file->SHeight);
  std::vector<std::uint32_t> shown(film.width * film.height, 0xff00ff);
  for (int i = 0; i < file->ImageCount; ++i) {
    const SavedImage& image = file->SavedImages[i];
    GraphicsControlBlock control{};
    const bool has_control = DGifSavedExtensionToGCB(file, i, &control) == GIF_OK;
    film.delays.push_back(has_control ? control.DelayTime : -1);
    EXPECT_EQ(control.DisposalMode, DISPOSE_DO_NOT) << "a frame builds on what stands";
    for (int y = 0; y < image.ImageDesc.Height; ++y) {
      for (int x = 0; x < image.ImageDesc.Width; ++x) {
        const int index = image.RasterBits[y * image.ImageDesc.Width + x];
        if (has_control && index == control.TransparentColor) continue;
        const GifColorType& color = file->SColorMap->Colors[index];
        shown[static_cast<std::size_t>(y + image.ImageDesc.Top) * film.width + static_cast<std::size_t>(x + image.ImageDesc.Left)] =
            static_cast<std::uint32_t>(color.Red) << 16 | static_cast<std::uint32_t>(color.Green) << 8 | color.Blue;
      }
    }
    film.frames.push_back(shown);
  }
  DGifCloseFile(file, &error);
  return film;
}

int difference(std::uint32_t a, std::uint32_t b) {
  int most = 0;
  for (const int shift : {0, 8, 16})
    most = std::max(most, std::abs(static_cast<int>(a >> shift & 0xff) - static_cast<int>(b >> shift & 0xff)));
  return most;
}

Raster plain(std::uint32_t color, std::size_t width = 20, std::size_t height = 10) {
  return {width, height, std::vector<std::uint32_t>(width * height, color)};
}

TEST(GifWriter, KeepsEveryFrame) {
  Raster first = plain(0xffffff), second = first, third = first;
  second.pixels[3 * 20 + 4] = 0x0072b2;
  third.pixels[9 * 20 + 19] = 0xd55e00;
  Raster colors = second;
  colors.pixels[0] = 0xd55e00;
  GifWriter writer(colors);
  writer.add(first, std::chrono::milliseconds(120));
  writer.add(second, std::chrono::milliseconds(120));
  writer.add(second, std::chrono::milliseconds(40));
  writer.add(third, std::chrono::milliseconds(3000));
  const Film film = read_gif(writer.finish());
  EXPECT_EQ(film.delays, (std::vector<int>{12, 12, 4, 300}));
  ASSERT_EQ(film.frames.size(), 4U);
  EXPECT_EQ(film.frames[0], first.pixels);
  EXPECT_EQ(film.frames[1], second.pixels);
  EXPECT_EQ(film.frames[2], second.pixels);
  EXPECT_EQ(film.frames[3], third.pixels) << "what a frame takes back is white again";
}

TEST(GifWriter, FramesOfAnotherSizeAreErrors) {
  GifWriter writer(plain(0));
  EXPECT_THROW(writer.add(plain(0, 21), std::chrono::milliseconds(10)), Error);
}

TEST(Gif, ShowsMarksOneByOneThenLineAndBandsAndStands) {
  const Chart chart = samples::bubbles(10, 4);
  Painter painter;
  const std::string bytes = painter.gif(chart);
  const Film film = read_gif(bytes);
  EXPECT_EQ(film.width, 720U);
  EXPECT_EQ(film.height, static_cast<std::size_t>(lay_out(chart).height));
  ASSERT_EQ(film.delays.size(), 1U + 10 + 6 + 6) << "axes, ten bubbles, six steps of the line and of the bands";
  EXPECT_EQ(film.delays.back(), 300);
  for (std::size_t i = 0; i + 1 < film.delays.size(); ++i) EXPECT_EQ(film.delays[i], 12);
  EXPECT_LT(bytes.size(), 1'000'000U);
  EXPECT_TRUE(bytes == painter.gif(chart)) << "the same bytes each time";

  const Raster whole = raster_of_svg(painter.svg(chart), 1);
  std::size_t far_off = 0;
  for (std::size_t i = 0; i < whole.pixels.size(); ++i) far_off += difference(film.frames.back()[i], whole.pixels[i]) > 24 ? 1 : 0;
  EXPECT_LT(far_off, whole.pixels.size() / 1000) << "the last frame is the chart";

  // Bubbles come from left to right: the one farthest right is white still when the one farthest left is there.
  const ChartLayout layout = lay_out(chart);
  const std::vector<Point>& nets = chart.panels[0].series[1].points;
  const auto by_x = [](const Point& a, const Point& b) { return a.x < b.x; };
  const auto place = [&](const Point& net) {
    const auto x = static_cast<std::size_t>(layout.panels[0].pixel_x(net.x)), y = static_cast<std::size_t>(layout.panels[0].pixel_y(net.y));
    return y * film.width + x;
  };
  const std::size_t left = place(*std::min_element(nets.begin(), nets.end(), by_x)),
                    right = place(*std::max_element(nets.begin(), nets.end(), by_x));
  EXPECT_NE(film.frames[0][left], film.frames[1][left]);
  EXPECT_EQ(film.frames[0][right], film.frames[9][right]);
  EXPECT_NE(film.frames[9][right], film.frames[10][right]);
}

}  // namespace
}  // namespace inferometer::charts
