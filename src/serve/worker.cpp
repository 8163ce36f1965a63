#include "serve/worker.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <exception>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/child_process.h"
#include "base/text.h"
#include "measure/launcher.h"
#include "measure/sensors.h"
#include "measure/worker_parts.h"
#include "serve/shared_memory.h"
#include "serve/slot_table.h"
#include "serve/worker_lines.h"

namespace inferometer::serve {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

/// Address space that one worker's slots may take; pages that nobody touches are none.
constexpr std::size_t kMostSharedBytes = std::size_t{1} << 30;
/// How often limits of time and memory are looked at.
constexpr auto kLoadInterval = 50ms;
constexpr auto kServeInterval = 1s;
constexpr std::size_t kMostSlots = 1024;

SlotTable::Deadline deadline_in(std::chrono::milliseconds limit) {
  return steady_clock::now() + std::clamp<std::chrono::milliseconds>(limit, 0ms, std::chrono::hours(24 * 365));
}

/// The layout that fits, its batch halved until it does.
SharedLayout fitting_layout(const WorkerOptions& options, const WorkerModel& model) {
  const std::size_t slots = std::clamp<std::size_t>(options.slots, 1, kMostSlots);
  auto batch = static_cast<std::size_t>(std::max<std::int64_t>(model.largest_batch, 1));
  while (true) {
    SharedLayout layout(slots, batch, item_bytes(model.inputs), item_bytes(model.outputs));
    if (layout.total() <= kMostSharedBytes) return layout;
    if (batch == 1) {
      throw Error(ErrorCode::out_of_memory, fmt::format("{} inferences at once need {} MiB for inputs and outputs, {} MiB is the most",
                                                        slots, layout.total() >> 20, kMostSharedBytes >> 20));
    }
    batch /= 2;
  }
}

/// What a process said last, for a message; empty when it said nothing.
std::string last_line(const std::string& output) {
  const std::vector<std::string> lines = split(output, '\n');
  const auto found = std::find_if(lines.rbegin(), lines.rend(), [](const std::string& line) { return !trim(line).empty(); });
  return found == lines.rend() ? std::string() : one_line(to_utf8(*found), 200);
}

}  // namespace

struct Worker::State {
  explicit State(const WorkerOptions& asked) : options(asked), memory_descriptor(SharedMemory::create()) {
    std::promise<void> loaded;
    std::future<void> outcome = loaded.get_future();
    // The child lives as long as this thread does (PDEATHSIG), whoever made the worker.
    keeper = std::thread([this, promise = std::move(loaded)]() mutable { keep(promise); });
    try {
      outcome.get();
    } catch (...) {
      keeper.join();
      throw;
    }
  }

  ~State() {
    table->close();
    ending = true;
    kill_child();
    keeper.join();
  }

  /// The keeper's whole life.
  void keep(std::promise<void>& loaded) {
    const auto kills_before = measure::oom_kills();
    try {
      ChildProcess::Options child_options;
      child_options.arguments = {measure::worker_program().string(), "service-worker"};
      child_options.oom_score_adj = 1000;
      child_options.cpus = options.entry.cpus;
      child_options.inherit = {memory_descriptor.number()};
      ChildProcess child(child_options);
      process = child.pid();
      try {
        load(child, kills_before);
      } catch (...) {
        memory_descriptor.reset();
        loaded.set_exception(std::current_exception());
        return;
      }
      memory_descriptor.reset();
      runs = true;
      loaded.set_value();
      const Error error = supervise(child, kills_before);
      runs = false;
      {
        const std::lock_guard lock(reaping);
        child.kill();
        child.wait(5s);
        reaped = true;
      }
      table->fail(error);
    } catch (...) {
      if (!table) return loaded.set_exception(std::current_exception());
      runs = false;
      table->fail(measure::current_error());
    }
  }

  void load(ChildProcess& child, const std::optional<std::int64_t>& kills_before) {
    const auto begin = steady_clock::now();
    const LoadLine line{options.plugin, options.model_path, options.entry, std::max<std::int64_t>(options.largest_batch, 1)};
    child.send_line(nlohmann::json(line).dump());
    const nlohmann::json answer = await_line(child, begin, kills_before);
    answer.at("loaded").get_to(model);
    SharedLayout layout = fitting_layout(options, model);
    model.largest_batch = static_cast<std::int64_t>(layout.largest_batch());
    SharedMemory::resize(memory_descriptor, layout.total());
    memory.emplace(memory_descriptor, std::move(layout));
    table.emplace(*memory, static_cast<std::size_t>(std::max<std::int64_t>(options.merged_batch, 0)), options.merge_delay);
    child.send_line(nlohmann::json{{"slots", memory->layout().slots()}, {"largest_batch", model.largest_batch}}.dump());
    await_line(child, begin, kills_before);
  }

  /// The child's next line, within the limits of loading. Throws what it reports.
  nlohmann::json await_line(ChildProcess& child, steady_clock::time_point begin, const std::optional<std::int64_t>& kills_before) {
    const measure::WorkerLimits limits = measure::limits_of(options.entry.limits);
    while (true) {
      if (const std::optional<std::string> line = child.receive_line(kLoadInterval)) {
        nlohmann::json json = nlohmann::json::parse(*line, nullptr, false);
        if (!json.is_object()) throw failed("sent something that is no JSON object while it loaded the model");
        if (const auto found = json.find("error"); found != json.end()) throw measure::error_from_json(*found);
        return json;
      }
      if (child.closed()) throw ended(child, "while it loaded the model", kills_before);
      if (interrupt_requested()) throw Error(ErrorCode::interrupted, "interrupted while a model was being loaded");
      if (auto error = over_memory(child, limits.memory_bytes)) throw *error;
      if (std::chrono::duration<double>(steady_clock::now() - begin).count() > limits.load_timeout_s) {
        throw failed(fmt::format("did not load the model within {:g} s", limits.load_timeout_s));
      }
    }
  }

