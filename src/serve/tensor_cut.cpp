#include "serve/tensor_cut.h"

#include <optional>

#include <fmt/format.h>

#include "serve/status_error.h"

namespace inferometer::serve {
namespace {

constexpr std::size_t kDeepest = 64;
constexpr std::size_t kMostValues = 100'000;  // beside the tensors: parsed they take twenty times their text

/// The index after the string that begins at `at`; the text's end where it is not closed.
std::size_t after_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

/// The index after the array that begins at `at`, or none.
std::optional<std::size_t> after_array(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  while (at < text.size()) {
    const char letter = text[at];
    if (letter == '"') {
      at = after_string(text, at);
      continue;
    }
    ++at;
    if (letter == '[') ++depth;
    if (letter == ']' && --depth == 0) return at;
  }
  return std::nullopt;
}

/// Walks through the brackets and keys of a text.
class Cutter {
 public:
  explicit Cutter(std::string_view text) : text_(text) {}

  CutRequest cut() {
    while (at_ < text_.size()) step();
    request_.rest.append(text_.substr(copied_));
    return std::move(request_);
  }

 private:
  void step() {
    const char letter = text_[at_];
    if (letter == '"') return pass_string();
    if (letter == '[' && is_data() && take_array()) return;
    ++at_;
    switch (letter) {
      case '{':
      case '[': open(letter); break;
      case '}':
      case ']':
        if (!open_.empty()) open_.pop_back();
        break;
      case ':': value_follows_ = true; break;
      case ',':
        count_value();
        value_follows_ = false;
        if (open_.size() == 2) ++index_;
        break;
      default: break;
    }
  }

  void pass_string() {
    const std::size_t end = after_string(text_, at_);
    if (!value_follows_ && !open_.empty() && open_.back() == '{') {
      const std::string_view key = text_.substr(at_, end - at_);
      if (open_.size() == 1) in_inputs_ = key == "\"inputs\"";
      if (open_.size() == 3) at_data_ = key == "\"data\"";
    }
    at_ = end;
  }

  void count_value() {
    if (++values_ > kMostValues)
      throw StatusError(400, DdCode::bad_request, fmt::format("more than {} values beside the tensors", kMostValues));
  }

  void open(char bracket) {
    count_value();
    if (open_.size() == kDeepest) throw StatusError(400, DdCode::bad_request, "the JSON is nested too deeply");
    open_ += bracket;
    value_follows_ = false;
    if (open_.size() == 2) index_ = 0;
  }

  bool is_data() const { return in_inputs_ && at_data_ && value_follows_ && open_ == "{[{"; }

  bool take_array() {
    const auto end = after_array(text_, at_);
    if (!end) return false;
    if (!request_.arrays.emplace(index_, text_.substr(at_, *end - at_)).second) {
      throw StatusError(400, DdCode::bad_request, fmt::format("inputs[{}]: data is given twice", index_));
    }
    request_.rest.append(text_.substr(copied_, at_ - copied_)).append("null");
    at_ = copied_ = *end;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0, copied_ = 0;
  std::string open_;  ///< the brackets around at_
  std::size_t index_ = 0, values_ = 0;
  bool value_follows_ = false, in_inputs_ = false, at_data_ = false;
  CutRequest request_;
};

}  // namespace

CutRequest cut_tensors(std::string_view text) { return Cutter(text).cut(); }

}  // namespace inferometer::serve
