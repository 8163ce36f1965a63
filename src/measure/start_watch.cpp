#include "measure/start_watch.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/clock.h"

namespace inferometer::measure {
namespace {

constexpr double kRest_s = 5;
/// Edges of the loop fall between two samples: over a second they are below a percent of the energy.
constexpr double kLeastWindow_s = 1;
constexpr double kProcessorPeriod_s = 0.1;
/// Reading the clocks of many cores takes a while: at most a fiftieth of the time is spent on it.
constexpr double kShareOfTime = 50;

double now_s() { return static_cast<double>(steady_now().count()) * 1e-9; }

void sleep_s(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

}  // namespace

StartWatch::StartWatch(std::unique_ptr<Meter> meter, ProcessorSensors sensors) : meter_(std::move(meter)), sensors_(std::move(sensors)) {
  if (!meter_ && !sensors_.any()) return;
  processor_period_s_ = kProcessorPeriod_s;
  // The first sample lies before everything that is to be covered.
  read_once(now_s());
  thread_ = std::thread([this] { watch(); });
}

StartWatch::~StartWatch() { stop(); }

void StartWatch::read_once(double now) {
  if (meter_) meter_->sample(now, trace_.samples);
  if (!sensors_.any() || now - processor_read_s_ < processor_period_s_) return;
  processor_.push_back(sensors_.read(now));
  processor_read_s_ = now;
  processor_period_s_ = std::max(kProcessorPeriod_s, kShareOfTime * (now_s() - now));
}

void StartWatch::watch() {
  std::unique_lock lock(mutex_);
  const double period = meter_ ? effective_period_s(meter_->info()) : processor_period_s_;
  while (!wake_.wait_for(lock, std::chrono::duration<double>(period), [this] { return stop_; })) read_once(now_s());
}

void StartWatch::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool StartWatch::covers(double time_s) {
  const std::lock_guard lock(mutex_);
  return !trace_.samples.empty() && trace_.samples.back().time_s >= time_s;
}

void StartWatch::rest(bool (*interrupted)()) {
  if (!meter_) return;
  rest_.begin_s = now_s();
  double length = kRest_s;
  {
    const std::lock_guard lock(mutex_);
    length = std::max(length, least_span_s(meter_->info()));
  }
  while (now_s() < rest_.begin_s + length && !(interrupted != nullptr && interrupted())) sleep_s(0.02);
  rest_.end_s = now_s();
}

void StartWatch::finish(StartRecord& start) {
  if (!thread_.joinable()) return;
  if (meter_ && start.timed_span) {
    double patience = 0;
    {
      const std::lock_guard lock(mutex_);
      patience = std::max(1.0, 3 * effective_period_s(meter_->info()));
    }
    const double give_up = now_s() + patience;
    while (!covers(start.timed_span->end_s) && now_s() < give_up) sleep_s(0.01);
  }
  stop();
  if (meter_) {
    trace_.meter = meter_->info();
    trace_.problem = meter_->problem();
    start.power = power_of(trace_, rest_, start.timed_span);
  }
  if (!start.timed_span) return;
  const ProcessorSpan processor = processor_over(processor_, *start.timed_span);
  start.surroundings.cpu_mhz_mean = processor.mhz_mean;
  start.surroundings.cpu_mhz_min = processor.mhz_min;
  start.surroundings.temperature_c = processor.temperature_c;
}

StopRule with_time_for(const MeterInfo& meter, StopRule stop) {
  stop.min_time_s = std::max({stop.min_time_s, kLeastWindow_s, least_span_s(meter)});
  stop.max_time_s = std::max(stop.max_time_s, stop.min_time_s);
  return stop;
}

StartPower power_of(const PowerTrace& trace, const TimeSpan& rest, const std::optional<TimeSpan>& window) {
  StartPower power;
  power.meter = trace.meter.name;
  power.covers = trace.meter.covers;
  if (!window) {
    power.problem = "there is no timed loop to measure";
    return power;
  }
  const SpanEnergy energy = energy_over(trace, *window);
  power.energy_j = energy.joules;
  power.problem = energy.problem;
  const SpanEnergy idle = energy_over(trace, rest);
  if (idle.joules) {
    power.idle_power_w = *idle.joules / rest.length_s();
  } else {
    power.idle_problem = idle.problem;
  }
  return power;
}

}  // namespace inferometer::measure
