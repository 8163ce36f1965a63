#include "load/server_process.h"

#include <csignal>
#include <optional>

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace inferometer::load {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kReady = "serving on http://127.0.0.1:";

ChildProcess::Options child_options(const std::vector<std::string>& options) {
  ChildProcess::Options child;
  child.arguments = {executable_path().string(), "serve", "--host", "127.0.0.1", "--port", "0"};
  child.arguments.insert(child.arguments.end(), options.begin(), options.end());
  return child;
}

/// The port of the line that says where it listens, once it is whole.
std::optional<std::uint16_t> port_in(const std::string& output) {
  const std::size_t at = output.find(kReady);
  if (at == std::string::npos) return std::nullopt;
  const std::size_t begin = at + kReady.size(), end = output.find_first_of(" \n", begin);
  if (end == std::string::npos) return std::nullopt;
  const auto port = parse_integer(output.substr(begin, end - begin));
  if (!port || *port < 1 || *port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

}  // namespace

ServerProcess::ServerProcess(const std::vector<std::string>& options, std::chrono::milliseconds limit) : child_(child_options(options)) {
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < limit) {
    const bool ended = child_.wait(20ms).has_value();
    if (const auto port = port_in(child_.captured_output())) {
      port_ = *port;
      return;
    }
    if (ended) throw Error(ErrorCode::engine_failure, fmt::format("the server ended: {}", last_line()));
  }
  throw Error(ErrorCode::engine_failure, fmt::format("the server did not listen within {} ms: {}", limit.count(), last_line()));
}

ServerProcess::~ServerProcess() {
  // Asked first, so that it ends its own children.
  ::kill(child_.pid(), SIGTERM);
  if (!child_.wait(10s)) child_.kill();
}

bool ServerProcess::alive() { return !child_.wait(0ms).has_value(); }

std::string ServerProcess::last_line() const {
  const std::string text = to_utf8(trim(child_.captured_output()));
  const std::size_t line = text.rfind('\n');
  return text.empty() ? "it printed nothing" : one_line(line == std::string::npos ? text : text.substr(line + 1), 300);
}

}  // namespace inferometer::load
