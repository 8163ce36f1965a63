#include "serve/predict.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/half_float.h"
#include "base/text.h"
#include "measure/images.h"
#include "serve/status_error.h"

namespace inferometer::serve {
namespace {

using std::chrono::milliseconds;

/// A call's time, from its first item to its last output.
class TimeLimit {
 public:
  explicit TimeLimit(milliseconds limit) : limit_(limit), end_(steady_now() + limit) {}
  milliseconds left() const { return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(end_ - steady_now())); }
  void check() const {
    if (steady_now() >= end_) throw exceeded();
  }
  StatusError exceeded() const {
    return {500, DdCode::internal_error, fmt::format("the call took longer than its limit of {} ms", limit_.count())};
  }

 private:
  milliseconds limit_;
  Nanoseconds end_;
};

/// Items of a call that go through one inference.
struct Chunk {
  Places places;
  std::size_t first = 0;
  Nanoseconds prepare_begin{0}, prepare_end{0};
};

struct ChunkTimes {
  Nanoseconds preparation{0};  ///< that no inference of the call hid
  Nanoseconds inference{0};
};

/// Prepare chunk after chunk while the one before infers.
/// @param prepare  (places, index of their first item): fill the inputs
/// @param collect  likewise, to read the outputs
template <class Prepare, class Collect>
ChunkTimes run_chunks(Worker& worker, std::size_t count, const TimeLimit& limit, const Prepare& prepare, const Collect& collect) {
  const auto most = static_cast<std::size_t>(worker.model().largest_batch);
  ChunkTimes times;
  std::optional<Chunk> running;
  const auto finish = [&](Chunk& chunk, Chunk* next) {
    chunk.places.wait(limit.left());
    times.inference += chunk.places.inference_time();
    if (next != nullptr) {
      const Nanoseconds hidden = std::min(next->prepare_end, chunk.places.finished()) - next->prepare_begin;
      times.preparation += next->prepare_end - next->prepare_begin - std::max(hidden, Nanoseconds(0));
    }
    collect(chunk.places, chunk.first);
  };
  for (std::size_t first = 0; first < count; first += most) {
    const std::size_t items = std::min(most, count - first);
    std::optional<Places> places = worker.try_take(items);
    if (!places) {
      if (running) finish(*running, nullptr);
      running.reset();
      places.emplace(worker.take(items, limit.left()));
    }
    Chunk chunk{std::move(*places), first, steady_now()};
    prepare(chunk.places, first);
    chunk.prepare_end = steady_now();
    limit.check();
    chunk.places.start();
    if (running) {
      finish(*running, &chunk);
    } else {
      times.preparation += chunk.prepare_end - chunk.prepare_begin;
    }
    running.emplace(std::move(chunk));
  }
  if (running) finish(*running, nullptr);
  return times;
}

/// Errors of the worker as the status that callers see.
template <class Action>
auto with_status(const TimeLimit& limit, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::interrupted && limit.left().count() == 0) throw limit.exceeded();
    throw StatusError(500, DdCode::internal_error, one_line(error.what()));
  }
}

void write_halves(std::span<std::byte> target, std::span<const float> values) {
  std::vector<std::uint16_t> halves(values.size());
  std::transform(values.begin(), values.end(), halves.begin(), to_half);
  std::memcpy(target.data(), halves.data(), target.size());
}

/// The one input that is filled from floats. Throws StatusError 400/1006.
const engine::TensorInfo& float_input(const WorkerModel& model) {
  const auto fits = [](ElementType type) { return type == ElementType::f32 || type == ElementType::f16; };
  if (model.inputs.size() == 1 && fits(model.inputs.front().type)) return model.inputs.front();
  throw StatusError(400, DdCode::service_bad_request, "the network does not take one input of f32 or f16");
}

std::vector<float> probabilities(std::vector<float> scores, bool are_probabilities, std::size_t item) {
  if (!std::all_of(scores.begin(), scores.end(), [](float score) { return std::isfinite(score); })) {
    throw StatusError(500, DdCode::internal_error, fmt::format("what the network gave for item {} is not finite", item));
  }
  if (are_probabilities || scores.empty()) return scores;
  const double highest = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  std::vector<double> powers(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) sum += powers[i] = std::exp(scores[i] - highest);
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = static_cast<float>(powers[i] / sum);
  return scores;
}

