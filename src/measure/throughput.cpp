#include "measure/throughput.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "measure/flights.h"

namespace inferometer::measure {
namespace {

constexpr double kRampEnough_s = 0.5, kRampMost_s = 3;
constexpr std::int64_t kRampRequests = 3;
/// How often the stop rule is looked at: rarely, because looking takes processor time from the engine.
constexpr std::chrono::milliseconds kLook{20};

/// What one lane has done. Its thread writes, the caller reads; on cache lines of its own.
struct alignas(64) Lane {
  std::unique_ptr<Flight[]> flights;       // made but not touched: room for a million must not show in the memory figures
  std::atomic<std::size_t> recorded{0};    // flights that may be read: the last of the ramp, then the window's
  std::atomic<std::int64_t> completed{0};  // requests altogether
  std::int64_t ramp_requests = 0;
};

class Flock {
 public:
  Flock(const LoopPlan& plan, const Flying& flying)
      : plan_(plan), flying_(flying), capacity_(capacity_of(plan, flying.lanes)), lanes_(flying.lanes), seen_(flying.lanes, 0) {
    for (Lane& lane : lanes_) lane.flights = std::make_unique_for_overwrite<Flight[]>(capacity_);
  }

  ThroughputResult run() {
    {
      Threads threads(*this);
      for (std::size_t lane = 0; lane < lanes_.size(); ++lane) threads.start(lane);
      wait_until([this, begin = flying_.now()] { return ramp_is_over(begin); });
      measuring_.store(true, std::memory_order_relaxed);
      wait_until([this] { return is_enough(); });
    }
    if (failure_) std::rethrow_exception(failure_);
    return result();
  }

 private:
  /// Ends and joins the lanes whatever happens.
  class Threads {
   public:
    explicit Threads(Flock& flock) : flock_(flock) { threads_.reserve(flock.lanes_.size()); }
    ~Threads() {
      flock_.stop_.store(true);
      for (std::thread& thread : threads_) thread.join();
    }
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;
    void start(std::size_t lane) {
      threads_.emplace_back([this, lane] { flock_.fly_lane(lane); });
    }

   private:
    Flock& flock_;
    std::vector<std::thread> threads_;
  };

  static std::size_t capacity_of(const LoopPlan& plan, std::size_t lanes) {
    const auto share = static_cast<std::size_t>(kMostSamples) / lanes;
    // One lane may do nearly all the work of an exact number.
    return std::max({share, 2 * static_cast<std::size_t>(plan.exact), std::size_t{16}});
  }

  void fly_lane(std::size_t index) {
    Lane& lane = lanes_[index];
    try {
      std::size_t recorded = 0;
      for (std::int64_t number = 0; recorded < capacity_ && goes_on(recorded); ++number) {
        const bool measuring = measuring_.load(std::memory_order_relaxed);
        const Nanoseconds begin = flying_.now();
        flying_.call(index, number);
        const Nanoseconds end = flying_.now();
        // Of the ramp the last flight alone is kept: the window begins in the midst of it.
        if (!measuring) recorded = 0;
        lane.flights[recorded++] = {begin.count(), end.count()};
        if (measuring) lane.recorded.store(recorded, std::memory_order_release);
        if (!measuring) ++lane.ramp_requests;
        lane.completed.store(number + 1, std::memory_order_relaxed);
      }
    } catch (...) {
      const std::lock_guard lock(failure_mutex_);
      if (!failure_) failure_ = std::current_exception();
      failed_.store(true);
    }
    // Without one lane the others would fly below full flight.
    stop_.store(true);
  }

  /// A lane that was late still ends one request of the window, so that there is a window.
  bool goes_on(std::size_t recorded) const {
    if (!stop_.load(std::memory_order_relaxed)) return true;
    return recorded < 2 && measuring_.load(std::memory_order_relaxed) && !failed_.load(std::memory_order_relaxed);
  }

  template <class Condition>
  void wait_until(Condition&& condition) {
    while (!stop_.load() && !condition()) {
      std::this_thread::sleep_for(kLook);
      tell_progress();
    }
  }

