#include "settings.h"

#include "engine/own_settings.h"

namespace inferometer::fake {

namespace {

/// In the order of Fault.
const std::vector<std::string>& fault_names() {
  static const std::vector<std::string> names{"none", "crash", "abort", "exit", "hang",       "oom",       "nan",       "constant",
                                              "zero", "wrong", "throw", "leak", "load_error", "load_hang", "load_crash"};
  return names;
}

}  // namespace

const std::vector<std::string>& setting_names() {
  static const std::vector<std::string> names{"after",     "cache", "delay_ms",     "drift",  "fault",
                                              "memory_mb", "spin",  "start_spread", "threads"};
  return names;
}

Behaviour read_behaviour(const engine::SessionSettings& settings) {
  const engine::OwnSettings own("fake", settings.own, setting_names());
  Behaviour behaviour;
  behaviour.delay_ms = own.number("delay_ms", 0, 0, 3.6e6);
  behaviour.spin = own.flag("spin", false);
  behaviour.fault = static_cast<Fault>(own.choice("fault", 0, fault_names()));
  behaviour.after = own.integer("after", 0, 0, std::int64_t{1} << 40);
  behaviour.drift = own.number("drift", 0, 0, 1000);
  behaviour.start_spread = own.number("start_spread", 0, 0, 1000);
  behaviour.memory_mb = own.integer("memory_mb", 0, 0, 1 << 20);
  behaviour.cache = own.flag("cache", false);
  behaviour.threads = static_cast<int>(own.integer("threads", 0, 0, 4096));
  return behaviour;
}

}  // namespace inferometer::fake
