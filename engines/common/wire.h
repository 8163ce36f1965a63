/// Walk and rewrite protobuf's wire format where a whole parser would read weights that nobody asked for. Header only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace inferometer::engine::wire {

struct Field {
  std::uint64_t number = 0;
  std::uint64_t value = 0;  ///< of a varint
  std::string_view bytes;   ///< of a length-delimited field
  std::string_view whole;   ///< key, length and content
};

/// Walks the fields of one protobuf message; stops at the end or at the first byte that makes no sense.
class Message {
 public:
  explicit Message(std::string_view bytes) : rest_(bytes) {}

  std::optional<Field> next() {
    const std::string_view before = rest_;
    std::optional<Field> field = next_content();
    if (field) field->whole = before.substr(0, before.size() - rest_.size());
    return field;
  }

  /// What next() has not walked over: empty at the end of a whole message.
  std::string_view rest() const { return rest_; }

 private:
  std::optional<Field> next_content() {
    const auto key = varint();
    if (!key) return std::nullopt;
    Field field{*key >> 3, 0, {}, {}};
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

/// Call `visit` with the content of every field `number` of a message.
template <typename Visit>
void for_each(std::string_view bytes, std::uint64_t number, Visit visit) {
  Message message(bytes);
  while (const auto field = message.next())
    if (field->number == number) visit(field->bytes);
}

inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

/// Key and length of a length-delimited field.
inline std::string header(std::uint64_t number, std::uint64_t length) { return varint(number << 3 | 2).append(varint(length)); }

/// A message with the content of every length-delimited field `number` replaced by what `change` makes of it.
template <typename Change>
std::string rewrite(std::string_view bytes, std::uint64_t number, Change change) {
  std::string result;
  Message message(bytes);
  while (const auto field = message.next()) {
    if (field->number != number) {
      result += field->whole;
      continue;
    }
    const std::string content = change(field->bytes);
    result.append(header(number, content.size())).append(content);
  }
  return result;
}

}  // namespace inferometer::engine::wire
