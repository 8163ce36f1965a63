#include "measure/launcher.h"

#include <chrono>
#include <csignal>

#include <fmt/format.h>

#include "base/child_process.h"
#include "base/files.h"
#include "base/text.h"
#include "measure/sensors.h"

namespace inferometer::measure {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

/// A living worker speaks every 3 s.
constexpr auto kSilence = 60s;

double seconds_since(steady_clock::time_point begin) { return std::chrono::duration<double>(steady_clock::now() - begin).count(); }

Status status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::unsupported:
    case ErrorCode::missing_engine: return Status::unsupported;
    case ErrorCode::out_of_memory: return Status::out_of_memory;
    default: return Status::failed;
  }
}

WorkerOutcome ended(Status status, std::string reason, std::string hint = {}) {
  WorkerOutcome outcome;
  outcome.status = status;
  outcome.reason = one_line(reason);
  outcome.hint = std::move(hint);
  return outcome;
}

/// A worker that is gone without an answer.
WorkerOutcome judge_end(ChildProcess& child, const std::string& phase, std::optional<std::int64_t> kills_before) {
  const std::optional<ChildExit> exit = child.wait(5s);
  if (!exit) return ended(Status::failed, fmt::format("the worker closed its channel while {} and did not end", phase));
  const auto kills = oom_kills();
  if (!exit->exited && exit->signal == SIGKILL && kills && kills_before && *kills > *kills_before) {
    return ended(Status::out_of_memory, fmt::format("the kernel killed the worker for lack of memory while {}", phase));
  }
  return ended(Status::failed, fmt::format("the worker {} while {}", describe(*exit), phase));
}

/// The worker's last line, as an outcome; nullopt when it only says that it lives.
std::optional<WorkerOutcome> read_answer(const nlohmann::json& line, std::string& phase) {
  if (const auto found = line.find("phase"); found != line.end()) {
    const std::string name = found->get<std::string>();
    phase = name == "opened" ? "loading the model" : "running";
    return std::nullopt;
  }
  if (line.contains("alive")) return std::nullopt;
  if (const auto found = line.find("timed_out"); found != line.end()) {
    return ended(Status::timed_out, fmt::format("one request took longer than {:.0f} s", found->get<double>()));
  }
  if (const auto found = line.find("error"); found != line.end()) {
    const ErrorCode code = error_code(found->at("code").get<std::string>());
    WorkerOutcome outcome = ended(status_of(code), found->at("message").get<std::string>(), found->at("hint").get<std::string>());
    outcome.error = code;
    return outcome;
  }
  WorkerOutcome outcome;
  outcome.answer = line;
  return outcome;
}

ChildProcess::Options child_options(const WorkerTask& task) {
  ChildProcess::Options options;
  options.arguments = {worker_program().string(), "worker"};
  options.oom_score_adj = 1000;
  options.cpus = task.entry.cpus;
  return options;
}

}  // namespace

std::filesystem::path worker_program() { return executable_path(); }

std::filesystem::path machine_lock_path() { return "/tmp/inferometer.lock"; }

LiveWorker::LiveWorker(const WorkerTask& task, const WorkerLimits& limits)
    : limits_(limits), kills_before_(oom_kills()), begin_(steady_clock::now()), child_(child_options(task)) {
  child_.send_line(nlohmann::json(task).dump());
}

WorkerOutcome LiveWorker::supervise(const ProgressCallback& progress) {
  auto heard = steady_clock::now();
  for (;;) {
    if (interrupt_requested()) {
      child_.kill();
      throw Error(ErrorCode::interrupted, "interrupted");
    }
    const std::optional<std::string> line = child_.receive_line(50ms);
    if (line) {
      heard = steady_clock::now();
      const nlohmann::json json = nlohmann::json::parse(*line, nullptr, false);
      if (!json.is_object()) return ended(Status::failed, "the worker sent something that is no JSON object");
      if (const auto found = json.find("progress"); found != json.end()) {
        if (progress) progress(found->at(0).get<std::size_t>(), found->at(1).get<std::size_t>());
        continue;
      }
      if (auto outcome = read_answer(json, phase_)) return *outcome;
      continue;
    }
    if (child_.closed()) return judge_end(child_, phase_, kills_before_);
    if (const std::int64_t resident = child_.resident_bytes(); limits_.memory_bytes > 0 && resident > limits_.memory_bytes) {
      child_.kill();
      return ended(Status::out_of_memory,
                   fmt::format("{} MiB in use while {}, above the limit of {} MiB", resident >> 20, phase_, limits_.memory_bytes >> 20));
    }
    if (phase_ != "running" && seconds_since(begin_) > limits_.load_timeout_s) {
      child_.kill();
      return ended(Status::timed_out, fmt::format("{} took longer than {:g} s", phase_, limits_.load_timeout_s),
                   "allow more with --load-timeout-s");
    }
    if (phase_ == "running" && steady_clock::now() - heard > kSilence) {
      child_.kill();
      return ended(Status::timed_out, fmt::format("the worker said nothing for {} s while {}", kSilence.count(), phase_));
    }
  }
}

WorkerOutcome LiveWorker::answer(const ProgressCallback& progress) {
  WorkerOutcome outcome = supervise(progress);
  if (outcome.status != Status::passed) {
    end();
    outcome.log_tail = to_utf8(child_.captured_output());
  }
  return outcome;
}

bool LiveWorker::ask(const nlohmann::json& request) { return child_.send_line(request.dump()); }

void LiveWorker::end() {
  if (!child_.wait(2s)) child_.kill();
  child_.wait(5s);
}

WorkerOutcome run_worker(const WorkerTask& task, const WorkerLimits& limits, const ProgressCallback& progress) {
  LiveWorker worker(task, limits);
  WorkerOutcome outcome = worker.answer(progress);
  worker.end();
  return outcome;
}

WorkerLimits limits_of(const Limits& limits) {
  WorkerLimits result;
  result.load_timeout_s = limits.load_timeout_s;
  result.memory_bytes = limits.memory_limit_mib > 0 ? limits.memory_limit_mib << 20 : memory_available_at_most() / 10 * 8;
  return result;
}

}  // namespace inferometer::measure
