#include "formats/onnx_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace inferometer::formats {

namespace {

namespace io = google::protobuf::io;
using google::protobuf::internal::WireFormatLite;

constexpr std::int64_t kMostBytes = std::numeric_limits<std::int32_t>::max();  // protobuf's own limit for one message

Descriptor open_file(const std::filesystem::path& path, int flags) {
  Descriptor descriptor(::open(path.c_str(), flags | O_CLOEXEC, 0666));
  if (!descriptor) throw Error(ErrorCode::io, one_line(fmt::format("{}: {}", path.string(), std::strerror(errno))));
  return descriptor;
}

/// Copies a serialised model without the data of its initialisers. Every function returns false on broken bytes.
class Skeleton {
 public:
  Skeleton(std::filesystem::path path, OnnxData data) : path_(std::move(path)), data_(data) {}

  bool copy_model(io::CodedInputStream& in, io::CodedOutputStream& out) {
    return copy_message(in, out, [&](std::uint32_t field, std::string& nested) {
      if (field != onnx::ModelProto::kGraphFieldNumber) return Nested::verbatim;
      return copy_nested(in, nested, [&](io::CodedOutputStream& inner) { return copy_graph(in, inner); });
    });
  }

  std::vector<std::optional<ByteRange>> ranges;

 private:
  enum class Nested { verbatim, copied, broken, left_out };

  /// Copy fields up to the current limit; `reduce` may take over a length-delimited field.
  template <typename Reduce>
  bool copy_message(io::CodedInputStream& in, io::CodedOutputStream& out, Reduce reduce) {
    while (in.BytesUntilLimit() > 0) {
      const std::uint32_t tag = in.ReadTag();
      if (tag == 0) return false;
      std::string nested;
      auto outcome = Nested::verbatim;
      if (WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
        outcome = reduce(static_cast<std::uint32_t>(WireFormatLite::GetTagFieldNumber(tag)), nested);
      }
      if (outcome == Nested::broken) return false;
      if (outcome == Nested::verbatim && !WireFormatLite::SkipField(&in, tag, &out)) return false;
      if (outcome != Nested::copied) continue;
      out.WriteVarint32(tag);
      out.WriteVarint32(static_cast<std::uint32_t>(nested.size()));
      out.WriteString(nested);
    }
    return true;
  }

  template <typename Copy>
  Nested copy_nested(io::CodedInputStream& in, std::string& nested, Copy copy) {
    int length = 0;
    if (!in.ReadVarintSizeAsInt(&length) || length > in.BytesUntilLimit()) return Nested::broken;
    const auto limit = in.PushLimit(length);
    {
      io::StringOutputStream text(&nested);
      io::CodedOutputStream inner(&text);
      if (!copy(inner)) return Nested::broken;
    }
    in.PopLimit(limit);
    return Nested::copied;
  }

  bool copy_graph(io::CodedInputStream& in, io::CodedOutputStream& out) {
    return copy_message(in, out, [&](std::uint32_t field, std::string& nested) {
      if (field != onnx::GraphProto::kInitializerFieldNumber) return Nested::verbatim;
      ranges.emplace_back();
      return copy_nested(in, nested, [&](io::CodedOutputStream& inner) { return copy_tensor(in, inner); });
    });
  }

  bool copy_tensor(io::CodedInputStream& in, io::CodedOutputStream& out) {
    return copy_message(in, out, [&](std::uint32_t field, std::string&) {
      const bool raw = field == onnx::TensorProto::kRawDataFieldNumber;
      const bool typed = field == onnx::TensorProto::kFloatDataFieldNumber || field == onnx::TensorProto::kInt32DataFieldNumber ||
                         field == onnx::TensorProto::kInt64DataFieldNumber || field == onnx::TensorProto::kDoubleDataFieldNumber ||
                         field == onnx::TensorProto::kUint64DataFieldNumber || field == onnx::TensorProto::kStringDataFieldNumber;
      if (!raw && !(typed && data_ == OnnxData::dropped)) return Nested::verbatim;
      int length = 0;
      if (!in.ReadVarintSizeAsInt(&length) || length > in.BytesUntilLimit()) return Nested::broken;
      if (raw) ranges.back() = ByteRange{path_, in.CurrentPosition(), length};
      return in.Skip(length) ? Nested::left_out : Nested::broken;
    });
  }

