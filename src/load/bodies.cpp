#include "load/bodies.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "dataset/data_set.h"
#include "measure/pictures.h"

namespace inferometer::load {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::vector<fs::path> picture_files(const fs::path& images) {
  if (images.empty()) throw Error(ErrorCode::usage, "--images: nothing says which pictures to send", "give --images DIR or FILE");
  if (!fs::exists(images)) throw Error(ErrorCode::input, fmt::format("--images {}: does not exist", images.string()));
  if (!fs::is_directory(images)) return {images};
  const dataset::DataSet data = dataset::open_data_set({images, {}, 0});
  std::vector<fs::path> files;
  for (const dataset::Image& image : data.images) files.push_back(images / image.name);
  if (files.empty()) throw Error(ErrorCode::usage, fmt::format("--images {}: holds no picture", images.string()));
  return files;
}

std::string dump(const json& value) { return value.dump(-1, ' ', true, json::error_handler_t::replace); }

/// Turns pictures of one request into its text.
class Writer {
 public:
  virtual ~Writer() = default;
  virtual std::string write(const std::vector<fs::path>& pictures) const = 0;
};

/// {"service":...,"parameters":{...},"data":[...]}, as DeepDetect's own client orders it.
class DeepDetectWriter : public Writer {
 public:
  DeepDetectWriter(const Payload& payload) : payload_(payload) {}
  std::string write(const std::vector<fs::path>& pictures) const override {
    json data = json::array();
    for (const fs::path& picture : pictures)
      data.push_back(payload_.kind == BodyKind::path ? path_of(picture) : encode_base64(read_file(picture)));
    return fmt::format(R"({{"service":{},"parameters":{{"input":{{}},"mllib":{{}},"output":{{}}}},"data":{}}})", dump(payload_.service),
                       dump(data));
  }

 private:
  std::string path_of(const fs::path& picture) const {
    if (!payload_.server_folder) return fs::absolute(picture).lexically_normal().string();
    const fs::path folder = fs::is_directory(payload_.images) ? payload_.images : payload_.images.parent_path();
    return (fs::path(*payload_.server_folder) / picture.lexically_relative(folder)).string();
  }
  const Payload& payload_;
};

/// {"inputs":[{"name":...,"shape":[n,c,h,w],"datatype":"FP32","data":[...]}]} of the v2 interface.
class TensorWriter : public Writer {
 public:
  TensorWriter(const Payload& payload)
      : payload_(payload),
        preprocessor_(dataset::changed(dataset::default_preprocessing(payload.geometry), payload.changes), payload.geometry) {}
  std::string write(const std::vector<fs::path>& pictures) const override {
    const dataset::InputGeometry& geometry = payload_.geometry;
    std::vector<float> values(static_cast<std::size_t>(geometry.channels * geometry.height * geometry.width));
    std::string text = fmt::format(R"({{"inputs":[{{"name":{},"shape":[{},{},{},{}],"datatype":"FP32","data":[)",
                                   dump(payload_.tensor_name), pictures.size(), geometry.channels, geometry.height, geometry.width);
    for (const fs::path& file : pictures) {
      const std::string bytes = read_file(file);
      const auto picture = dataset::decode_picture({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, file.string());
      preprocessor_.run(picture, file.string(), values);
      for (const float value : values) fmt::format_to(std::back_inserter(text), "{},", value);
    }
    text.back() = ']';
    return text + "}]}";
  }

 private:
  const Payload& payload_;
  dataset::Preprocessor preprocessor_;
};

std::unique_ptr<Writer> writer_for(const Payload& payload, Interface interface) {
  if (payload.per_request < 1) throw Error(ErrorCode::usage, "--per-request: at least one image");
  if (interface == Interface::deepdetect && payload.kind != BodyKind::tensor) return std::make_unique<DeepDetectWriter>(payload);
  if (interface == Interface::kserve && payload.kind == BodyKind::tensor) return std::make_unique<TensorWriter>(payload);
  throw Error(ErrorCode::usage,
              interface == Interface::deepdetect ? "--send tensor: DeepDetect's interface takes none"
              : interface == Interface::kserve   ? "--send: the v2 interface takes tensors here"
                                                 : "--api post: sends files only",
              interface == Interface::deepdetect ? "--send path or --send base64"
              : interface == Interface::kserve   ? "--send tensor"
                                                 : "--body FILE");
}

Bodies read_bodies(const Payload& payload) {
  Bodies bodies;
  for (const fs::path& file : payload.files) {
    require_readable_file(file);
    bodies.texts.push_back(read_file(file, static_cast<std::int64_t>(kMostBodyBytes)));
  }
  bodies.images = payload.per_request;
  return bodies;
}

}  // namespace

Bodies make_bodies(const Payload& payload, Interface interface) {
  if (payload.kind == BodyKind::file) return read_bodies(payload);
  const std::unique_ptr<Writer> writer = writer_for(payload, interface);
  const std::vector<fs::path> files = picture_files(payload.images);
  Bodies bodies;
  std::size_t bytes = 0, used = 0;
  while (used < files.size() && bodies.texts.size() < kMostBodies && bytes < kMostBodyBytes) {
    std::vector<fs::path> pictures;
    while (pictures.size() < payload.per_request) pictures.push_back(files[used++ % files.size()]);
    bodies.texts.push_back(writer->write(pictures));
    bytes += bodies.texts.back().size();
  }
  bodies.images = std::min(used, files.size());
  if (used < files.size()) {
    bodies.note = fmt::format("{} of {} pictures are sent, in {} bodies", used, files.size(), bodies.texts.size());
  } else if (used > files.size()) {
    bodies.note = fmt::format("{} of the {} pictures stand twice or more in the bodies, to fill requests of {}", used - files.size(),
                              files.size(), payload.per_request);
  }
  return bodies;
}

}  // namespace inferometer::load
