#include "measure/calibration.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/half_float.h"
#include "base/text.h"
#include "measure/evaluate_start.h"
#include "measure/images.h"

namespace inferometer::measure {
namespace {

constexpr std::size_t kBins = 4096;

/// Everything that both passes need.
class Calibration {
 public:
  explicit Calibration(const StartContext& context)
      : context_(context),
        data_(dataset::open_data_set(context.task.evaluation.data)),
        session_(context.engine.load(context.model, settings_of(context.task.entry))),
        request_(session_->create_request()),
        input_(picture_input(*session_)),
        geometry_{input_.shape[1], input_.shape[2], input_.shape[3]},
        how_(preprocessing_of(context.task.evaluation, geometry_)),
        preprocessor_(how_, geometry_),
        pixels_(static_cast<std::size_t>(geometry_.channels * geometry_.height * geometry_.width)) {
    if (input_.type != ElementType::f32 || input_.shape[0] != 1)
      throw Error(ErrorCode::unsupported, "pictures for calibration go one by one, as f32");
  }

  CalibrationRecord run() {
    const double percentile = context_.task.percentile;
    CalibrationRecord record;
    record.engine_precision = session_->obtained().precision;
    record.preprocessing = dataset::to_options(how_);
    const std::size_t passes = percentile < 100 ? 2 : 1;
    record.images = pass(record.damaged, 0, passes, [](RangeObserver& observer, std::span<const float> v) { observer.observe(v); });
    if (record.images == 0) {
      const std::string why = record.damaged.empty() ? "it is empty" : record.damaged.front().reason;
      throw Error(ErrorCode::input, fmt::format("{}: no picture could be used: {}", data_.name, why));
    }
    if (passes == 2) {
      for (auto& [name, observer] : observers_) observer.begin_counting();
      std::vector<DamagedImage> known;
      pass(known, 1, passes, [](RangeObserver& observer, std::span<const float> v) { observer.count(v); });
    }
    for (const auto& [name, observer] : observers_) {
      record.ranges[name] = passes == 2 ? observer.within(percentile) : observer.extremes();
    }
    return record;
  }

 private:
  /// @return pictures used
  template <typename Note>
  std::size_t pass(std::vector<DamagedImage>& damaged, std::size_t done_passes, std::size_t passes, Note note) {
    std::size_t used = 0;
    for (std::size_t i = 0; i < data_.images.size(); ++i) {
      try {
        preprocessor_.run(data_.source->load(i), data_.images[i].name, pixels_);
      } catch (const Error& error) {
        if (error.code() != ErrorCode::input && error.code() != ErrorCode::io) throw;
        damaged.push_back({i, one_line(error.what(), 300)});
        continue;
      }
      const engine::TensorView view{input_.type, input_.shape, pixels_.data(), pixels_.size() * sizeof(float)};
      const auto outputs = request_->run({&view, 1});
      context_.monitor.requests.fetch_add(1);
      observe(input_.name, pixels_, note);
      for (std::size_t output = 0; output < outputs.size(); ++output) {
        observe(session_->outputs()[output].name, to_floats(outputs[output]), note);
      }
      ++used;
      if (context_.say_progress) context_.say_progress(done_passes * data_.images.size() + i + 1, passes * data_.images.size());
    }
    return used;
  }

  template <typename Note>
  void observe(const std::string& name, std::span<const float> values, Note note) {
    try {
      note(observers_[name], values);
    } catch (const Error& error) {
      throw Error(error.code(), one_line(fmt::format("tensor {}: {}", name, error.what())), error.hint());
    }
  }

  const StartContext& context_;
  dataset::DataSet data_;
  std::unique_ptr<engine::Session> session_;
  std::unique_ptr<engine::Request> request_;
  engine::TensorInfo input_;
  dataset::InputGeometry geometry_;
  zoo::Preprocessing how_;
  dataset::Preprocessor preprocessor_;
  std::vector<float> pixels_;
  std::map<std::string, RangeObserver> observers_;
};

}  // namespace

void RangeObserver::observe(std::span<const float> values) {
  for (const float value : values) {
    if (!std::isfinite(value)) throw Error(ErrorCode::engine_failure, fmt::format("holds {}", value), "check the weights");
    if (!any_) extremes_ = {value, value};
    any_ = true;
    extremes_.low = std::min<double>(extremes_.low, value);
    extremes_.high = std::max<double>(extremes_.high, value);
  }
}

void RangeObserver::begin_counting() { counts_.assign(kBins, 0); }

void RangeObserver::count(std::span<const float> values) {
  const double width = (extremes_.high - extremes_.low) / static_cast<double>(kBins);
  for (const float value : values) {
    const double place = width > 0 ? (value - extremes_.low) / width : 0;
    ++counts_[static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(kBins - 1)))];
  }
  total_ += values.size();
}

ObservedRange RangeObserver::within(double percentile) const {
  const double width = (extremes_.high - extremes_.low) / static_cast<double>(kBins);
  const double outside = static_cast<double>(total_) * (100 - percentile) / 200;
  std::size_t first = 0, last = kBins - 1;
  for (double cut = 0; first < last && cut + static_cast<double>(counts_[first]) <= outside; ++first)
    cut += static_cast<double>(counts_[first]);
  for (double cut = 0; last > first && cut + static_cast<double>(counts_[last]) <= outside; --last)
    cut += static_cast<double>(counts_[last]);
  ObservedRange range{extremes_.low + static_cast<double>(first) * width, extremes_.low + static_cast<double>(last + 1) * width};
  if (last == kBins - 1) range.high = extremes_.high;  // without a rounding's difference
  return range;
}

void to_json(nlohmann::json& json, const CalibrationRecord& record) {
  nlohmann::json ranges = nlohmann::json::object(), damaged = nlohmann::json::array();
  for (const auto& [name, range] : record.ranges) ranges[name] = {range.low, range.high};
  for (const DamagedImage& image : record.damaged) damaged.push_back({image.image, to_utf8(image.reason)});
  json = {{"ranges", std::move(ranges)},
          {"damaged", std::move(damaged)},
          {"images", record.images},
          {"preprocessing", record.preprocessing},
          {"engine_precision", record.engine_precision}};
}

void from_json(const nlohmann::json& json, CalibrationRecord& record) {
  record = {};
  for (const auto& [name, range] : json.at("ranges").items()) record.ranges[name] = {range.at(0).get<double>(), range.at(1).get<double>()};
  for (const auto& image : json.at("damaged")) record.damaged.push_back({image.at(0).get<std::size_t>(), image.at(1).get<std::string>()});
  json.at("images").get_to(record.images);
  json.at("preprocessing").get_to(record.preprocessing);
  json.at("engine_precision").get_to(record.engine_precision);
}

CalibrationRecord calibrate_start(const StartContext& context) {
  Calibration calibration(context);
  context.say_phase("loaded");
  const RunningScope running(context.monitor);
  context.monitor.limit_s = request_limit_s(context.task.entry.limits, 0);
  context.say_phase("running");
  return calibration.run();
}

}  // namespace inferometer::measure
