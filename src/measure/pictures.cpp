#include "measure/pictures.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "zoo/zoo.h"

namespace inferometer::measure {
namespace {

dataset::DataSet open(const std::string& images, const std::string& labels) {
  return dataset::open_data_set({images, labels, static_cast<std::int64_t>(kMostPictures)});
}

dataset::InputGeometry geometry_of(const std::vector<engine::TensorInfo>& inputs) {
  if (inputs.size() != 1 || inputs.front().shape.size() != 4) {
    throw Error(ErrorCode::usage, "--images: the model takes no picture as its only input", "without --images it is measured on patterns");
  }
  const Shape& shape = inputs.front().shape;
  return {shape[1], shape[2], shape[3]};
}

zoo::Preprocessing preprocessing_of(const Entry& entry, const dataset::InputGeometry& input) {
  const zoo::Network* network = entry.model.zoo ? zoo::find(entry.model.name) : nullptr;
  if (network == nullptr) return preprocessing_for(std::nullopt, 0, input);
  return preprocessing_for(network->preprocessing, network->input_size, input);
}

}  // namespace

zoo::Preprocessing preprocessing_for(const std::optional<zoo::Preprocessing>& own, std::int64_t own_input,
                                     const dataset::InputGeometry& input) {
  return own ? dataset::scaled_to(*own, own_input, std::min(input.height, input.width)) : dataset::default_preprocessing(input);
}

PictureReference reference_pictures(const std::string& images, const std::string& labels) {
  PictureReference reference;
  reference.images = std::filesystem::absolute(images).string();
  if (!labels.empty()) reference.labels = std::filesystem::absolute(labels).string();
  const dataset::DataSet data = open(reference.images, reference.labels);
  if (data.images.size() < kLeastPictures) {
    throw Error(ErrorCode::usage, fmt::format("--images {}: {} pictures; {} are needed", images, data.images.size(), kLeastPictures),
                fmt::format("an int8 model is checked with {}", kInt8Pictures));
  }
  reference.count = data.images.size();
  reference.sha256 = dataset::content_hash(data);
  return reference;
}

Pictures::Pictures(const Entry& entry, const std::vector<engine::TensorInfo>& inputs)
    : data_(open(entry.pictures.images, entry.pictures.labels)),
      how_(preprocessing_of(entry, geometry_of(inputs))),
      preprocessor_(how_, geometry_of(inputs)) {}

void Pictures::fill(std::uint64_t index, std::span<float> elements) const {
  const auto picture = static_cast<std::size_t>(index % data_.images.size());
  try {
    preprocessor_.run(data_.source->load(picture), data_.images[picture].name, elements);
  } catch (const Error& error) {
    throw Error(ErrorCode::usage, fmt::format("--images: {}", error.what()), "every picture must be usable here; remove this one");
  }
}

std::string Pictures::description() const {
  return fmt::format("inputs: {} pictures of {}, {}", data_.images.size(), data_.name, dataset::to_options(how_));
}

}  // namespace inferometer::measure
