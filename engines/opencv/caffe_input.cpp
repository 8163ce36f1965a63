#include "opencv/caffe_input.h"

#include <regex>
#include <string>

#include "base/files.h"

namespace inferometer::engine {
namespace {

std::string without_comments(const std::string& text) {
  std::string result;
  for (const std::string& line : split(text, '\n')) result += line.substr(0, line.find('#')) + "\n";
  return result;
}

/// The braces' content that begins right behind `open`.
std::string_view block_at(std::string_view text, std::size_t open) {
  int depth = 1;
  for (std::size_t at = open; at < text.size(); ++at) {
    if (text[at] == '{') ++depth;
    if (text[at] == '}' && --depth == 0) return text.substr(open, at - open);
  }
  return text.substr(open);
}

/// The layer of type Input, or where the first layer begins what stands before it.
std::string input_part(const std::string& text) {
  static const std::regex layer("layers?\\s*:?\\s*\\{");
  const std::sregex_iterator end;
  std::sregex_iterator first(text.begin(), text.end(), layer);
  if (first == end) return text;
  for (auto match = first; match != end; ++match) {
    const std::string block(block_at(text, static_cast<std::size_t>(match->position() + match->length())));
    static const std::regex type("\\btype\\s*:\\s*\"Input\"");
    if (std::regex_search(block, type)) return block;
  }
  return text.substr(0, static_cast<std::size_t>(first->position()));
}

}  // namespace

DeclaredInput caffe_input(const std::filesystem::path& prototxt) {
  const std::string part = input_part(without_comments(read_file(prototxt)));
  const std::string file = prototxt.filename().string();
  static const std::regex name("\\b(?:input|top)\\s*:\\s*[\"']([^\"']+)[\"']"), dimension("\\b(?:input_dim|dim)\\s*:\\s*([0-9]+)");
  DeclaredInput input;
  const std::sregex_iterator end;
  for (std::sregex_iterator match(part.begin(), part.end(), name); match != end; ++match) {
    if (!input.name.empty()) throw Error(ErrorCode::unsupported, file + ": opencv takes Caffe networks of one input");
    input.name = (*match)[1];
  }
  if (input.name.empty()) throw Error(ErrorCode::unsupported, file + ": opencv takes Caffe networks that declare an input");
  for (std::sregex_iterator match(part.begin(), part.end(), dimension); match != end; ++match)
    input.shape.push_back(parse_integer((*match)[1].str()).value_or(0));
  if (input.shape.size() != 4) throw Error(ErrorCode::input, file + ": the input '" + input.name + "' does not have four dimensions");
  input.shape[0] = -1;
  return input;
}

}  // namespace inferometer::engine
