#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <random>
#include <string_view>
#include <thread>
#include <unordered_set>

#include "base/text.h"
#include "common/session_limits.h"
#include "common/stream_slots.h"
#include "engine/check_inputs.h"
#include "engine/engine.h"
#include "faults.h"
#include "settings.h"

namespace inferometer::fake {

namespace {

using SteadyClock = std::chrono::steady_clock;

// Small, so that rotating over a pool of inputs costs the cache nothing and a request without delay takes tens of nanoseconds.
constexpr std::int64_t kChannels = 3, kSize = 8, kClasses = 10;
constexpr std::int64_t kImageElements = kChannels * kSize * kSize;
constexpr std::size_t kProbes = 12, kProbeStride = kImageElements / kProbes;

using Coefficients = std::array<std::array<float, kClasses>, kProbes>;

/// Small whole numbers without a pattern: output j of an image is the sum over probes of coefficient times element.
Coefficients make_coefficients() {
  Coefficients table{};
  std::uint32_t state = 12345;
  for (auto& row : table) {
    for (float& value : row) {
      state = state * 1664525u + 1013904223u;
      value = static_cast<float>(static_cast<int>(state >> 28) - 7);
    }
  }
  return table;
}

/// One factor for the life of the process, drawn anew in each.
double start_factor(double spread) {
  static std::random_device device;
  static const double position = std::uniform_real_distribution<double>(0, 1)(device);
  return 1 + spread * position;
}

class FakeSession;

class FakeRequest final : public engine::Request {
 public:
  explicit FakeRequest(FakeSession& session);
  std::span<const engine::TensorView> run(std::span<const engine::TensorView> inputs) override;

 private:
  void compute(const float* images);
  void spoil(Fault fault);
  void wait(SteadyClock::time_point begin, const engine::TensorView& input);

  FakeSession& session_;
  std::int64_t runs_ = 0;
  std::vector<float> output_;
  engine::TensorView view_;
  std::unordered_set<std::size_t> seen_;
  std::vector<Block> leaked_;
};

class FakeSession final : public engine::Session {
 public:
  FakeSession(const engine::SessionSettings& settings, const Behaviour& behaviour)
      : behaviour_(behaviour),
        batch_(settings.batch),
        inputs_{{"input", {settings.batch, kChannels, kSize, kSize}, ElementType::f32}},
        outputs_{{"output", {settings.batch, kClasses}, ElementType::f32}},
        memory_(take_memory(static_cast<std::size_t>(behaviour.memory_mb) * 1'000'000)),
        slots_(settings.streams) {
    obtained_ = {"cpu", "fp32", behaviour.threads > 0 ? behaviour.threads : settings.threads, settings.streams, settings.own};
    behaviour_.delay_ms *= start_factor(behaviour.start_spread);
  }

  const std::vector<engine::TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<engine::TensorInfo>& outputs() const override { return outputs_; }
  engine::ObtainedSettings obtained() const override { return obtained_; }
  std::unique_ptr<engine::Request> create_request() override { return std::make_unique<FakeRequest>(*this); }

  const Behaviour& behaviour() const { return behaviour_; }
  const Coefficients& coefficients() const { return coefficients_; }
  std::int64_t batch() const { return batch_; }
  engine::StreamSlots& slots() { return slots_; }