  /// Until the child ends or must end. @return why
  Error supervise(ChildProcess& child, const std::optional<std::int64_t>& kills_before) {
    const std::int64_t most_bytes = measure::limits_of(options.entry.limits).memory_bytes;
    std::optional<Error> reported;
    while (true) {
      if (const std::optional<std::string> line = child.receive_line(kServeInterval)) {
        const nlohmann::json json = nlohmann::json::parse(*line, nullptr, false);
        if (json.is_object() && json.contains("error")) reported = measure::error_from_json(json.at("error"));
        continue;
      }
      if (ending) return Error(ErrorCode::interrupted, "the service is being deleted");
      if (child.closed()) return reported ? *reported : ended(child, "while it served", kills_before);
      if (auto error = over_memory(child, most_bytes)) return *error;
      if (table->hangs()) return failed("was ended: one inference took longer than it may (--request-timeout-s)");
    }
  }

  std::optional<Error> over_memory(const ChildProcess& child, std::int64_t most) const {
    const std::int64_t resident = child.resident_bytes();
    if (most <= 0 || resident <= most) return std::nullopt;
    return Error(ErrorCode::out_of_memory, fmt::format("{}: the process was ended: it held {} MiB, above the limit of {} MiB",
                                                       options.entry.engine, resident >> 20, most >> 20));
  }

  Error failed(const std::string& what) const {
    return {ErrorCode::engine_failure, fmt::format("{}: the process {}", options.entry.engine, what)};
  }

  /// Why a child is gone that said nothing of it.
  Error ended(ChildProcess& child, const std::string& when, const std::optional<std::int64_t>& kills_before) {
    const std::lock_guard lock(reaping);
    const std::optional<ChildExit> exit = child.wait(5s);
    reaped = exit.has_value();
    if (!exit) return failed("closed its channel " + when);
    const auto kills = measure::oom_kills();
    if (!exit->exited && exit->signal == SIGKILL && kills && kills_before && *kills > *kills_before) {
      return {ErrorCode::out_of_memory, fmt::format("{}: the kernel killed the process for lack of memory {}", options.entry.engine, when)};
    }
    const std::string said = last_line(child.captured_output());
    return failed(fmt::format("{} {}{}", describe(*exit), when, said.empty() ? "" : "; it said last: " + said));
  }

  /// Its number is its own until it is reaped.
  void kill_child() {
    const std::lock_guard lock(reaping);
    if (!reaped) ::kill(process, SIGKILL);
  }

  const WorkerOptions options;
  Descriptor memory_descriptor;  ///< the keeper's; gone once parent and child have mapped it
  WorkerModel model;
  std::optional<SharedMemory> memory;
  std::optional<SlotTable> table;
  std::atomic<pid_t> process{-1};
  std::atomic<bool> runs{false}, ending{false};
  std::mutex reaping;
  bool reaped = false;  ///< guarded by reaping
  std::thread keeper;
};

Worker::Worker(const WorkerOptions& options) : state_(std::make_unique<State>(options)) {}
Worker::~Worker() = default;

const WorkerModel& Worker::model() const { return state_->model; }

bool Worker::alive() const { return state_->runs; }

std::string Worker::failure() const {
  const std::optional<Error> error = state_->table->failure();
  return error ? error->what() : "";
}

WorkerCounts Worker::counts() const {
  const SharedHeader& header = state_->memory->header();
  return {header.inferences, header.items, header.sessions_made, header.sessions_held};
}

std::int64_t Worker::resident_bytes() const {
  const std::lock_guard lock(state_->reaping);
  return state_->reaped ? 0 : resident_bytes_of(state_->process);
}

int Worker::process() const { return state_->process; }

struct Places::State {
  Worker::State* worker;
  TakenPlaces places;
  ~State() { worker->table->release(places); }
};

Places::Places(std::unique_ptr<State> state) : state_(std::move(state)) {}
Places::Places(Places&&) noexcept = default;
Places& Places::operator=(Places&&) noexcept = default;
Places::~Places() = default;

Places Worker::take(std::size_t items, std::chrono::milliseconds limit) {
  const TakenPlaces places = state_->table->take(items, deadline_in(limit));
  return Places(std::unique_ptr<Places::State>(new Places::State{state_.get(), places}));
}

std::optional<Places> Worker::try_take(std::size_t items) {
  const std::optional<TakenPlaces> places = state_->table->try_take(items);
  if (!places) return std::nullopt;
  return Places(std::unique_ptr<Places::State>(new Places::State{state_.get(), *places}));
}

std::size_t Places::count() const { return state_->places.count; }

std::span<std::byte> Places::input(std::size_t tensor, std::size_t item) {
  return state_->worker->memory->input(state_->places.slot, tensor, state_->places.first + item);
}

void Places::start() { state_->worker->table->start(state_->places); }

void Places::wait(std::chrono::milliseconds limit) { state_->worker->table->wait(state_->places, deadline_in(limit)); }

std::span<const std::byte> Places::output(std::size_t tensor, std::size_t item) const {
  return state_->worker->memory->output(state_->places.slot, tensor, state_->places.first + item);
}

std::chrono::nanoseconds Places::inference_time() const {
  return std::chrono::nanoseconds(state_->worker->memory->slot(state_->places.slot).inference_ns);
}

std::size_t Places::inference_items() const { return state_->worker->memory->slot(state_->places.slot).items; }

Nanoseconds Places::finished() const { return Nanoseconds(state_->worker->memory->slot(state_->places.slot).finished_ns); }

}  // namespace inferometer::serve
