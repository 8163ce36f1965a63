// Print how long 200 charts of 40 points take, each as SVG, PNG and PDF, and the memory that drawing them takes.
// Usage: charts [THREADS] [CHARTS] [FOLDER]   with FOLDER, the charts of every kind are written there instead, to be looked at
// Exit code: 0 within 40 s and 1 GB, 1 beyond.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "chart_samples.h"
#include "charts/drawing.h"

namespace {

using namespace inferometer;
using namespace inferometer::charts;

constexpr double kMost_s = 40, kMost_mb = 1000;

double seconds_since(Nanoseconds begin) { return std::chrono::duration<double>(steady_now() - begin).count(); }

/// The charts in turns: bubbles, scatter, lines, bars; a chart of its own each time.
Chart chart_of(unsigned number) {
  switch (number % 4) {
    case 0: return samples::bubbles(40, number, true);
    case 1: return samples::scatter();
    case 2: return samples::lines();
    default: return samples::grouped();
  }
}

int measure(unsigned threads, unsigned charts) {
  const Nanoseconds begin = steady_now();
  std::atomic<unsigned> next{0};
  std::atomic<std::size_t> bytes{0};
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      Painter painter;
      for (unsigned number; (number = next++) < charts;) {
        const std::string svg = painter.svg(chart_of(number));
        bytes += svg.size() + png_of_svg(svg).size() + pdf_of_svg(svg).size();
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  const double took_s = seconds_since(begin);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  const double busy_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  const double memory_mb = static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
  std::printf(
      "%u charts (SVG, PNG, PDF) on %u threads: %.1f s (%.1f s of processor time, %.0f ms a chart); peak memory %.0f MB; %.1f MB written\n",
      charts, threads, took_s, busy_s, busy_s / charts * 1e3, memory_mb, static_cast<double>(bytes) / 1e6);
  return took_s <= kMost_s && memory_mb <= kMost_mb ? 0 : 1;
}

int write_all(const std::filesystem::path& folder) {
  Painter painter;
  for (const Chart& chart : samples::all()) {
    const std::string svg = painter.svg(chart);
    write_file_atomically(folder / (chart.id + ".json"), chart_json(chart));
    write_file_atomically(folder / (chart.id + ".svg"), svg);
    write_file_atomically(folder / (chart.id + ".png"), png_of_svg(svg));
    write_file_atomically(folder / (chart.id + ".pdf"), pdf_of_svg(svg));
  }
  const Nanoseconds begin = steady_now();
  const std::string gif = painter.gif(samples::bubbles(40, 2, true));
  write_file_atomically(folder / "bubbles.gif", gif);
  std::printf("GIF of 40 bubbles: %.1f s, %zu kB\n", seconds_since(begin), gif.size() / 1000);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count > 3) return write_all(arguments[3]);
    return measure(count > 1 ? static_cast<unsigned>(std::atoi(arguments[1])) : 2,
                   count > 2 ? static_cast<unsigned>(std::atoi(arguments[2])) : 200);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "charts: %s\n", error.what());
    return 1;
  }
}
