#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/run_fields.h"
#include "cli/study_keys.h"

namespace inferometer::cli {

std::span<const KeyRule> evaluation_keys() {
  static constexpr KeyRule kKeys[] = {{"name", ValueKind::text},        {"weights", ValueKind::words}, {"images", ValueKind::file},
                                      {"labels", ValueKind::file},      {"limit", ValueKind::integer}, {"class_offset", ValueKind::integer},
                                      {"confidences", ValueKind::flag}, {"strict", ValueKind::flag}};
  return kKeys;
}

std::vector<std::string> evaluated_run_keys() {
  const auto options = evaluation_run_options();
  std::vector<std::string> keys{"models"};
  for (const RunField& field : run_fields()) {
    const bool is_shared = std::find(options.begin(), options.end(), field.option) != options.end();
    // Weights stand by network here.
    if (is_shared && field.key != "weights") keys.emplace_back(field.key);
  }
  return keys;
}

void set_evaluation(EvaluationRequest& request, const nlohmann::ordered_json& block) {
  if (block.contains("weights")) request.weights = block.at("weights").get<std::map<std::string, std::string>>();
  request.images = block.value("images", request.images);
  request.labels = block.value("labels", request.labels);
  request.limit = block.value("limit", request.limit);
  request.class_offset = block.value("class_offset", request.class_offset);
  request.confidences = block.value("confidences", request.confidences);
  request.strict = block.value("strict", request.strict);
  if (block.contains("limit") && request.limit < 1)
    throw Error(ErrorCode::usage, "limit: must be 1 or more", "leave it out for all pictures");
  if (!request.labels.empty() && request.images.empty())
    throw Error(ErrorCode::usage, "labels: of which pictures?", "name them with the key images too");
  const measure::RunSpec& spec = request.spec;
  for (const auto& [count, key] :
       {std::pair{spec.batches.size(), "batches"}, std::pair{spec.threads.size(), "threads"}, std::pair{spec.streams.size(), "streams"}}) {
    if (count > 1)
      throw Error(ErrorCode::usage, fmt::format("{}: an evaluation takes one value", key), "write an [[evaluate]] block for each");
  }
}

}  // namespace inferometer::cli
