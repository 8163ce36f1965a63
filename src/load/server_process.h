/// Run a server of our own beside a measurement.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/child_process.h"

namespace inferometer::load {

/// `inferometer serve` on a free port of the loopback. The destructor asks it to end, and kills it when it does not within some seconds.
/// One thread at a time, which must live as long.
class ServerProcess {
 public:
  /// @param options  of `serve`, but for host and port
  /// Throws Error{engine_failure} with its last words when it does not say within `limit` where it listens.
  ServerProcess(const std::vector<std::string>& options, std::chrono::milliseconds limit);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  std::uint16_t port() const { return port_; }
  int pid() const { return child_.pid(); }
  /// Take in what it prints, so that it is never held up, and say whether it still runs.
  bool alive();
  std::string last_line() const;

 private:
  ChildProcess child_;
  std::uint16_t port_ = 0;
};

}  // namespace inferometer::load