 private:
  Behaviour behaviour_;
  std::int64_t batch_;
  std::vector<engine::TensorInfo> inputs_, outputs_;
  engine::ObtainedSettings obtained_;
  Coefficients coefficients_ = make_coefficients();
  Block memory_;
  engine::StreamSlots slots_;
};

FakeRequest::FakeRequest(FakeSession& session) : session_(session), output_(static_cast<std::size_t>(session.batch() * kClasses)) {
  const engine::TensorInfo& output = session.outputs().front();
  view_ = {output.type, output.shape, output_.data(), output_.size() * sizeof(float)};
}

std::span<const engine::TensorView> FakeRequest::run(std::span<const engine::TensorView> inputs) {
  const engine::StreamSlots::Slot slot(session_.slots());
  const Behaviour& behaviour = session_.behaviour();
  const bool waits = behaviour.delay_ms > 0;
  const auto begin = waits ? SteadyClock::now() : SteadyClock::time_point{};
  engine::check_inputs(session_.inputs(), inputs);
  const bool faulty = behaviour.fault != Fault::none && runs_ >= behaviour.after;
  if (faulty) fail_run(behaviour.fault, leaked_);
  compute(static_cast<const float*>(inputs[0].data));
  if (faulty) spoil(behaviour.fault);
  if (waits) wait(begin, inputs[0]);
  ++runs_;
  return {&view_, 1};
}

void FakeRequest::compute(const float* images) {
  const Coefficients& coefficients = session_.coefficients();
  for (std::int64_t n = 0; n < session_.batch(); ++n) {
    std::array<float, kClasses> sums{};
    for (std::size_t probe = 0; probe < kProbes; ++probe) {
      const float element = images[n * kImageElements + static_cast<std::int64_t>(probe * kProbeStride)];
      for (std::size_t j = 0; j < kClasses; ++j) sums[j] += coefficients[probe][j] * element;
    }
    std::copy(sums.begin(), sums.end(), output_.begin() + n * kClasses);
  }
}

void FakeRequest::spoil(Fault fault) {
  switch (fault) {
    case Fault::nan: std::fill(output_.begin(), output_.end(), std::numeric_limits<float>::quiet_NaN()); return;
    case Fault::constant: std::fill(output_.begin(), output_.end(), 1.0f); return;
    case Fault::zero: std::fill(output_.begin(), output_.end(), 0.0f); return;
    case Fault::wrong:
      for (std::size_t i = 0; i < output_.size(); ++i) {
        output_[i] = -output_[i] + static_cast<float>((static_cast<std::size_t>(runs_) * 7 + i * i) % 11);
      }
      return;
    default: return;
  }
}

void FakeRequest::wait(SteadyClock::time_point begin, const engine::TensorView& input) {
  const Behaviour& behaviour = session_.behaviour();
  double delay_ms = behaviour.delay_ms * (1 + behaviour.drift * static_cast<double>(runs_));
  if (behaviour.cache) {
    const std::string_view bytes(static_cast<const char*>(input.data), input.bytes);
    if (!seen_.insert(std::hash<std::string_view>{}(bytes)).second) delay_ms /= 2;
  }
  const auto end = begin + std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double, std::milli>(delay_ms));
  if (!behaviour.spin) {
    std::this_thread::sleep_until(end);
    return;
  }
  while (SteadyClock::now() < end) {
  }
}

class FakeEngine final : public engine::Engine {
 public:
  engine::EngineInfo info() override {
    engine::EngineInfo info;
    info.name = "fake";
    info.version = INFEROMETER_VERSION;
    info.usable = true;
    info.devices = {{"cpu", "takes the time it is told to take and computes nothing", {"fp32"}}};
    info.rank = 1000;
    info.settings = own_settings();
    info.computes = false;
    return info;
  }

  std::unique_ptr<engine::Session> load(const engine::ModelFile&, const engine::SessionSettings& settings) override {
    const Behaviour behaviour = read_behaviour(settings);
    if (lower(settings.device) != "cpu") {
      throw Error(ErrorCode::missing_engine, "fake has no device '" + settings.device + "'", "it has cpu");
    }
    if (settings.precision != "fp32" && settings.precision != "native") {
      throw Error(ErrorCode::unsupported, "fake has no precision " + settings.precision, "ask for fp32 or native");
    }
    engine::require_positive(settings);
    fail_load(behaviour.fault);
    return std::make_unique<FakeSession>(settings, behaviour);
  }
};

}  // namespace

}  // namespace inferometer::fake

INFEROMETER_ENGINE_PLUGIN(inferometer::fake::FakeEngine)