  void tell_progress() {
    bool all_moved = true;
    for (std::size_t i = 0; i < lanes_.size(); ++i) all_moved = all_moved && lanes_[i].completed.load(std::memory_order_relaxed) > seen_[i];
    if (!all_moved) return;
    for (std::size_t i = 0; i < lanes_.size(); ++i) seen_[i] = lanes_[i].completed.load(std::memory_order_relaxed);
    flying_.progress();
  }

  bool ramp_is_over(Nanoseconds begin) const {
    std::int64_t least = kRampRequests;
    for (const Lane& lane : lanes_) least = std::min(least, lane.completed.load(std::memory_order_relaxed));
    const double elapsed_s = static_cast<double>((flying_.now() - begin).count()) * 1e-9;
    return (least >= kRampRequests && elapsed_s >= kRampEnough_s) || (least >= 1 && elapsed_s >= kRampMost_s);
  }

  bool is_enough() {
    const Lanes lanes = recorded();
    std::int64_t flights = 0;
    for (const std::span<const Flight> lane : lanes) flights += static_cast<std::int64_t>(lane.size());
    if (flights < plan_.exact || flights < plan_.for_percentiles) return false;
    const std::optional<Window> window = window_of(lanes);
    if (!window) return false;
    const double seconds = static_cast<double>(window->end_ns - window->begin_ns) * 1e-9;
    if (plan_.exact == 0 && seconds < plan_.min_time_s) return false;
    if (plan_.exact == 0 && seconds < plan_.max_time_s && seconds < next_look_s_) return false;  // what follows costs time
    next_look_s_ = std::max(seconds, plan_.min_time_s) * 1.1;
    const auto completed = static_cast<std::int64_t>(completed_in(lanes, *window).size());
    if (plan_.exact > 0) return completed >= plan_.exact;
    if (completed < plan_.for_percentiles) return false;
    if (seconds >= plan_.max_time_s && completed >= plan_.at_least_slow) return true;
    // Below a request of each lane to a block the shares inside would hide how requests differ.
    if (completed < std::max(plan_.at_least, static_cast<std::int64_t>(kBlocks * lanes.size()))) return false;
    return rate_half_width_ratio(block_rates(lanes, *window)) <= plan_.interval_target_ratio;
  }

  Lanes recorded() const {
    Lanes lanes;
    for (const Lane& lane : lanes_) lanes.emplace_back(lane.flights.get(), lane.recorded.load(std::memory_order_acquire));
    return lanes;
  }

  ThroughputResult result() const {
    const Lanes lanes = recorded();
    std::optional<Window> window = window_of(lanes, plan_.exact);
    if (!window) throw Error(ErrorCode::internal, "the requests in flight have no time in common");
    ThroughputResult result;
    result.window.seconds = static_cast<double>(window->end_ns - window->begin_ns) * 1e-9;
    result.begin = Nanoseconds(window->begin_ns);
    result.end = Nanoseconds(window->end_ns);
    result.window.requests = requests_in(lanes, *window);
    result.window.below_full_flight_ratio = below_full_flight_ratio(lanes, *window);
    const auto rates = block_rates(lanes, *window);
    result.window.block_requests_per_s.assign(rates.begin(), rates.end());
    result.samples_ns = completed_in(lanes, *window);
    for (const Lane& lane : lanes_) result.ramp_requests += lane.ramp_requests;
    return result;
  }

  const LoopPlan& plan_;
  const Flying& flying_;
  const std::size_t capacity_;
  std::vector<Lane> lanes_;
  std::vector<std::int64_t> seen_;
  std::atomic<bool> measuring_{false}, stop_{false}, failed_{false};
  double next_look_s_ = 0;
  std::mutex failure_mutex_;
  std::exception_ptr failure_;
};

}  // namespace

ThroughputResult fly(const LoopPlan& plan, const Flying& flying) { return Flock(plan, flying).run(); }

}  // namespace inferometer::measure
