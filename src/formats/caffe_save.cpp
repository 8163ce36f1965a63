#include <limits>

#include <cerrno>
#include <cstring>
#include <fcntl.h>

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/wire_format_lite.h>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "formats/caffe_export.h"

namespace inferometer::formats {

namespace {

using google::protobuf::internal::WireFormatLite;

std::string text_of(const inferometer_caffe::Net& inputs, const std::vector<CaffeLayer>& layers) {
  inferometer_caffe::Net net = inputs;
  for (const CaffeLayer& layer : layers) *net.add_layer() = layer.layer;
  google::protobuf::TextFormat::Printer printer;
  std::string text;
  if (!printer.PrintToString(net, &text)) throw Error(ErrorCode::internal, "a prototxt could not be made");
  return text;
}

std::uint64_t bytes_of(const std::vector<CaffeLayer>& layers) {
  std::uint64_t bytes = 0;
  for (const CaffeLayer& layer : layers) {
    bytes += 2 * layer.layer.name().size() + 64;
    for (const CaffeBlobView& blob : layer.blobs) bytes += static_cast<std::uint64_t>(element_count(blob.shape)) * sizeof(float) + 128;
  }
  return bytes;
}

inferometer_caffe::WeightsLayer message_of(const CaffeLayer& layer) {
  inferometer_caffe::WeightsLayer message;
  message.set_name(layer.layer.name());
  message.set_type(layer.layer.type());
  for (const CaffeBlobView& view : layer.blobs) {
    auto& blob = *message.add_blobs();
    for (const std::int64_t size : view.shape) blob.mutable_shape()->add_dim(size);
    const auto count = static_cast<int>(element_count(view.shape));
    blob.mutable_data()->Resize(count, 0);
    std::memcpy(blob.mutable_data()->mutable_data(), view.values, static_cast<std::size_t>(count) * sizeof(float));
  }
  return message;
}

/// Write layer by layer: of the weights only one layer's exist twice.
void write_weights(const std::filesystem::path& path, const std::string& name, const std::vector<CaffeLayer>& layers) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  const auto fail = [&](int error) {
    throw Error(ErrorCode::io, one_line(fmt::format("{}: cannot be written: {}", path.string(), std::strerror(error))));
  };
  if (!file) fail(errno);
  google::protobuf::io::FileOutputStream stream(file.number());
  {
    google::protobuf::io::CodedOutputStream coded(&stream);
    inferometer_caffe::Weights head;
    head.set_name(name);
    head.SerializeToCodedStream(&coded);
    for (const CaffeLayer& layer : layers) {
      if (layer.blobs.empty()) continue;
      const inferometer_caffe::WeightsLayer message = message_of(layer);
      coded.WriteTag(WireFormatLite::MakeTag(inferometer_caffe::Weights::kLayerFieldNumber, WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
      coded.WriteVarint32(static_cast<std::uint32_t>(message.ByteSizeLong()));
      message.SerializeWithCachedSizes(&coded);
    }
  }
  if (!stream.Flush()) fail(stream.GetErrno());
}

}  // namespace

void save_caffe(const inferometer_caffe::Net& inputs, const std::vector<CaffeLayer>& layers, const std::filesystem::path& prototxt,
                const std::filesystem::path& weights) {
  if (bytes_of(layers) > static_cast<std::uint64_t>(std::numeric_limits<int>::max())) {
    throw Error(ErrorCode::unsupported, one_line(fmt::format("{}: would be larger than 2 GB", weights.string())));
  }
  PendingFile pending(weights);
  write_weights(pending.path(), inputs.name(), layers);
  const std::string text = text_of(inputs, layers);
  pending.commit();
  try {
    write_file_atomically(prototxt, text);
  } catch (const Error&) {
    std::error_code ignored;
    std::filesystem::remove(weights, ignored);
    throw;
  }
}

}  // namespace inferometer::formats
