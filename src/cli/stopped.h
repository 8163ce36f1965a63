/// Say of a command that the user stops what is true of it.
#pragma once

#include "base/child_process.h"
#include "base/error.h"

namespace inferometer::cli {

/// Throws Error{interrupted} when the user asked to stop.
inline void end_if_stopped() {
  if (interrupt_requested()) throw Error(ErrorCode::interrupted, "interrupted");
}

/// Do the work. @param kept  gives the hint of the Error{interrupted} that ends it: what is kept, and what the same command would do
template <class Work, class Kept>
auto told_when_stopped(const Work& work, const Kept& kept) {
  try {
    return work();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::interrupted) throw;
    throw Error(ErrorCode::interrupted, error.what(), kept());
  }
}

}  // namespace inferometer::cli