/// @param fill  (item, its input's values): called for several items at once
template <class Fill>
Prediction predict(Service& service, std::size_t count, const TimeLimit& limit, const Fill& fill) {
  Worker& worker = service.worker();
  const engine::TensorInfo& input = float_input(worker.model());
  if (worker.model().outputs.empty()) throw StatusError(400, DdCode::service_bad_request, "the network has no output");
  const engine::TensorInfo& output = worker.model().outputs.front();
  const auto values = static_cast<std::size_t>(element_count(input.shape));
  Prediction prediction;
  prediction.scores.resize(count);
  const auto prepare = [&](Places& places, std::size_t first) {
    service.pool().run(places.count(), [&](std::size_t i) {
      limit.check();
      const std::span<std::byte> target = places.input(0, i);
      if (input.type == ElementType::f32) {
        fill(first + i, std::span<float>(reinterpret_cast<float*>(target.data()), values));
        return;
      }
      std::vector<float> floats(values);
      fill(first + i, std::span<float>(floats));
      write_halves(target, floats);
    });
  };
  const auto collect = [&](const Places& places, std::size_t first) {
    for (std::size_t i = 0; i < places.count(); ++i) {
      const std::span<const std::byte> bytes = places.output(0, i);
      const std::vector<float> scores = measure::to_floats({output.type, output.shape, bytes.data(), bytes.size()});
      prediction.scores[first + i] = probabilities(scores, service.model().ends_in_softmax, first + i);
    }
  };
  const ChunkTimes times = with_status(limit, [&] { return run_chunks(worker, count, limit, prepare, collect); });
  prediction.transform = times.preparation;
  prediction.inference = times.inference;
  return prediction;
}

}  // namespace

Prediction predict_items(Service& service, const std::vector<DataItem>& items, const dataset::Preprocessor& preprocessor,
                         const InputLimits& limits, milliseconds limit) {
  return predict(service, items.size(), TimeLimit(limit),
                 [&](std::size_t item, std::span<float> values) { prepare_item(items[item], preprocessor, limits, values); });
}

Prediction predict_tensors(Service& service, std::span<const float> elements, std::size_t count, milliseconds limit) {
  const auto values = static_cast<std::size_t>(element_count(float_input(service.worker().model()).shape));
  if (elements.size() != values * count) {
    throw StatusError(400, DdCode::service_input, fmt::format("{} values for {} items of {}", elements.size(), count, values));
  }
  return predict(service, count, TimeLimit(limit), [&](std::size_t item, std::span<float> target) {
    std::copy_n(elements.begin() + static_cast<std::ptrdiff_t>(item * values), values, target.begin());
  });
}

TensorResult infer_tensors(Service& service, const std::vector<std::span<const std::byte>>& inputs, std::size_t count, milliseconds limit) {
  Worker& worker = service.worker();
  const WorkerModel& model = worker.model();
  if (inputs.size() != model.inputs.size()) {
    throw StatusError(400, DdCode::service_input, fmt::format("{} inputs are given, the model has {}", inputs.size(), model.inputs.size()));
  }
  const auto bytes_of = [](const engine::TensorInfo& tensor) {
    return static_cast<std::size_t>(element_count(tensor.shape)) * size_of(tensor.type);
  };
  for (std::size_t t = 0; t < inputs.size(); ++t) {
    if (inputs[t].size() == bytes_of(model.inputs[t]) * count) continue;
    throw StatusError(400, DdCode::service_input,
                      fmt::format("input {} has {} bytes, {} items of {} are needed", model.inputs[t].name, inputs[t].size(), count,
                                  bytes_of(model.inputs[t])));
  }
  TensorResult result;
  for (const engine::TensorInfo& output : model.outputs) result.outputs.emplace_back(bytes_of(output) * count);
  // Items of a tensor are neighbours in the memory as they are in the request.
  const auto prepare = [&](Places& places, std::size_t first) {
    for (std::size_t t = 0; t < inputs.size(); ++t) {
      const std::size_t bytes = bytes_of(model.inputs[t]);
      std::memcpy(places.input(t, 0).data(), inputs[t].data() + first * bytes, bytes * places.count());
    }
  };
  const auto collect = [&](const Places& places, std::size_t first) {
    for (std::size_t t = 0; t < result.outputs.size(); ++t) {
      const std::size_t bytes = bytes_of(model.outputs[t]);
      std::memcpy(result.outputs[t].data() + first * bytes, places.output(t, 0).data(), bytes * places.count());
    }
  };
  const TimeLimit time_limit(limit);
  result.inference = with_status(time_limit, [&] { return run_chunks(worker, count, time_limit, prepare, collect); }).inference;
  return result;
}

}  // namespace inferometer::serve