  std::filesystem::path path_;
  OnnxData data_;
};

void write_range(const ByteRange& range, io::CodedOutputStream& out) {
  constexpr std::int64_t kPiece = 1 << 20;
  const Descriptor file = open_file(range.file, O_RDONLY);
  std::vector<char> buffer(static_cast<std::size_t>(std::min(kPiece, std::max<std::int64_t>(range.length, 1))));
  for (std::int64_t done = 0; done < range.length;) {
    const auto wanted = std::min<std::int64_t>(static_cast<std::int64_t>(buffer.size()), range.length - done);
    const auto got = ::pread(file.number(), buffer.data(), static_cast<std::size_t>(wanted), range.offset + done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw Error(ErrorCode::io, one_line(range.file.string() + ": became shorter while it was read"));
    out.WriteRaw(buffer.data(), static_cast<int>(got));
    done += got;
  }
}

std::int64_t raw_length(const StreamedTensor& tensor) {
  if (tensor.range) return tensor.range->length;
  return static_cast<std::int64_t>(tensor.bytes != nullptr ? tensor.bytes->size() : tensor.own.size());
}

std::int64_t field_bytes(std::int64_t payload) {  // tag of one byte (field numbers below 16), length, payload
  return 1 + static_cast<std::int64_t>(io::CodedOutputStream::VarintSize64(static_cast<std::uint64_t>(payload))) + payload;
}

std::uint32_t delimited(int field) { return WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED); }

void write_tensor(const StreamedTensor& tensor, io::CodedOutputStream& out) {
  tensor.header.SerializeToCodedStream(&out);
  const std::int64_t length = raw_length(tensor);
  if (length == 0) return;
  out.WriteVarint32(delimited(onnx::TensorProto::kRawDataFieldNumber));
  out.WriteVarint32(static_cast<std::uint32_t>(length));
  if (tensor.range) {
    write_range(*tensor.range, out);
    return;
  }
  const auto& bytes = tensor.bytes != nullptr ? *tensor.bytes : tensor.own;
  out.WriteRaw(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace

void fail_onnx(const std::filesystem::path& path, std::string_view message, std::string_view hint) {
  throw Error(ErrorCode::input, one_line(fmt::format("{}: {}", path.string(), message)), one_line(hint));
}

void fail_onnx_unsupported(const std::filesystem::path& path, std::string_view message, std::string_view hint) {
  throw Error(ErrorCode::unsupported, one_line(fmt::format("{}: {}", path.string(), message)), one_line(hint));
}

std::vector<std::byte> data_of(const StreamedTensor& tensor) {
  if (tensor.range) return read_range(*tensor.range);
  return tensor.bytes != nullptr ? *tensor.bytes : tensor.own;
}

OnnxFile open_onnx(const std::filesystem::path& path, OnnxData data) {
  require_readable_file(path);
  const Descriptor input = open_file(path, O_RDONLY);
  struct stat status {};
  if (::fstat(input.number(), &status) != 0)
    throw Error(ErrorCode::io, one_line(fmt::format("{}: {}", path.string(), std::strerror(errno))));
  OnnxFile file{path, static_cast<std::int64_t>(status.st_size), {}, {}};
  if (file.bytes == 0) fail_onnx(path, "is empty, no ONNX file");
  if (file.bytes > kMostBytes) fail_onnx_unsupported(path, "is larger than 2 GB", "store its weights as external data");

  Skeleton skeleton(path, data);
  std::string reduced;
  bool whole = false;
  {
    io::FileInputStream stream(input.number());
    io::CodedInputStream in(&stream);
    in.PushLimit(static_cast<int>(file.bytes));
    io::StringOutputStream text(&reduced);
    io::CodedOutputStream out(&text);
    whole = skeleton.copy_model(in, out);
  }
  // Text and random bytes often are valid protobuf of unknown fields, so what every model has is asked for as well.
  if (!whole || !file.model.ParseFromString(reduced) || !file.model.has_graph() || !file.model.has_ir_version()) {
    fail_onnx(path, "is no ONNX file, or cut off or damaged");
  }
  file.raw = std::move(skeleton.ranges);
  if (file.raw.size() != static_cast<std::size_t>(file.model.graph().initializer_size())) fail_onnx(path, "has damaged initialisers");
  return file;
}

std::vector<std::byte> read_range(const ByteRange& range) {
  const Descriptor file = open_file(range.file, O_RDONLY);
  std::vector<std::byte> bytes(static_cast<std::size_t>(range.length));
  for (std::size_t done = 0; done < bytes.size();) {
    const auto got = ::pread(file.number(), bytes.data() + done, bytes.size() - done, range.offset + static_cast<std::int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw Error(ErrorCode::io, one_line(range.file.string() + ": became shorter while it was read"));
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

ByteRange external_range(const OnnxFile& file, const onnx::TensorProto& tensor) {
  std::string location;
  std::int64_t offset = 0;
  std::optional<std::int64_t> length;
  const auto number = [&](const onnx::StringStringEntryProto& entry) {
    const auto value = parse_integer(entry.value());
    if (!value || *value < 0)
      fail_onnx(file.path, fmt::format("{}: bad {} of external data: '{}'", tensor.name(), entry.key(), entry.value()));
    return *value;
  };
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = number(entry);
    if (entry.key() == "length") length = number(entry);
  }

  const std::filesystem::path relative(location);
  const bool climbs = std::find(relative.begin(), relative.end(), "..") != relative.end();
  if (location.empty() || location.find('\0') != std::string::npos || relative.is_absolute() || climbs) {
    fail_onnx(file.path, fmt::format("{}: external data '{}' does not lie in the model's folder", tensor.name(), location));
  }
  std::error_code problem;
  const auto folder = std::filesystem::weakly_canonical(std::filesystem::absolute(file.path).parent_path(), problem);
  const auto place = std::filesystem::weakly_canonical(folder / relative, problem);
  if (problem || std::mismatch(folder.begin(), folder.end(), place.begin(), place.end()).first != folder.end()) {
    fail_onnx(file.path, fmt::format("{}: external data '{}' does not lie in the model's folder", tensor.name(), location));
  }
  if (!std::filesystem::is_regular_file(place, problem)) {
    fail_onnx(file.path, fmt::format("{}: external data file '{}' is missing", tensor.name(), location), "put it beside the model");
  }
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(place, problem));
  if (problem || offset > size || (length && *length > size - offset)) {
    fail_onnx(file.path, fmt::format("{}: external data file '{}' is too short", tensor.name(), location));
  }
  return {place, offset, length.value_or(size - offset)};
}

std::optional<ByteRange> range_of(const OnnxFile& file, std::size_t initialiser) {
  const auto& tensor = file.model.graph().initializer(static_cast<int>(initialiser));
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL) return external_range(file, tensor);
  return file.raw[initialiser];
}

void write_streamed(const onnx::ModelProto& model, const std::vector<StreamedTensor>& tensors, const std::filesystem::path& path) {
  onnx::ModelProto outer = model;
  outer.clear_graph();
  std::vector<std::int64_t> sizes;
  std::int64_t graph_bytes = static_cast<std::int64_t>(model.graph().ByteSizeLong());
  for (const StreamedTensor& tensor : tensors) {
    const std::int64_t raw = raw_length(tensor);
    sizes.push_back(static_cast<std::int64_t>(tensor.header.ByteSizeLong()) + (raw > 0 ? field_bytes(raw) : 0));
    graph_bytes += field_bytes(sizes.back());
  }
  if (static_cast<std::int64_t>(outer.ByteSizeLong()) + field_bytes(graph_bytes) > kMostBytes) {
    fail_onnx_unsupported(path, "the model is larger than the 2 GB that an ONNX file holds");
  }

  PendingFile pending(path);
  const Descriptor descriptor = open_file(pending.path(), O_WRONLY | O_CREAT | O_TRUNC);
  io::FileOutputStream stream(descriptor.number(), 1 << 20);
  bool failed = false;
  {
    io::CodedOutputStream out(&stream);
    outer.SerializeToCodedStream(&out);
    out.WriteVarint32(delimited(onnx::ModelProto::kGraphFieldNumber));
    out.WriteVarint32(static_cast<std::uint32_t>(graph_bytes));
    model.graph().SerializeToCodedStream(&out);
    for (std::size_t i = 0; i < tensors.size() && !out.HadError(); ++i) {
      out.WriteVarint32(delimited(onnx::GraphProto::kInitializerFieldNumber));
      out.WriteVarint32(static_cast<std::uint32_t>(sizes[i]));
      write_tensor(tensors[i], out);
    }
    out.Trim();
    failed = out.HadError();
  }
  if (failed || !stream.Flush()) {
    const int cause = stream.GetErrno();
    throw Error(ErrorCode::io, one_line(fmt::format("{}: {}", path.string(), cause != 0 ? std::strerror(cause) : "writing failed")));
  }
  pending.commit();
}

}  // namespace inferometer::formats
