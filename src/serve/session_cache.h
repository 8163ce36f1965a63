/// Keep one session a batch size, made when it is first needed.
///
/// Internal to serve: the worker process.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/engine.h"

namespace inferometer::serve {

/// A loaded session with one request for every stream.
struct LoadedSession {
  std::unique_ptr<engine::Session> session;
  std::vector<std::unique_ptr<engine::Request>> requests;  ///< by stream; used by that stream alone
  std::int64_t batch = 1;
  std::uint64_t last_used = 0;
};

/// Sessions are made by the one thread that runs make_sessions(), as engines ask for; streams wait for it. Weights are held by
/// every session, so the least recently used leaves when there are more than `most`; batch 1 stays.
class SessionCache {
 public:
  using Make = std::function<std::unique_ptr<LoadedSession>(std::int64_t batch)>;
  /// @param make  makes a session of this batch; an Error that it throws means that this batch cannot be had
  /// @param first  of batch 1
  SessionCache(Make make, std::unique_ptr<LoadedSession> first, std::int64_t largest_batch, std::size_t most,
               std::function<void(std::uint64_t made, std::size_t held)> on_change);

  /// The session of the largest power of two that is at most `items` and can be had. Any thread.
  std::shared_ptr<LoadedSession> take(std::size_t items);
  /// Make what take() waits for, until the process ends.
  [[noreturn]] void make_sessions();

 private:
  void make_one(std::unique_lock<std::mutex>& lock);
  void drop_surplus(std::int64_t keep);

  Make make_;
  std::size_t most_;
  std::function<void(std::uint64_t, std::size_t)> on_change_;
  std::mutex mutex_;
  std::condition_variable wanted_changed_, made_changed_;
  std::map<std::int64_t, std::shared_ptr<LoadedSession>> sessions_;
  std::deque<std::int64_t> wanted_;
  std::int64_t largest_;  ///< sinks when a batch cannot be had
  std::uint64_t uses_ = 0, made_ = 1;
};

}  // namespace inferometer::serve
