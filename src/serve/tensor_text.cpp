#include "serve/tensor_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include <fmt/format.h>

#include "base/text.h"
#include "serve/status_error.h"

namespace inferometer::serve {
namespace {

StatusError wrong(const TensorForm& form, const std::string& what) {
  return {400, DdCode::service_input, fmt::format("tensor '{}': {}", one_line(form.name, 100), what)};
}

StatusError wrong(const TensorForm& form, std::size_t index, std::string_view what) {
  return wrong(form, fmt::format("element {} {}", index, what));
}

/// A truth value, which has another text than numbers.
enum class Truth : std::uint8_t { no, yes };

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

/// Reads one array.
template <typename Element>
class ElementReader {
 public:
  ElementReader(std::string_view text, const TensorForm& form, std::span<std::byte> out)
      : at_(text.data()), end_(text.data() + text.size()), form_(form), out_(out), count_(out.size() / sizeof(Element)) {}

  void read() {
    if (at_ == end_ || *at_ != '[') throw wrong(form_, "its data is no array");
    bool needs_value = true;  // a comma or an opening bracket stands before
    do {
      pass_space();
      if (needs_value && take('[')) {
        open();
      } else if (!needs_value && take(',')) {
        needs_value = true;
      } else if ((!needs_value || is_empty_array()) && take(']')) {
        close();
        needs_value = false;
      } else if (needs_value) {
        read_value();
        needs_value = false;
      } else {
        throw wrong(form_, index_, "is not followed by a comma or a bracket");
      }
    } while (depth_ > 0);
    if (index_ != count_) throw wrong(form_, fmt::format("{} elements where the shape {} has {}", index_, to_string(form_.shape), count_));
  }

 private:
  void pass_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }
  bool take(char letter) {
    if (at_ == end_ || *at_ != letter) return false;
    ++at_;
    return true;
  }
  bool is_empty_array() const { return lengths_[depth_] == 0; }

  void open() {
    if (depth_ > 0) ++lengths_[depth_];
    if (depth_ == form_.shape.size() || depth_ + 1 == lengths_.size()) throw wrong(form_, nested_otherwise());
    lengths_[++depth_] = 0;
  }

  void close() {
    // Flat data has one array whatever the rank; its length is checked at the end.
    if (leaf_depth_ != 1 && lengths_[depth_] != static_cast<std::size_t>(form_.shape[depth_ - 1])) throw wrong(form_, nested_otherwise());
    --depth_;
  }

  std::string nested_otherwise() const { return fmt::format("the arrays are not nested as its shape {}", to_string(form_.shape)); }

  void read_value() {
    if (leaf_depth_ == 0) {
      leaf_depth_ = depth_;
      if (depth_ != 1 && depth_ != form_.shape.size()) throw wrong(form_, nested_otherwise());
    }
    if (depth_ != leaf_depth_) throw wrong(form_, nested_otherwise());
    if (index_ == count_) throw wrong(form_, fmt::format("more elements than the {} of its shape {}", count_, to_string(form_.shape)));
    const Element value = parse();
    std::memcpy(out_.data() + index_ * sizeof(Element), &value, sizeof(Element));
    ++index_;
    ++lengths_[depth_];
  }

  /// The end of the JSON number that begins here; it ends the call when there is none.
  const char* number_end(bool& is_whole) const {
    const char* at = at_;
    const auto digits = [&] {
      const char* const first = at;
      while (at != end_ && is_digit(*at)) ++at;
      return at != first;
    };
    if (at != end_ && *at == '-') ++at;
    const bool leading_zero = at != end_ && *at == '0';
    const char* const first = at;
    bool well = digits() && (!leading_zero || at == first + 1);
    is_whole = true;
    if (at != end_ && *at == '.') {
      is_whole = false;
      ++at;
      well = digits() && well;
    }
    if (at != end_ && (*at == 'e' || *at == 'E')) {
      is_whole = false;
      ++at;
      if (at != end_ && (*at == '+' || *at == '-')) ++at;
      well = digits() && well;
    }
    if (!well) throw wrong(form_, index_, not_a_number());
    return at;
  }

  std::string not_a_number() const {
    const std::string word = one_line(std::string_view(at_, static_cast<std::size_t>(end_ - at_)).substr(0, 12), 12);
    const std::string start = lower(word[0] == '-' ? word.substr(1, 3) : word.substr(0, 3));
    if (start == "nan" || start == "inf") return "is NaN or infinite; only finite numbers are taken";
    return fmt::format("is no {} in JSON: {}", v2_name(form_.type), word);
  }

  Element parse() {
    if constexpr (std::is_same_v<Element, Truth>) {
      const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
      for (const auto& [word, value] : {std::pair{std::string_view("true"), Truth::yes}, std::pair{std::string_view("false"), Truth::no}}) {
        if (rest.substr(0, word.size()) != word) continue;
        at_ += word.size();
        return value;
      }
      throw wrong(form_, index_, not_a_number());
    } else {
      bool is_whole = true;
      const char* const end = number_end(is_whole);
      if (std::is_integral_v<Element> && !is_whole)
        throw wrong(form_, index_, fmt::format("is no whole number, as {} is", v2_name(form_.type)));
      Element value{};
      const auto result = std::from_chars(at_, end, value);
      if (result.ec != std::errc()) value = beyond_range(end);
      at_ = end;
      return value;
    }
  }

