/// Write an animated GIF.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "charts/raster.h"

namespace inferometer::charts {

/// Frames of one size, in the colours of one of them; played once round and round. Only what changes from frame to frame is stored. The
/// same frames give the same bytes. Throws Error{internal} when a frame has another size or the library fails.
class GifWriter {
 public:
  /// @param colors  the frame whose colours serve for all, at most 255 of them: the richest one
  explicit GifWriter(const Raster& colors);
  ~GifWriter();
  GifWriter(const GifWriter&) = delete;
  GifWriter& operator=(const GifWriter&) = delete;

  /// Shown for `delay`, in steps of 10 ms.
  void add(const Raster& frame, std::chrono::milliseconds delay);
  /// The file; use once, at the end.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace inferometer::charts
