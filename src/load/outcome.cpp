#include <array>

#include "load/load.h"

namespace inferometer::load {

std::string_view name_of(Outcome outcome) {
  static constexpr std::array<std::string_view, 6> kNames = {"ok",     "refused connection", "closed connection", "timed out",
                                                             "status", "malformed"};
  return kNames[static_cast<std::size_t>(outcome)];
}

}  // namespace inferometer::load
