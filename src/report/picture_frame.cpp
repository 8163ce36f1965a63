#include "report/picture_frame.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace inferometer::report {
namespace {

const std::vector<std::string>& evaluation_part() {
  static const std::vector<std::string> columns{"model",         "engine",    "engine_version",      "engine_settings",
                                                "device",        "precision", "precision_requested", "threads",
                                                "streams",       "batch",     "input_height",        "data",
                                                "preprocessing", "platform",  "model_sha256",        "data_sha256",
                                                "images",        "top1",      "started_at"};
  return columns;
}

std::string text_of(const std::string& value) { return value; }
std::string text_of(const std::optional<std::int64_t>& value) { return value ? fmt::format("{}", *value) : ""; }
std::string text_of(const std::optional<double>& value) { return value ? exact_text(*value) : ""; }
std::string text_of(const std::vector<std::string>& value) { return join(value, "; "); }

}  // namespace

const std::vector<std::string>& picture_columns() {
  static const std::vector<std::string> columns = [] {
    std::vector<std::string> all{"picture", "class", "predicted", "right_probability"};
    all.insert(all.end(), evaluation_part().begin(), evaluation_part().end());
    return all;
  }();
  return columns;
}

Frame picture_frame(const std::vector<measure::AnsweredPictures>& evaluations) {
  std::map<std::string, std::vector<std::string>> texts;
  std::vector<std::optional<double>> probabilities;
  for (const measure::AnsweredPictures& each : evaluations) {
    for (const measure::PictureAnswer& answer : each.answers) {
      texts["picture"].push_back(answer.picture);
      texts["class"].push_back(fmt::format("{}", answer.label));
      texts["predicted"].push_back(fmt::format("{}", answer.predicted));
      probabilities.push_back(answer.right_probability);
    }
    measure::for_each_evaluation_field([&](const auto& field) {
      const std::string name(field.name);
      if (std::find(evaluation_part().begin(), evaluation_part().end(), name) == evaluation_part().end()) return;
      texts[name].insert(texts[name].end(), each.answers.size(), text_of(each.evaluation.*field.member));
    });
  }
  Frame frame;
  frame.name = "the evaluated pictures";
  for (const std::string& column : picture_columns()) {
    if (column == "right_probability")
      frame.set(column, probabilities);
    else
      frame.set(column, texts[column]);
  }
  return frame;
}

}  // namespace inferometer::report
