/// Say what a worker is to evaluate, and what came out: best classes image by image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "dataset/data_set.h"
#include "dataset/preprocess.h"
#include "measure/ranking.h"
#include "zoo/preprocessing.h"

namespace inferometer::measure {

/// Classes kept of each image.
inline constexpr std::size_t kRankedClasses = 5;

/// The pictures, and how they become inputs. The entry beside it says on what.
struct EvaluationTask {
  dataset::DataSetOptions data;
  std::optional<zoo::Preprocessing> own;  ///< a zoo network's; none: dataset::default_preprocessing()
  std::int64_t own_input = 0;             ///< the input that `own` is meant for
  dataset::PreprocessingChanges changes;
  bool strict = false;                       ///< a damaged picture ends the evaluation
  bool confidences = false;                  ///< also the probability of each image's right class
  std::optional<std::int64_t> class_offset;  ///< for these; none: as class_offset() finds it
};

/// One image's best classes, best first.
struct ImageAnswer {
  std::size_t image = 0;  ///< of DataSet::images
  std::vector<RankedClass> best;
  std::optional<double> right_probability;  ///< when asked for: class_probability() of the label's class
};

struct DamagedImage {
  std::size_t image = 0;
  std::string reason;
};

struct EvaluationRecord {
  std::vector<ImageAnswer> answers;   ///< by image, ascending
  std::vector<DamagedImage> damaged;  ///< likewise
  std::size_t images = 0;             ///< of the data set as the worker found it
  std::int64_t classes = 0;           ///< values that the network gives an image
  std::string preprocessing;          ///< carried out, as options
  std::string output;                 ///< the output taken, where the network has several
  std::int64_t input_height = 0, input_width = 0;
  double seconds = 0;  ///< decoding, preprocessing and inference of all images, after one untimed request
  double load_ms = 0;
  std::string obtained_precision;
  int obtained_threads = 0, obtained_streams = 0;
  std::string started_at;
};

/// A Preprocessing between processes.
nlohmann::json preprocessing_json(const zoo::Preprocessing& how);
zoo::Preprocessing preprocessing_from_json(const nlohmann::json& object);

void to_json(nlohmann::json& json, const EvaluationTask& task);
void from_json(const nlohmann::json& json, EvaluationTask& task);
void to_json(nlohmann::json& json, const EvaluationRecord& record);
void from_json(const nlohmann::json& json, EvaluationRecord& record);

}  // namespace inferometer::measure
