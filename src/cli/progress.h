/// Tell the user how far a long command is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace inferometer::cli {

enum class ProgressStyle : std::uint8_t {
  none,   ///< nothing
  lines,  ///< one line for each finished step, without control characters: for logs
  bar,    ///< one line that is drawn again: for terminals
};

/// none when quiet, bar when stderr is a terminal, else lines.
ProgressStyle progress_style(bool quiet);

/// One thread. Writes to a stream that outlives it; the destructor leaves the line clean.
class Progress {
 public:
  /// @param total  results to come, for the lines style
  /// @param width  of the terminal, in columns; 0 asks the terminal (80 when it does not tell)
  Progress(std::ostream& out, ProgressStyle style, std::size_t total, Clock clock = steady_now, std::size_t width = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// A piece of work begins, when `done` of `pieces` are done; the bar shows these.
  void begin(std::string_view entry, std::size_t done, std::size_t pieces);
  /// A result has come, after one piece of work or several: `[3/54] resnet18 onnxruntime b2: 12.3 ms valid` in the lines style.
  void finish(std::string_view entry, std::string_view outcome);
  /// Results that need no work (found in the store).
  void skip(std::size_t results);
  /// A message of its own line, above the bar. Nothing in style none.
  void message(std::string_view line);
  /// "1 min 20 s left" from the mean of the pieces done since the first began; "" before one is done.
  std::string time_left() const;

 private:
  void draw();
  void clear();

  std::ostream& out_;
  ProgressStyle style_;
  std::size_t total_, results_ = 0, width_;
  std::size_t first_ = 0, done_ = 0, pieces_ = 0;  ///< pieces: done when the first began, done now, altogether
  Clock clock_;
  Nanoseconds began_{}, latest_{};
  std::string current_;
  bool drawn_ = false;
};

/// "45 s", "1 min 20 s", "2 h 5 min".
std::string duration_text(Nanoseconds duration);

}  // namespace inferometer::cli
