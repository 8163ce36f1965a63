#include "measure/evaluate_start.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/half_float.h"
#include "base/text.h"
#include "measure/evaluation_summary.h"
#include "measure/images.h"
#include "measure/pictures.h"

namespace inferometer::measure {
namespace {

using engine::Request;
using engine::Session;
using engine::TensorInfo;
using engine::TensorView;

/// Requests that compute side by side; whoever needs one waits for a free one.
class RequestPool {
 public:
  RequestPool(Session& session, int count) {
    for (int i = 0; i < count; ++i) requests_.push_back(session.create_request());
    for (const auto& request : requests_) free_.push_back(request.get());
  }
  Request& take() {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [this] { return !free_.empty(); });
    Request* request = free_.back();
    free_.pop_back();
    return *request;
  }
  void give_back(Request& request) {
    {
      const std::lock_guard lock(mutex_);
      free_.push_back(&request);
    }
    freed_.notify_one();
  }

 private:
  std::vector<std::unique_ptr<Request>> requests_;
  std::vector<Request*> free_;
  std::mutex mutex_;
  std::condition_variable freed_;
};

/// Holds a request while its outputs are read.
class RequestLoan {
 public:
  explicit RequestLoan(RequestPool& pool) : pool_(pool), request_(pool.take()) {}
  ~RequestLoan() { pool_.give_back(request_); }
  RequestLoan(const RequestLoan&) = delete;
  RequestLoan& operator=(const RequestLoan&) = delete;
  Request& operator*() const { return request_; }

 private:
  RequestPool& pool_;
  Request& request_;
};

/// Threads that decode and then wait for a request. Where streams are fewer than the cores asked for, the others prepare.
int preparing_threads(const Entry& entry) { return std::max(entry.streams, entry.threads); }

/// Everything that the threads share.
class Evaluation {
 public:
  Evaluation(const StartContext& context, const dataset::DataSet& data, Session& session, EvaluationRecord& record)
      : context_(context),
        data_(data),
        input_(picture_input(session)),
        batch_(static_cast<std::size_t>(context.task.entry.batch)),
        geometry_{input_.shape[1], input_.shape[2], input_.shape[3]},
        preprocessor_(preprocessing_of(context.task.evaluation, geometry_), geometry_),
        pool_(session, context.task.entry.streams),
        record_(record) {
    record.preprocessing = dataset::to_options(preprocessing_of(context.task.evaluation, geometry_));
    record.input_height = geometry_.height;
    record.input_width = geometry_.width;
    const auto& outputs = session.outputs();
    if (outputs.empty()) throw Error(ErrorCode::unsupported, "the model has no output");
    if (outputs.size() > 1) record.output = outputs.front().name;
    const std::int64_t values = element_count(outputs.front().shape);
    if (values % static_cast<std::int64_t>(batch_) != 0 || values == 0) {
      throw Error(ErrorCode::unsupported,
                  fmt::format("output {} has shape {} at batch {}", outputs.front().name, to_string(outputs.front().shape), batch_));
    }
    record.classes = values / static_cast<std::int64_t>(batch_);
  }

  /// One request on black, which pays for what frameworks put off until then.
  void run_first() {
    std::vector<std::byte> bytes(input_bytes());
    const RequestLoan loan(pool_);
    (*loan).run(std::vector<TensorView>{{input_.type, input_.shape, bytes.data(), bytes.size()}});
    context_.monitor.requests.fetch_add(1);
  }

  void run_all() {
    const int count = preparing_threads(context_.task.entry);
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) threads.emplace_back([this] { work(); });
    report_until_done(static_cast<std::size_t>(count));
    for (std::thread& thread : threads) thread.join();
    if (problem_) std::rethrow_exception(problem_);
    const auto by_image = [](const auto& a, const auto& b) { return a.image < b.image; };
    std::sort(record_.answers.begin(), record_.answers.end(), by_image);
    std::sort(record_.damaged.begin(), record_.damaged.end(), by_image);
  }

 private:
  std::size_t pixel_count() const { return static_cast<std::size_t>(geometry_.channels * geometry_.height * geometry_.width); }
  std::size_t input_bytes() const { return batch_ * pixel_count() * size_of(input_.type); }

  /// Take blocks of pictures until there are none.
  void work() {
    try {
      std::vector<float> pixels(batch_ * pixel_count());
      std::vector<std::uint16_t> halves;
      while (!stop_.load()) {
        const std::size_t begin = next_.fetch_add(batch_);
        if (begin >= data_.images.size()) break;
        run_block(begin, std::min(begin + batch_, data_.images.size()), pixels, halves);
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!problem_) problem_ = std::current_exception();
      stop_ = true;
    }
    {
      const std::lock_guard lock(mutex_);
      ++finished_;
    }
    changed_.notify_one();
  }

  void run_block(std::size_t begin, std::size_t end, std::vector<float>& pixels, std::vector<std::uint16_t>& halves) {
    std::vector<std::size_t> images;  // in their places of the batch
    for (std::size_t i = begin; i < end && !stop_.load(); ++i) {
      const std::span<float> place = std::span(pixels).subspan(images.size() * pixel_count(), pixel_count());
      if (prepare(i, place)) images.push_back(i);
      context_.monitor.requests.fetch_add(1, std::memory_order_relaxed);
    }
    if (!images.empty()) {
      for (std::size_t place = images.size(); place < batch_; ++place) {
        std::copy_n(pixels.begin(), pixel_count(), pixels.begin() + static_cast<std::ptrdiff_t>(place * pixel_count()));
      }
      infer(images, pixels, halves);
    }
    done_.fetch_add(end - begin);
  }

