#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/child_process.h"
#include "base/clock.h"
#include "base/futex.h"
#include "base/text.h"
#include "engine/loader.h"
#include "formats/onnx.h"
#include "measure/launcher.h"
#include "measure/measure_start.h"
#include "measure/sensors.h"
#include "measure/worker_parts.h"
#include "serve/session_cache.h"
#include "serve/shared_memory.h"
#include "serve/worker.h"
#include "serve/worker_lines.h"

namespace inferometer::serve {
namespace {

using engine::TensorInfo;
using engine::TensorView;

/// A few sessions, however heavy; every power of two up to 64, where they fit the memory.
constexpr std::int64_t kFewestSessions = 3, kMostSessions = 7;

double milliseconds_since(Nanoseconds begin) { return static_cast<double>((steady_now() - begin).count()) * 1e-6; }

bool has_batch_in_front(const std::vector<TensorInfo>& tensors) {
  return std::all_of(tensors.begin(), tensors.end(),
                     [](const TensorInfo& tensor) { return !tensor.shape.empty() && tensor.shape[0] == 1; });
}

/// Whether the file leaves the batch open. What engines make of it is seen when a session is asked for.
bool takes_any_batch(const engine::ModelFile& file) {
  if (file.kind == engine::ModelKind::caffe) return true;
  const formats::OnnxSummary summary = formats::summarize_onnx(file.path);
  return std::all_of(summary.inputs.begin(), summary.inputs.end(),
                     [](const formats::OnnxTensor& input) { return !input.shape.empty() && input.shape[0] == -1; });
}

/// Everything that the process holds; the main thread makes sessions, the streams run them.
class WorkerProcess {
 public:
  explicit WorkerProcess(ParentChannel& parent) : parent_(parent) {}

  int serve() {
    const std::optional<std::string> line = parent_.receive_line();
    if (!line) return 1;
    load_ = nlohmann::json::parse(*line).get<LoadLine>();
    std::unique_ptr<LoadedSession> first = load();
    const std::optional<std::string> memory_line = parent_.receive_line();
    if (!memory_line) return 1;
    open_memory(nlohmann::json::parse(*memory_line));
    start_streams(std::move(first));
    parent_.send_line(R"({"ready": true})");
    sessions_->make_sessions();
  }

 private:
  /// Open the engine, make the session of batch 1, run it once: frameworks put things off until then.
  std::unique_ptr<LoadedSession> load() {
    const Nanoseconds begin = steady_now();
    measure::limit_thread_pools(load_.entry.threads);
    engine_ = engine::open_plugin(load_.plugin);
    file_ = measure::model_file(load_.model_path, load_.entry.model);
    const std::int64_t resident_before = measure::resident_bytes();
    std::unique_ptr<LoadedSession> first = make_session(1);
    model_.load_ms = milliseconds_since(begin);
    model_.inputs = first->session->inputs();
    model_.outputs = first->session->outputs();
    model_.obtained = first->session->obtained();
    const bool batched = has_batch_in_front(model_.inputs) && has_batch_in_front(model_.outputs) && takes_any_batch(file_);
    model_.largest_batch = batched ? load_.largest_batch : 1;
    input_bytes_ = item_bytes(model_.inputs);
    output_bytes_ = item_bytes(model_.outputs);
    const Nanoseconds run_begin = steady_now();
    run_on_zeros(*first);
    first_inference_ms_ = milliseconds_since(run_begin);
    session_bytes_ = measure::resident_bytes() - resident_before;
    parent_.send_line(nlohmann::json{{"loaded", model_}, {"first_inference_ms", first_inference_ms_}}.dump());
    return first;
  }

  std::unique_ptr<LoadedSession> make_session(std::int64_t batch) {
    auto loaded = std::make_unique<LoadedSession>();
    loaded->batch = batch;
    engine::SessionSettings settings = measure::settings_of(load_.entry);
    settings.batch = batch;
    loaded->session = engine_->load(file_, settings);
    if (batch > 1) {
      require_batch(loaded->session->inputs(), input_bytes_, batch);
      require_batch(loaded->session->outputs(), output_bytes_, batch);
    }
    for (int i = 0; i < std::max(load_.entry.streams, 1); ++i) loaded->requests.push_back(loaded->session->create_request());
    return loaded;
  }

  static void require_batch(const std::vector<TensorInfo>& tensors, const std::vector<std::size_t>& one, std::int64_t batch) {
    const std::vector<std::size_t> all = item_bytes(tensors);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (tensors[i].shape.empty() || tensors[i].shape[0] != batch || all[i] != one[i] * static_cast<std::size_t>(batch)) {
        throw Error(ErrorCode::unsupported, fmt::format("{} is {} at batch {}", tensors[i].name, to_string(tensors[i].shape), batch));
      }
    }
  }

  void run_on_zeros(LoadedSession& loaded) const {
    std::vector<std::vector<std::byte>> zeros;
    std::vector<TensorView> views;
    for (const TensorInfo& input : loaded.session->inputs()) {
      zeros.emplace_back(input_bytes_[zeros.size()]);
      views.push_back({input.type, input.shape, zeros.back().data(), zeros.back().size()});
    }
    for (const auto& request : loaded.requests) request->run(views);
  }

  void open_memory(const nlohmann::json& line) {
    const Descriptor memory(kMemoryNumber);
    memory_ = std::make_unique<SharedMemory>(
        memory,
        SharedLayout(line.at("slots").get<std::size_t>(), line.at("largest_batch").get<std::size_t>(), input_bytes_, output_bytes_));
  }

