#include "cli/progress.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

namespace inferometer::cli {
namespace {

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

/// At most `columns` characters; names here are ASCII but for what a user brings, which is cut between characters.
std::string cut(std::string text, std::size_t columns) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (begins && seen++ == columns) return text.substr(0, i);
  }
  return text;
}

}  // namespace

ProgressStyle progress_style(bool quiet) {
  if (quiet) return ProgressStyle::none;
  return isatty(STDERR_FILENO) == 1 ? ProgressStyle::bar : ProgressStyle::lines;
}

Progress::Progress(std::ostream& out, ProgressStyle style, std::size_t total, Clock clock, std::size_t width)
    : out_(out), style_(style), total_(total), width_(width != 0 ? width : terminal_width()), clock_(std::move(clock)) {}

Progress::~Progress() { clear(); }

void Progress::begin(std::string_view entry, std::size_t done, std::size_t pieces) {
  latest_ = clock_();
  if (pieces_ == 0) {
    began_ = latest_;
    first_ = done;
  }
  done_ = done;
  pieces_ = pieces;
  current_ = one_line(entry);
  draw();
}

void Progress::finish(std::string_view entry, std::string_view outcome) {
  ++results_;
  if (style_ == ProgressStyle::lines) {
    out_ << fmt::format("[{}/{}] {}: {}\n", results_, total_, one_line(entry), one_line(outcome)) << std::flush;
  }
}

void Progress::skip(std::size_t results) { results_ += results; }

void Progress::message(std::string_view line) {
  if (style_ == ProgressStyle::none) return;
  clear();
  out_ << one_line(line) << '\n' << std::flush;
  draw();
}

std::string Progress::time_left() const {
  if (done_ <= first_) return {};
  const auto timed = static_cast<Nanoseconds::rep>(done_ - first_);
  const auto remaining = static_cast<Nanoseconds::rep>(pieces_ > done_ ? pieces_ - done_ : 0);
  return duration_text((latest_ - began_) / timed * remaining) + " left";
}

void Progress::draw() {
  if (style_ != ProgressStyle::bar || pieces_ == 0) return;
  constexpr std::size_t kBarWidth = 20;
  const std::size_t done = std::min(done_, pieces_);
  const std::size_t filled = done * kBarWidth / pieces_;
  std::string line = fmt::format("[{}{}] {}/{}", std::string(filled, '#'), std::string(kBarWidth - filled, '.'), done, pieces_);
  if (const std::string left = time_left(); !left.empty()) line += "  " + left;
  line += "  " + current_;
  out_ << '\r' << cut(std::move(line), width_ - 1) << "\x1b[K" << std::flush;
  drawn_ = true;
}

void Progress::clear() {
  if (drawn_) out_ << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

std::string duration_text(Nanoseconds duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration + std::chrono::milliseconds(500)).count();
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
}

}  // namespace inferometer::cli
