#include <array>

#include "load/load.h"

namespace inferometer::load {

std::string_view name_of(Outcome outcome) {
  static constexpr std::array<std::string_view, kOutcomes> kNames = {"ok",     "refused connection", "closed connection", "timed out",
                                                                     "status", "malformed",          "not sent"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::string_view name_of(Loop loop) {
  static constexpr std::array<std::string_view, 3> kNames = {"closed", "constant", "poisson"};
  return kNames[static_cast<std::size_t>(loop)];
}

}  // namespace inferometer::load
