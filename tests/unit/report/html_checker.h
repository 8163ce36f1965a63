/// Read HTML strictly: every element closed in order, every attribute once, every id once. For tests of pages that we write.
#pragma once

#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace inferometer::report::testing {

struct Element {
  std::string name;
  std::map<std::string, std::string> attributes;
  std::string raw;  ///< what a script or style element holds
};

/// Throws std::runtime_error that says what is wrong and where.
class HtmlChecker {
 public:
  explicit HtmlChecker(std::string_view text) : text_(text) {
    if (!take("<!doctype html>")) fail("no doctype");
    while (at_ < text_.size()) step();
    if (!open_.empty()) fail("not closed: " + open_.back());
  }

  std::vector<Element> elements;
  std::set<std::string> ids;

  std::vector<Element> named(const std::string& name) const {
    std::vector<Element> found;
    for (const Element& element : elements) {
      if (element.name == name) found.push_back(element);
    }
    return found;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw std::runtime_error(what + " at " + std::string(text_.substr(at_, 60))); }
  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  std::string until(std::string_view ends) {
    const std::size_t end = text_.find_first_of(ends, at_);
    if (end == std::string_view::npos) fail("ends too early");
    const std::string word(text_.substr(at_, end - at_));
    at_ = end;
    return word;
  }

  void step() {
    if (take("</")) {
      const std::string name = until(">");
      ++at_;
      if (open_.empty() || open_.back() != name) fail("wrong end tag " + name);
      open_.pop_back();
    } else if (take("<")) {
      start_tag();
    } else {
      text_piece();
    }
  }

  void text_piece() {
    const std::size_t end = std::min(text_.find('<', at_), text_.size());
    check_references(text_.substr(at_, end - at_));
    at_ = end;
  }

  /// An & begins a character reference of those that we write.
  void check_references(std::string_view piece) const {
    for (std::size_t at = piece.find('&'); at != std::string_view::npos; at = piece.find('&', at + 1)) {
      bool known = false;
      for (const std::string_view reference : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"}) {
        known = known || piece.substr(at, reference.size()) == reference;
      }
      if (!known) fail("a bare &");
    }
    if (piece.find('>') != std::string_view::npos) fail("a bare >");
  }

  void start_tag() {
    static const std::set<std::string> kVoid{"meta", "img", "br", "hr", "input", "link"};
    Element element;
    element.name = until(" >\n");
    while (text_[at_] != '>') attribute(element);
    ++at_;
    const auto id = element.attributes.find("id");
    if (id != element.attributes.end() && !ids.insert(id->second).second) fail("id twice: " + id->second);
    if (element.name == "script" || element.name == "style") {
      const std::size_t end = text_.find("</" + element.name + ">", at_);
      if (end == std::string_view::npos) fail("not closed: " + element.name);
      element.raw = std::string(text_.substr(at_, end - at_));
      if (element.raw.find("<!--") != std::string::npos || element.raw.find("</script") != std::string::npos) fail("ends its element");
      at_ = end + element.name.size() + 3;
    } else if (!kVoid.contains(element.name)) {
      open_.push_back(element.name);
    }
    elements.push_back(element);
  }

  void attribute(Element& element) {
    while (text_[at_] == ' ' || text_[at_] == '\n') ++at_;
    if (text_[at_] == '>') return;
    const std::string name = until("=> \n");
    std::string value;
    if (take("=\"")) {
      value = until("\"");
      ++at_;
      check_references(value);
      if (value.find('<') != std::string::npos) fail("a bare <");
    } else if (take("=")) {
      value = until(" >\n");
    }
    if (!element.attributes.emplace(name, value).second) fail("attribute twice: " + name);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::string> open_;
};

}  // namespace inferometer::report::testing