  /// Too small becomes the nearest element there is, too large is refused.
  Element beyond_range(const char* end) const {
    if constexpr (std::is_floating_point_v<Element>) {
      const double value = std::strtod(std::string(at_, end).c_str(), nullptr);
      if (std::abs(value) < 1) return static_cast<Element>(value);
    }
    throw wrong(form_, index_, fmt::format("is beyond what {} holds", v2_name(form_.type)));
  }

  const char* at_;
  const char* const end_;
  const TensorForm& form_;
  std::span<std::byte> out_;
  const std::size_t count_;
  std::size_t index_ = 0, depth_ = 0;
  std::size_t leaf_depth_ = 0;                ///< where numbers stand; 0: none came yet
  std::array<std::size_t, 18> lengths_ = {};  ///< so far, of the array at each depth
};

/// Call with the C++ type of an element.
template <typename Action>
void with_type(ElementType type, Action action) {
  switch (type) {
    case ElementType::f32: return action(float{});
    case ElementType::f64: return action(double{});
    case ElementType::u8: return action(std::uint8_t{});
    case ElementType::i8: return action(std::int8_t{});
    case ElementType::i32: return action(std::int32_t{});
    case ElementType::i64: return action(std::int64_t{});
    case ElementType::boolean: return action(Truth{});
    case ElementType::f16:
    case ElementType::bf16: return action(std::uint16_t{});
  }
}

template <typename Bits>
void require_exponents(std::span<const std::byte> bytes, Bits all_ones, const TensorForm& form) {
  const std::size_t count = bytes.size() / sizeof(Bits);
  const auto is_wrong = [&](std::size_t i) {
    Bits bits;
    std::memcpy(&bits, bytes.data() + i * sizeof(Bits), sizeof(Bits));
    return (bits & all_ones) == all_ones;
  };
  bool any = false;
  for (std::size_t i = 0; i < count; ++i) any = is_wrong(i) || any;  // without a way out, so that it is vectorised
  if (!any) return;
  std::size_t first = 0;
  while (!is_wrong(first)) ++first;
  throw wrong(form, first, "is NaN or infinite; only finite numbers are taken");
}

}  // namespace

std::string_view v2_name(ElementType type) {
  switch (type) {
    case ElementType::f32: return "FP32";
    case ElementType::f16: return "FP16";
    case ElementType::bf16: return "BF16";
    case ElementType::f64: return "FP64";
    case ElementType::u8: return "UINT8";
    case ElementType::i8: return "INT8";
    case ElementType::i32: return "INT32";
    case ElementType::i64: return "INT64";
    case ElementType::boolean: return "BOOL";
  }
  return "";
}

bool has_json(ElementType type) { return type != ElementType::f16 && type != ElementType::bf16; }

std::vector<std::byte> read_elements(std::string_view array, const TensorForm& form) {
  if (!has_json(form.type)) {
    throw wrong(form, fmt::format("{} has no form in JSON; send it as binary data (binary_data_size)", v2_name(form.type)));
  }
  // Every element takes two characters: a shape that promises more than the text can hold is refused before its memory is taken.
  const auto count = static_cast<std::size_t>(element_count(form.shape));
  if (count > array.size()) throw wrong(form, fmt::format("fewer elements than the {} of its shape {}", count, to_string(form.shape)));
  std::vector<std::byte> elements(count * size_of(form.type));
  with_type(form.type, [&]<typename Element>(Element) { ElementReader<Element>(array, form, elements).read(); });
  return elements;
}

void require_finite(std::span<const std::byte> bytes, const TensorForm& form) {
  switch (form.type) {
    case ElementType::f32: return require_exponents<std::uint32_t>(bytes, 0x7F800000u, form);
    case ElementType::f64: return require_exponents<std::uint64_t>(bytes, 0x7FF0000000000000u, form);
    case ElementType::f16: return require_exponents<std::uint16_t>(bytes, 0x7C00u, form);
    case ElementType::bf16: return require_exponents<std::uint16_t>(bytes, 0x7F80u, form);
    case ElementType::boolean:
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (std::to_integer<int>(bytes[i]) > 1) throw wrong(form, i, "is neither 0 nor 1");
      }
      return;
    default: return;
  }
}

void append_elements(std::string& text, std::span<const std::byte> bytes, const TensorForm& form) {
  text += '[';
  with_type(form.type, [&]<typename Element>(Element) {
    for (std::size_t i = 0; i < bytes.size() / sizeof(Element); ++i) {
      Element value;
      std::memcpy(&value, bytes.data() + i * sizeof(Element), sizeof(Element));
      if (i != 0) text += ',';
      if constexpr (std::is_same_v<Element, Truth>) {
        text += value == Truth::no ? "false" : "true";
      } else {
        if constexpr (std::is_floating_point_v<Element>) {
          if (!std::isfinite(value)) {
            throw StatusError(500, DdCode::internal_error,
                              fmt::format("tensor '{}': element {} came out NaN or infinite, which JSON cannot carry", form.name, i));
          }
        }
        std::array<char, 32> digits;
        const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), value);
        text.append(digits.data(), result.ptr);
      }
    }
  });
  text += ']';
}

}  // namespace inferometer::serve
