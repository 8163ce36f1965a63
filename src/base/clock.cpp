#include "base/clock.h"

#include <array>
#include <ctime>

namespace inferometer {

Nanoseconds steady_now() { return std::chrono::duration_cast<Nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()); }

std::string utc_timestamp() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), length};
}

}  // namespace inferometer
