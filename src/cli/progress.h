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
  /// @param total  steps to come
  /// @param width  of the terminal, in columns; 0 asks the terminal (80 when it does not tell)
  Progress(std::ostream& out, ProgressStyle style, std::size_t total, Clock clock = steady_now, std::size_t width = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// A step begins.
  void begin(std::string_view entry);
  /// The step has ended. `outcome` is shown in the lines style: `[3/54] resnet18 onnxruntime b2: 12.3 ms valid`.
  void finish(std::string_view entry, std::string_view outcome);
  /// Steps that need no work after all (found in the store); they count as done, not towards the time left.
  void skip(std::size_t steps);
  /// A message of its own line, above the bar. Nothing in style none.
  void message(std::string_view line);
  /// "1 min 20 s left" from the mean of the finished steps; "" before the first.
  std::string time_left() const;

 private:
  void draw();
  void clear();

  std::ostream& out_;
  ProgressStyle style_;
  std::size_t total_, finished_ = 0, skipped_ = 0, width_;
  Clock clock_;
  Nanoseconds began_{}, spent_{};
  std::string current_;
  bool drawn_ = false;
};

/// "45 s", "1 min 20 s", "2 h 5 min".
std::string duration_text(Nanoseconds duration);

}  // namespace inferometer::cli
