#include "serve/deepdetect_body.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "serve/long_strings.h"
#include "serve/status_error.h"

namespace inferometer::serve {
namespace {

using nlohmann::json;

constexpr std::size_t kMostDepth = 64;        // writing a value recurses
constexpr std::size_t kMostValues = 100'000;  // "[],[],..." takes twenty times its own size

/// Takes the parser's events. Items of the outermost member `data` go to a vector, all else becomes a tree.
class BodyReader final : public nlohmann::json_sax<json> {
 public:
  BodyReader(DeepDetectBody& body, const ShortenedJson& text, std::size_t most_items) : body_(body), text_(text), most_items_(most_items) {}

  const std::string& problem() const { return problem_; }
  json& root() { return root_; }

  bool null() override {
    if (in_data()) return data_item(body_.data_items == 0 ? DataKind::begins_with_null : DataKind::mixed);
    if (is_data_member()) return data_is(DataKind::absent);
    if (!open_.empty() && open_.back()->is_object()) {
      open_.back()->erase(key_);  // of a member given twice the last counts
      return true;
    }
    return add(json(nullptr));
  }
  bool boolean(bool value) override { return scalar(value); }
  bool number_integer(number_integer_t value) override { return scalar(value); }
  bool number_unsigned(number_unsigned_t value) override { return scalar(value); }
  bool number_float(number_float_t value, const string_t&) override { return scalar(value); }
  bool binary(binary_t&) override { return false; }  // JSON has none

  bool string(string_t& value) override {
    put_back(value);
    if (!in_data()) return scalar(std::move(value));
    if (depth_ != kDataDepth) return true;
    if (body_.data.size() < most_items_) body_.data.push_back(std::move(value));
    return data_item(DataKind::strings);
  }

  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override {
    if (!in_data() && is_data_member()) {
      data_is(DataKind::strings);
      ++depth_;
      reading_data_ = true;
      return true;
    }
    return open(json::array());
  }
  bool key(string_t& name) override {
    put_back(name);
    if (!in_data()) key_ = std::move(name);
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    problem_ = fmt::format("the body is not JSON, at byte {}: {}", text_.original_position(position), one_line(to_utf8(error.what()), 200));
    return false;
  }

 private:
  static constexpr std::size_t kDataDepth = 2;  ///< the body's object, then the array

  /// What was taken out of this string, the next of the text.
  void put_back(string_t& value) {
    const std::size_t number = strings_seen_++;
    if (long_seen_ < text_.strings.size() && text_.strings[long_seen_].number == number) value = text_.strings[long_seen_++].content;
  }

  bool in_data() const { return reading_data_; }
  bool is_data_member() const { return depth_ == 1 && !open_.empty() && open_.back()->is_object() && key_ == "data"; }

  bool data_is(DataKind kind) {
    body_.data_kind = kind;
    body_.data.clear();
    body_.data_items = 0;
    return true;
  }
  /// An item of `data`: what it makes of the whole.
  bool data_item(DataKind kind) {
    if (depth_ != kDataDepth) return true;
    const bool first = body_.data_items++ == 0;
    if (first) {
      body_.data_kind = kind;
    } else if (body_.data_kind != DataKind::begins_with_null && kind != body_.data_kind) {
      body_.data_kind = DataKind::mixed;
    }
    return true;
  }

  template <typename Value>
  bool scalar(Value&& value) {
    if (in_data()) return data_item(DataKind::mixed);
    if (is_data_member()) return data_is(DataKind::not_an_array);
    return add(json(std::forward<Value>(value)));
  }

  bool add(json value) {
    place(std::move(value));
    return problem_.empty();
  }
  /// Put a value where it belongs. @return its place
  json* place(json value) {
    if (++values_ > kMostValues) problem_ = fmt::format("the body holds more than {} values beside data", kMostValues);
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_array()) {
      open_.back()->push_back(std::move(value));
      return &open_.back()->back();
    }
    json& member = (*open_.back())[key_];
    member = std::move(value);
    return &member;
  }

  bool open(json container) {
    if (depth_ >= kMostDepth) {
      problem_ = fmt::format("the body is nested deeper than {} levels", kMostDepth);
      return false;
    }
    if (in_data()) {
      data_item(DataKind::mixed);
    } else {
      if (is_data_member()) data_is(DataKind::not_an_array);
      open_.push_back(place(std::move(container)));
    }
    ++depth_;
    return problem_.empty();
  }
  bool close() {
    --depth_;
    if (!in_data()) {
      open_.pop_back();
    } else if (depth_ < kDataDepth) {
      reading_data_ = false;
    }
    return true;
  }

  DeepDetectBody& body_;
  const ShortenedJson& text_;
  std::size_t most_items_;
  json root_;
  std::vector<json*> open_;  ///< the containers around; a parent does not grow while its child is open, so they stay where they are
  std::string key_, problem_;
  std::size_t depth_ = 0, values_ = 0, strings_seen_ = 0, long_seen_ = 0;
  bool reading_data_ = false;
};

}  // namespace

DeepDetectBody parse_body(std::string_view text, std::size_t most_items) {
  DeepDetectBody body;
  const ShortenedJson shortened = shorten(text);
  BodyReader reader(body, shortened, most_items);
  if (!json::sax_parse(shortened.text, &reader)) throw StatusError(400, DdCode::none, reader.problem());
  if (!reader.root().is_object()) {
    throw StatusError(400, DdCode::bad_request, fmt::format("the body must be a JSON object, is {}", reader.root().type_name()));
  }
  body.members = std::move(reader.root());
  body.members.erase("data");  // what stands there is no array, and data_kind says so
  return body;
}

}  // namespace inferometer::serve
