#include "serve/service.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "measure/core_distance.h"
#include "measure/pictures.h"
#include "serve/status_error.h"

namespace inferometer::serve {
namespace {

std::string shape_text(const Shape& shape) {
  std::string text;
  for (const std::int64_t dimension : shape) text += fmt::format("{}{}", text.empty() ? "" : " x ", dimension);
  return text;
}

}  // namespace

dataset::InputGeometry picture_geometry(const WorkerModel& model) {
  const auto& inputs = model.inputs;
  const bool is_picture = inputs.size() == 1 && inputs.front().shape.size() == 4 &&
                          (inputs.front().type == ElementType::f32 || inputs.front().type == ElementType::f16) &&
                          (inputs.front().shape[1] == 1 || inputs.front().shape[1] == 3);
  if (is_picture) return {inputs.front().shape[1], inputs.front().shape[2], inputs.front().shape[3]};
  const std::string what = inputs.size() == 1 ? "an input of " + shape_text(inputs.front().shape) : fmt::format("{} inputs", inputs.size());
  throw StatusError(400, DdCode::service_bad_request,
                    fmt::format("the network takes no picture (one f32 or f16 input of 1 x channels x height x width): it has {}", what));
}

namespace {

std::int64_t classes_of(const WorkerModel& model) {
  if (model.outputs.empty()) throw StatusError(400, DdCode::service_bad_request, "the network has no output");
  const Shape& shape = model.outputs.front().shape;
  std::int64_t classes = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) classes *= shape[i];
  return classes;
}

/// What DeepDetect does when nothing is said: resize to the network's size whatever the shape was, cubic, blue first, values 0 to 255.
zoo::Preprocessing plain_preprocessing(const dataset::InputGeometry& input) {
  zoo::Preprocessing how;
  how.resize = zoo::ResizeRule::warp;
  how.resize_to = input.width;
  how.resize_height = input.height;
  how.interpolation = zoo::Interpolation::bicubic;
  how.crop = 0;
  how.channels = input.channels == 1 ? zoo::ChannelOrder::grey : zoo::ChannelOrder::bgr;
  how.scale = 1;
  how.mean = {0, 0, 0};
  how.standard_deviation = {1, 1, 1};
  return how;
}

}  // namespace

Service::Service(ServiceDescription description, RepositoryModel model, std::unique_ptr<Worker> worker,
                 dataset::PreprocessingChanges changes)
    : description_(std::move(description)),
      model_(std::move(model)),
      worker_(std::move(worker)),
      pool_(std::max<std::size_t>(measure::usable_cpus().size(), 1) - 1),  // the caller is one more
      changes_(std::move(changes)),
      geometry_(picture_geometry(worker_->model())),
      classes_(classes_of(worker_->model())) {}

dataset::Preprocessor Service::preprocessor(const dataset::PreprocessingChanges& call) const {
  const zoo::Preprocessing own =
      model_.own ? measure::preprocessing_for(model_.own, model_.own_input, geometry_) : plain_preprocessing(geometry_);
  try {
    return {dataset::changed(dataset::changed(own, changes_), call), geometry_};
  } catch (const Error& error) {
    throw StatusError(400, DdCode::service_bad_request, fmt::format("the preprocessing does not fit the network: {}", error.what()));
  }
}

std::string Service::label(std::int64_t index) const {
  const auto place = static_cast<std::size_t>(index);
  if (place < model_.labels.size() && !model_.labels[place].empty()) return model_.labels[place];
  return fmt::format("{}", index);
}

ServiceCounts Service::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void Service::count_success(std::size_t images, std::chrono::nanoseconds predict, std::chrono::nanoseconds transform,
                            std::chrono::nanoseconds inference) {
  using Milliseconds = std::chrono::duration<double, std::milli>;
  const std::lock_guard lock(mutex_);
  counts_.inference_count += images;
  ++counts_.predict_success;
  counts_.total_predict_ms += Milliseconds(predict).count();
  counts_.total_transform_ms += Milliseconds(transform).count();
  counts_.total_inference_ms += Milliseconds(inference).count();
  counts_.predict_seconds.add(std::chrono::duration<double>(predict).count());
  counts_.call_images.add(static_cast<double>(images));
}

void Service::count_failure() {
  const std::lock_guard lock(mutex_);
  ++counts_.predict_failure;
}

}  // namespace inferometer::serve
