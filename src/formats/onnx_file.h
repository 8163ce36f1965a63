/// Take an ONNX file apart without copying its weights.
///
/// Internal to formats. The large part of an ONNX file is the raw data of its initialisers. It is left where it is: the
/// protobuf message that is parsed holds everything else, and says for each initialiser where its bytes lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <onnx/onnx_pb.h>

namespace inferometer::formats {

/// Bytes of a file. Checked against the file's size when it was made.
struct ByteRange {
  std::filesystem::path file;
  std::int64_t offset = 0;
  std::int64_t length = 0;
};

/// What becomes of the data of initialisers.
enum class OnnxData : std::uint8_t {
  located,  ///< raw data is left in the file and found through OnnxFile::raw
  dropped,  ///< nobody will ask for it
};

struct OnnxFile {
  std::filesystem::path path;
  std::int64_t bytes = 0;                     ///< size of the file
  onnx::ModelProto model;                     ///< without raw data of initialisers
  std::vector<std::optional<ByteRange>> raw;  ///< by index of the initialiser; nullopt: it has no raw data
};

/// Parse a file. Throws Error{input} when it is missing, empty, cut off or no ONNX; Error{unsupported} above 2 GB.
OnnxFile open_onnx(const std::filesystem::path& path, OnnxData data);

/// Read a range into memory. Throws Error{io}.
std::vector<std::byte> read_range(const ByteRange& range);

/// Where an initialiser with external data has its bytes. The place must lie inside the model's folder, symbolic links
/// resolved, and the file must hold that many bytes, else Error{input}.
ByteRange external_range(const OnnxFile& file, const onnx::TensorProto& tensor);

/// The bytes of an initialiser that are not in the message: external, or left in the file; nullopt when the message has them.
std::optional<ByteRange> range_of(const OnnxFile& file, std::size_t initialiser);

/// Write a model whose initialisers' raw data comes from elsewhere, without ever holding two copies of it.
/// `model.graph().initializer()` must be empty: initialisers are the `headers` (TensorProto without raw data), one by one with their data.
struct StreamedTensor {
  onnx::TensorProto header;
  std::optional<ByteRange> range;                 ///< raw data from a file, or
  const std::vector<std::byte>* bytes = nullptr;  ///< from memory (not owned), or
  std::vector<std::byte> own;                     ///< from here, when bytes is nullptr and range is empty; none when this is empty too
};

/// A model on its way to a file: the message, and its initialisers beside it. What the tensors do not own must outlive it.
struct OnnxMessage {
  onnx::ModelProto model;  ///< without initialisers
  std::vector<StreamedTensor> tensors;
};

/// The raw data of a tensor in memory. Throws Error{io}.
std::vector<std::byte> data_of(const StreamedTensor& tensor);

/// Throws Error{io}; Error{unsupported} above 2 GB. The file appears whole or not at all.
void write_streamed(const onnx::ModelProto& model, const std::vector<StreamedTensor>& tensors, const std::filesystem::path& path);

/// "model.onnx: message" as one line, in an Error of this code.
[[noreturn]] void fail_onnx(const std::filesystem::path& path, std::string_view message, std::string_view hint = {});
[[noreturn]] void fail_onnx_unsupported(const std::filesystem::path& path, std::string_view message, std::string_view hint = {});

}  // namespace inferometer::formats