  /// False for a damaged picture, which is noted.
  bool prepare(std::size_t image, std::span<float> place) {
    try {
      preprocessor_.run(data_.source->load(image), data_.images[image].name, place);
      return true;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::input && error.code() != ErrorCode::io) throw;
      if (context_.task.evaluation.strict)
        throw Error(ErrorCode::usage, error.what(), "without --strict such pictures are left out and named");
      const std::lock_guard lock(mutex_);
      record_.damaged.push_back({image, one_line(error.what(), 300)});
      return false;
    }
  }

  void infer(const std::vector<std::size_t>& images, const std::vector<float>& pixels, std::vector<std::uint16_t>& halves) {
    const void* bytes = pixels.data();
    if (input_.type == ElementType::f16) {
      halves.resize(pixels.size());
      std::transform(pixels.begin(), pixels.end(), halves.begin(), to_half);
      bytes = halves.data();
    }
    const RequestLoan loan(pool_);
    const TensorView view{input_.type, input_.shape, bytes, input_bytes()};
    const std::vector<float> scores = to_floats((*loan).run({&view, 1}).front());
    context_.monitor.requests.fetch_add(1, std::memory_order_relaxed);
    const auto classes = static_cast<std::size_t>(record_.classes);
    if (scores.size() != classes * batch_) {
      throw Error(ErrorCode::engine_failure, fmt::format("{} values came out where {} were declared", scores.size(), classes * batch_));
    }
    for (std::size_t place = 0; place < images.size(); ++place) {
      const std::span<const float> own = std::span(scores).subspan(place * classes, classes);
      ImageAnswer answer{images[place], rank(images[place], own), right_probability(images[place], own)};
      const std::lock_guard lock(mutex_);
      record_.answers.push_back(std::move(answer));
    }
  }

  std::vector<RankedClass> rank(std::size_t image, std::span<const float> scores) const {
    try {
      return rank_classes(scores, kRankedClasses);
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("{}: {}", data_.images[image].name, error.what()));
    }
  }

  std::optional<double> right_probability(std::size_t image, std::span<const float> scores) const {
    const EvaluationTask& task = context_.task.evaluation;
    const std::optional<std::int64_t>& label = data_.images[image].label;
    if (!task.confidences || !label) return std::nullopt;
    const std::int64_t wanted = *label + class_offset(record_, data_, task.class_offset);
    // A label beyond the outputs is refused by judge_images(), which names it.
    if (wanted < 0 || wanted >= record_.classes) return std::nullopt;
    return class_probability(scores, static_cast<std::size_t>(wanted));
  }

  void report_until_done(std::size_t threads) {
    using namespace std::chrono_literals;
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, 200ms, [&] { return finished_ == threads; })) {
      lock.unlock();
      if (context_.say_progress) context_.say_progress(std::min(done_.load(), data_.images.size()), data_.images.size());
      lock.lock();
    }
  }

  const StartContext& context_;
  const dataset::DataSet& data_;
  TensorInfo input_;
  std::size_t batch_;
  dataset::InputGeometry geometry_;
  dataset::Preprocessor preprocessor_;
  RequestPool pool_;
  EvaluationRecord& record_;  ///< guarded by mutex_ while threads run, but for what the constructor sets
  std::atomic<std::size_t> next_{0}, done_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t finished_ = 0;
  std::exception_ptr problem_;
};

}  // namespace

const TensorInfo& picture_input(const Session& session) {
  const auto& inputs = session.inputs();
  if (inputs.size() != 1)
    throw Error(ErrorCode::unsupported, fmt::format("the model has {} inputs; one picture is what evaluate gives", inputs.size()));
  const TensorInfo& input = inputs.front();
  const bool is_picture = input.shape.size() == 4 && (input.shape[1] == 1 || input.shape[1] == 3);
  if (!is_picture || (input.type != ElementType::f32 && input.type != ElementType::f16)) {
    throw Error(ErrorCode::unsupported,
                fmt::format("input {} is {} of {}; evaluate gives pictures as [batch, 1 or 3, height, width] of f32 or f16", input.name,
                            to_string(input.shape), name_of(input.type)));
  }
  return input;
}

zoo::Preprocessing preprocessing_of(const EvaluationTask& task, const dataset::InputGeometry& input) {
  return dataset::changed(preprocessing_for(task.own, task.own_input, input), task.changes);
}

EvaluationRecord evaluate_start(const StartContext& context) {
  const WorkerTask& task = context.task;
  EvaluationRecord record;
  record.started_at = utc_timestamp();
  const dataset::DataSet data = dataset::open_data_set(task.evaluation.data);
  record.images = data.images.size();

  const Nanoseconds load_begin = steady_now();
  const std::unique_ptr<Session> session = context.engine.load(context.model, settings_of(task.entry));
  record.load_ms = static_cast<double>((steady_now() - load_begin).count()) * 1e-6;
  context.say_phase("loaded");
  const engine::ObtainedSettings obtained = session->obtained();
  record.obtained_precision = task.quantized ? "int8" : obtained.precision;
  record.obtained_threads = obtained.threads;
  record.obtained_streams = obtained.streams;

  Evaluation evaluation(context, data, *session, record);
  const RunningScope running(context.monitor);
  context.monitor.limit_s = request_limit_s(task.entry.limits, 0);
  const Nanoseconds first_begin = steady_now();
  evaluation.run_first();
  context.monitor.limit_s = request_limit_s(task.entry.limits, static_cast<double>((steady_now() - first_begin).count()) * 1e-6);
  context.say_phase("running");
  const Nanoseconds begin = steady_now();
  evaluation.run_all();
  record.seconds = static_cast<double>((steady_now() - begin).count()) * 1e-9;
  return record;
}

}  // namespace inferometer::measure
