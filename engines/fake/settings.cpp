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

const std::vector<engine::OwnSetting>& own_settings() {
  static const std::vector<engine::OwnSetting> table{{"after", {}},        {"cache", {"0", "1"}},    {"delay_ms", {}},
                                                     {"drift", {}},        {"fault", fault_names()}, {"memory_mb", {}},
                                                     {"spin", {"0", "1"}}, {"start_spread", {}},     {"threads", {}}};
  return table;
}

Behaviour read_behaviour(const engine::SessionSettings& settings) {
  const engine::OwnSettings own("fake", settings.own, own_settings());
  Behaviour behaviour;
  behaviour.delay_ms = own.number("delay_ms", 0, 0, 3.6e6);
  behaviour.spin = own.flag("spin");
  behaviour.fault = static_cast<Fault>(own.choice("fault"));
  behaviour.after = own.integer("after", 0, 0, std::int64_t{1} << 40);
  behaviour.drift = own.number("drift", 0, 0, 1000);
  behaviour.start_spread = own.number("start_spread", 0, 0, 1000);
  behaviour.memory_mb = own.integer("memory_mb", 0, 0, 1 << 20);
  behaviour.cache = own.flag("cache");
  behaviour.threads = static_cast<int>(own.integer("threads", 0, 0, 4096));
  return behaviour;
}

}  // namespace inferometer::fake
