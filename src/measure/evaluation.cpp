#include "measure/evaluation.h"

#include <limits>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace inferometer::measure {
namespace {

using nlohmann::json;
using zoo::Preprocessing;

/// What is not there stays as it is.
template <typename Value>
void read(const json& object, const char* key, Value& value) {
  if (const auto found = object.find(key); found != object.end()) found->get_to(value);
}

template <typename Value>
void read(const json& object, const char* key, std::optional<Value>& value) {
  if (const auto found = object.find(key); found != object.end()) value = found->get<Value>();
}

/// A Preprocessing or its PreprocessingChanges: the same keys, there optional.
template <typename How>
How how_from_json(const json& object) {
  How how;
  read(object, "resize", how.resize);
  read(object, "resize_to", how.resize_to);
  read(object, "resize_height", how.resize_height);
  read(object, "interpolation", how.interpolation);
  read(object, "crop", how.crop);
  read(object, "crop_height", how.crop_height);
  read(object, "channels", how.channels);
  read(object, "scale", how.scale);
  read(object, "mean", how.mean);
  read(object, "std", how.standard_deviation);
  return how;
}

json changes_json(const dataset::PreprocessingChanges& changes) {
  json object = json::object();
  const auto put = [&](const char* key, const auto& value) {
    if (value) object[key] = *value;
  };
  put("resize", changes.resize);
  object["resize_to"] = changes.resize_to;
  object["resize_height"] = changes.resize_height;
  object["crop_height"] = changes.crop_height;
  put("interpolation", changes.interpolation);
  put("crop", changes.crop);
  put("channels", changes.channels);
  put("scale", changes.scale);
  put("mean", changes.mean);
  put("std", changes.standard_deviation);
  return object;
}

}  // namespace

json preprocessing_json(const Preprocessing& how) {
  return {
      {"resize", how.resize}, {"resize_to", how.resize_to},     {"resize_height", how.resize_height}, {"interpolation", how.interpolation},
      {"crop", how.crop},     {"crop_height", how.crop_height}, {"channels", how.channels},           {"scale", how.scale},
      {"mean", how.mean},     {"std", how.standard_deviation}};
}

Preprocessing preprocessing_from_json(const json& object) { return how_from_json<Preprocessing>(object); }

void to_json(json& json_out, const EvaluationTask& task) {
  json_out = {{"images", task.data.images.string()}, {"labels", task.data.labels.string()},   {"limit", task.data.limit},
              {"own_input", task.own_input},         {"changes", changes_json(task.changes)}, {"strict", task.strict}};
  json_out["confidences"] = task.confidences;
  if (task.class_offset) json_out["class_offset"] = *task.class_offset;
  if (task.own) json_out["own"] = preprocessing_json(*task.own);
}

void from_json(const json& json_in, EvaluationTask& task) {
  task = {};
  task.data.images = json_in.at("images").get<std::string>();
  task.data.labels = json_in.at("labels").get<std::string>();
  json_in.at("limit").get_to(task.data.limit);
  json_in.at("own_input").get_to(task.own_input);
  json_in.at("strict").get_to(task.strict);
  json_in.at("confidences").get_to(task.confidences);
  read(json_in, "class_offset", task.class_offset);
  task.changes = how_from_json<dataset::PreprocessingChanges>(json_in.at("changes"));
  if (const auto own = json_in.find("own"); own != json_in.end()) task.own = how_from_json<Preprocessing>(*own);
}

void to_json(json& json_out, const EvaluationRecord& record) {
  json answers = json::array(), damaged = json::array();
  for (const ImageAnswer& answer : record.answers) {
    json classes = json::array(), scores = json::array();
    for (const RankedClass& ranked : answer.best) {
      classes.push_back(ranked.index);
      scores.push_back(ranked.score);
    }
    json& written = answers.emplace_back(json{answer.image, std::move(classes), std::move(scores)});
    if (answer.right_probability) written.push_back(*answer.right_probability);
  }
  for (const DamagedImage& image : record.damaged) damaged.push_back({image.image, to_utf8(image.reason)});
  json_out = {{"answers", std::move(answers)},
              {"damaged", std::move(damaged)},
              {"images", record.images},
              {"classes", record.classes},
              {"preprocessing", record.preprocessing},
              {"output", to_utf8(record.output)},
              {"input_height", record.input_height},
              {"input_width", record.input_width},
              {"seconds", record.seconds},
              {"load_ms", record.load_ms},
              {"obtained_precision", record.obtained_precision},
              {"obtained_threads", record.obtained_threads},
              {"obtained_streams", record.obtained_streams},
              {"started_at", record.started_at}};
}

void from_json(const json& json_in, EvaluationRecord& record) {
  record = {};
  for (const json& answer : json_in.at("answers")) {
    ImageAnswer& image = record.answers.emplace_back();
    answer.at(0).get_to(image.image);
    const json &classes = answer.at(1), &scores = answer.at(2);
    for (std::size_t i = 0; i < classes.size(); ++i) {
      // JSON has no infinity and writes null; it comes from a log of zero.
      const float score = scores.at(i).is_null() ? -std::numeric_limits<float>::infinity() : scores.at(i).get<float>();
      image.best.push_back({classes[i].get<std::int64_t>(), score});
    }
    if (answer.size() > 3) image.right_probability = answer[3].get<double>();
  }
  for (const json& image : json_in.at("damaged"))
    record.damaged.push_back({image.at(0).get<std::size_t>(), image.at(1).get<std::string>()});
  json_in.at("images").get_to(record.images);
  json_in.at("classes").get_to(record.classes);
  json_in.at("preprocessing").get_to(record.preprocessing);
  json_in.at("output").get_to(record.output);
  json_in.at("input_height").get_to(record.input_height);
  json_in.at("input_width").get_to(record.input_width);
  json_in.at("seconds").get_to(record.seconds);
  json_in.at("load_ms").get_to(record.load_ms);
  json_in.at("obtained_precision").get_to(record.obtained_precision);
  json_in.at("obtained_threads").get_to(record.obtained_threads);
  json_in.at("obtained_streams").get_to(record.obtained_streams);
  json_in.at("started_at").get_to(record.started_at);
}

}  // namespace inferometer::measure
