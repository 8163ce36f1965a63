/// Read the power meter and the processor's sensors while a worker measures one start.
///
/// In the parent, on a thread of its own: a worker pinned to some cores keeps them for itself, its memory figures stay clean, and
/// the machine can be watched before the worker begins. What it costs stands in docs/power.md.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "measure/entry.h"
#include "measure/meter.h"
#include "measure/processor_state.h"
#include "measure/start.h"

namespace inferometer::measure {

class StartWatch {
 public:
  /// Begins to read at once, where there is something to read. @param meter  may be null
  StartWatch(std::unique_ptr<Meter> meter, ProcessorSensors sensors);
  ~StartWatch();
  StartWatch(const StartWatch&) = delete;
  StartWatch& operator=(const StartWatch&) = delete;

  /// Let the machine rest, so that its idle power is known: 5 s, or longer for a slow meter. Nothing without a meter.
  /// `interrupted` (may be null) is polled and ends it early.
  void rest(bool (*interrupted)());
  /// Once the worker has ended: wait for what a slow meter still owes of the loop, stop reading, and fill in start.power and the clock
  /// and temperature of start.surroundings, over start.timed_span.
  void finish(StartRecord& start);

 private:
  void read_once(double now_s);
  void watch();
  void stop();
  bool covers(double time_s);

  std::unique_ptr<Meter> meter_;
  ProcessorSensors sensors_;
  TimeSpan rest_;
  double processor_period_s_ = 0.1, processor_read_s_ = 0;  ///< between two readings; when the last one was
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  PowerTrace trace_;
  std::vector<ProcessorSample> processor_;
  std::thread thread_;
};

/// For `meter`'s sake a loop must be this long; the entry's own otherwise.
StopRule with_time_for(const MeterInfo& meter, StopRule stop);

/// What a start's samples say of its power. Pure. @param rest  before the worker began; of no length: idle power is not known
StartPower power_of(const PowerTrace& trace, const TimeSpan& rest, const std::optional<TimeSpan>& window);

}  // namespace inferometer::measure
