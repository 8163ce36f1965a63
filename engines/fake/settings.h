/// Decide how the fake engine behaves.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace inferometer::fake {

enum class Fault : std::uint8_t {
  none,
  crash,       ///< SIGSEGV
  abort,       ///< SIGABRT
  exit,        ///< the process ends with code 3
  hang,        ///< never returns
  oom,         ///< takes memory until something stops it
  nan,         ///< every output element is NaN
  constant,    ///< every output element is 1
  zero,        ///< every output element is 0
  wrong,       ///< outputs differ from run to run and with the position in the batch
  throws,      ///< Error{engine_failure}
  leak,        ///< each run keeps 1 MB more
  load_error,  ///< load throws Error{engine_failure}
  load_hang,   ///< load never returns
  load_crash,  ///< SIGSEGV in load
};

struct Behaviour {
  double delay_ms = 0;  ///< of each run
  bool spin = false;    ///< burn the time instead of sleeping
  Fault fault = Fault::none;
  std::int64_t after = 0;      ///< runs of a request that go well before the fault
  double drift = 0;            ///< run n takes 1 + drift * n times the delay
  double start_spread = 0;     ///< the delay is multiplied by one factor from [1, 1 + start_spread) per process
  std::int64_t memory_mb = 0;  ///< taken and touched at load
  bool cache = false;          ///< an input seen before takes half the delay
  int threads = 0;             ///< what obtained() claims; 0: what was asked
};

/// The settings above.
const std::vector<engine::OwnSetting>& own_settings();

/// Throws Error{usage} naming key and value.
Behaviour read_behaviour(const engine::SessionSettings& settings);

}  // namespace inferometer::fake
