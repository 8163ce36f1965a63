#include "onnxruntime/declared_dimensions.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace inferometer::engine {
namespace {

// Field numbers of onnx.proto.
constexpr std::uint64_t kModelGraph = 7, kGraphInitializer = 5, kGraphInput = 11, kTensorDataType = 2, kTensorName = 8;
constexpr std::uint64_t kValueName = 1, kValueType = 2, kTypeTensor = 1, kTensorTypeShape = 2, kShapeDimension = 1;
constexpr std::uint64_t kDimensionValue = 1, kDimensionSymbol = 2;
constexpr std::uint64_t kFloat16 = 10, kBfloat16 = 16;  // TensorProto.DataType

struct Field {
  std::uint64_t number = 0;
  std::uint64_t value = 0;  // of a varint
  std::string_view bytes;   // of a length-delimited field
};

/// Walks the fields of one protobuf message; stops at the end or at the first byte that makes no sense.
class Message {
 public:
  explicit Message(std::string_view bytes) : rest_(bytes) {}

  std::optional<Field> next() {
    const auto key = varint();
    if (!key) return std::nullopt;
    Field field{*key >> 3, 0, {}};
    switch (*key & 7) {
      case 0: {
        const auto value = varint();
        if (!value) return std::nullopt;
        field.value = *value;
        return field;
      }
      case 1: return skip(8) ? std::optional(field) : std::nullopt;
      case 2: {
        const auto length = varint();
        if (!length || *length > rest_.size()) return std::nullopt;
        field.bytes = rest_.substr(0, *length);
        rest_.remove_prefix(*length);
        return field;
      }
      case 5: return skip(4) ? std::optional(field) : std::nullopt;
      default: return std::nullopt;
    }
  }

 private:
  bool skip(std::size_t count) {
    if (rest_.size() < count) return false;
    rest_.remove_prefix(count);
    return true;
  }

  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

void read_dimension(std::string_view bytes, DeclaredDimensions& input) {
  std::int64_t value = -1;
  std::string symbol;
  Message dimension(bytes);
  while (const auto field = dimension.next()) {
    if (field->number == kDimensionValue) value = std::max<std::int64_t>(static_cast<std::int64_t>(field->value), -1);
    if (field->number == kDimensionSymbol) symbol = field->bytes;
  }
  input.shape.push_back(value);
  input.symbols.push_back(value < 0 ? symbol : std::string());
}

/// Call `visit` with the content of every field `number` of a message.
template <typename Visit>
void for_each(std::string_view bytes, std::uint64_t number, Visit visit) {
  Message message(bytes);
  while (const auto field = message.next())
    if (field->number == number) visit(field->bytes);
}

DeclaredDimensions read_input(std::string_view bytes) {
  DeclaredDimensions input;
  for_each(bytes, kValueName, [&](std::string_view name) { input.name = name; });
  for_each(bytes, kValueType, [&](std::string_view type) {
    for_each(type, kTypeTensor, [&](std::string_view tensor) {
      for_each(tensor, kTensorTypeShape, [&](std::string_view shape) {
        for_each(shape, kShapeDimension, [&](std::string_view dimension) { read_dimension(dimension, input); });
      });
    });
  });
  return input;
}

/// A file's bytes, mapped so that weights are never read.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return;
    struct stat status {};
    if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
      size_ = static_cast<std::size_t>(status.st_size);
      data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    }
    ::close(descriptor);
  }
  ~MappedFile() {
    if (data_ != MAP_FAILED) ::munmap(data_, size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::string_view bytes() const {
    return data_ == MAP_FAILED ? std::string_view() : std::string_view(static_cast<const char*>(data_), size_);
  }

 private:
  void* data_ = MAP_FAILED;
  std::size_t size_ = 0;
};

}  // namespace

OnnxDeclaration parse_declaration(std::string_view bytes) {
  OnnxDeclaration declaration;
  std::set<std::string, std::less<>> initializers;
  for_each(bytes, kModelGraph, [&](std::string_view graph) {
    Message message(graph);
    while (const auto field = message.next()) {
      if (field->number == kGraphInput) declaration.inputs.push_back(read_input(field->bytes));
      if (field->number != kGraphInitializer) continue;
      Message tensor(field->bytes);
      while (const auto part = tensor.next()) {
        if (part->number == kTensorName) initializers.emplace(part->bytes);
        if (part->number == kTensorDataType && (part->value == kFloat16 || part->value == kBfloat16)) declaration.half_weights = true;
      }
    }
  });
  std::erase_if(declaration.inputs, [&](const DeclaredDimensions& input) { return initializers.contains(input.name); });
  return declaration;
}

OnnxDeclaration read_declaration(const std::filesystem::path& path) { return parse_declaration(MappedFile(path).bytes()); }

}  // namespace inferometer::engine
