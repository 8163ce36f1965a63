/// Refuse settings that no engine can take, and those that an engine on the processor alone cannot. Header only.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "engine/engine.h"

namespace inferometer::engine {

/// Throw Error{usage} unless threads, streams and batch are positive.
inline void require_positive(const SessionSettings& settings) {
  if (settings.threads < 1 || settings.streams < 1 || settings.batch < 1)
    throw Error(ErrorCode::usage, "threads, streams and batch must be at least 1");
}

/// Threads of each request where every stream has a team of its own.
/// Throws Error{unsupported} when the threads do not divide into the streams.
inline int threads_per_stream(const std::string& engine, const SessionSettings& settings) {
  if (settings.threads % settings.streams != 0) {
    throw Error(
        ErrorCode::unsupported,
        engine + ": " + std::to_string(settings.threads) + " threads do not divide into " + std::to_string(settings.streams) + " streams",
        "use a multiple of the streams");
  }
  return settings.threads / settings.streams;
}

/// Error{missing_engine} for a device that is not here. @param here  those that are
inline Error no_device(const std::string& engine, const std::string& asked, const std::vector<std::string>& here) {
  return Error(ErrorCode::missing_engine, engine + " has no device '" + one_line(asked, 80) + "' here", "it has " + join(here, ", "));
}

}  // namespace inferometer::engine