  void start_streams(std::unique_ptr<LoadedSession> first) {
    const std::int64_t memory_bytes = measure::limits_of(load_.entry.limits).memory_bytes / 4;
    const std::int64_t most = std::clamp(memory_bytes / std::max<std::int64_t>(session_bytes_, 1), kFewestSessions, kMostSessions);
    SharedHeader& header = memory_->header();
    sessions_ = std::make_unique<SessionCache>([this](std::int64_t batch) { return make_session(batch); }, std::move(first),
                                               static_cast<std::int64_t>(memory_->layout().largest_batch()), static_cast<std::size_t>(most),
                                               [&header](std::uint64_t made, std::size_t held) {
                                                 header.sessions_made = made;
                                                 header.sessions_held = held;
                                               });
    // They end with the process, which the parent ends.
    for (int stream = 0; stream < std::max(load_.entry.streams, 1); ++stream) {
      std::thread([this, stream] { run_stream(static_cast<std::size_t>(stream)); }).detach();
    }
  }

  [[noreturn]] void run_stream(std::size_t stream) {
    const SharedHeader& header = memory_->header();
    while (true) {
      const std::uint32_t posts = header.posts.load();
      if (const auto slot = claim()) {
        run_slot(*slot, stream);
      } else {
        futex_wait(header.posts, posts);
      }
    }
  }

  /// The queued slot that has waited longest, made ours.
  std::optional<std::size_t> claim() {
    while (true) {
      std::optional<std::size_t> best;
      for (std::size_t i = 0; i < memory_->layout().slots(); ++i) {
        const SharedSlot& slot = memory_->slot(i);
        if (slot.state.load() != static_cast<std::uint32_t>(SlotState::queued)) continue;
        if (!best || slot.ticket.load() < memory_->slot(*best).ticket.load()) best = i;
      }
      if (!best) return std::nullopt;
      auto queued = static_cast<std::uint32_t>(SlotState::queued);
      if (memory_->slot(*best).state.compare_exchange_strong(queued, static_cast<std::uint32_t>(SlotState::running))) return best;
    }
  }

  void run_slot(std::size_t index, std::size_t stream) {
    SharedSlot& slot = memory_->slot(index);
    SlotState result = SlotState::done;
    try {
      slot.inference_ns = 0;
      for (std::size_t item = 0; item < slot.items;) item += run_part(index, item, stream);
    } catch (...) {
      note(measure::current_error(), slot);
      result = SlotState::failed;
    }
    slot.finished_ns = steady_now().count();
    slot.state.store(static_cast<std::uint32_t>(result));
    futex_wake_all(slot.state);
  }

  /// Run a power of two of items, in place. @return how many
  std::size_t run_part(std::size_t index, std::size_t item, std::size_t stream) {
    SharedSlot& slot = memory_->slot(index);
    set_deadline(slot, load_.entry.limits.load_timeout_s);  // a session may have to be made
    const std::shared_ptr<LoadedSession> loaded = sessions_->take(slot.items - item);
    const auto batch = static_cast<std::size_t>(loaded->batch);
    set_deadline(slot, measure::request_limit_s(load_.entry.limits, first_inference_ms_ * static_cast<double>(batch)));
    std::vector<TensorView> views;
    const auto& inputs = loaded->session->inputs();
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const auto bytes = memory_->input(index, i, item, batch);
      views.push_back({inputs[i].type, inputs[i].shape, bytes.data(), bytes.size()});
    }
    const Nanoseconds begin = steady_now();
    const std::span<const TensorView> outputs = loaded->requests[stream]->run(views);
    slot.inference_ns += (steady_now() - begin).count();
    copy_outputs(outputs, index, item, batch);
    memory_->header().inferences.fetch_add(1);
    memory_->header().items.fetch_add(batch);
    return batch;
  }

  void copy_outputs(std::span<const TensorView> outputs, std::size_t index, std::size_t item, std::size_t batch) const {
    for (std::size_t i = 0; i < output_bytes_.size(); ++i) {
      const auto target = memory_->output(index, i, item, batch);
      if (i >= outputs.size() || outputs[i].bytes != target.size()) {
        throw Error(ErrorCode::engine_failure, fmt::format("output {} has {} bytes where {} were declared", model_.outputs[i].name,
                                                           i < outputs.size() ? outputs[i].bytes : 0, target.size()));
      }
      std::memcpy(target.data(), outputs[i].data, target.size());
    }
  }

  static void set_deadline(SharedSlot& slot, double seconds) {
    slot.deadline_ns = steady_now().count() + static_cast<std::int64_t>(std::min(seconds, 1e6) * 1e9);
  }

  static void note(const Error& error, SharedSlot& slot) {
    slot.error = static_cast<std::uint32_t>(error.code());
    copy_text(error.what(), slot.message);
    copy_text(error.hint(), slot.hint);
  }

  template <std::size_t N>
  static void copy_text(const std::string& text, char (&target)[N]) {
    const std::string line = one_line(to_utf8(text), N - 1);
    std::memcpy(target, line.c_str(), line.size() + 1);
  }

  ParentChannel& parent_;
  LoadLine load_;
  std::unique_ptr<engine::Engine> engine_;
  engine::ModelFile file_;
  WorkerModel model_;
  std::vector<std::size_t> input_bytes_, output_bytes_;
  double first_inference_ms_ = 0;
  std::int64_t session_bytes_ = 0;
  std::unique_ptr<SharedMemory> memory_;
  std::unique_ptr<SessionCache> sessions_;
};

}  // namespace

int worker_main() {
  ParentChannel parent;
  WorkerProcess process(parent);  // outlives its streams: the process ends without destroying it
  try {
    return process.serve();
  } catch (...) {
    parent.send_line(measure::error_json(measure::current_error()).dump());
  }
  // Frameworks' exit handlers may hang or crash; everything of ours is said.
  _exit(1);
}

}  // namespace inferometer::serve
