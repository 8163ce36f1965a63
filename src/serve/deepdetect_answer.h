/// Write answers in DeepDetect's shape.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "serve/http.h"

namespace inferometer::serve {

/// {"status":{"code":...,"msg":...}} and the members of `rest`.
HttpResponse deepdetect_answer(int status, const nlohmann::json& rest);

/// The name of a class.
using LabelOf = std::function<std::string(std::int64_t index)>;

/// How many classes of each item are told, and down to which probability.
struct ClassSelection {
  std::int64_t best = 1;            ///< -1: all
  double confidence_threshold = 0;  ///< classes below it are left out
};

/// One element of body.predictions as text: {"uri":...,"classes":[{"prob":...,"cat":...},...]}; the most probable class first, of equal
/// ones the lower number. Throws StatusError 500/1007 when a score is no finite number.
void append_prediction(std::string& out, std::string_view uri, const std::vector<float>& scores, const ClassSelection& selection,
                       const LabelOf& label);

/// A string as JSON, quotes included; bytes that are no UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace inferometer::serve
