#include "serve/model_repository.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "formats/caffe.h"
#include "formats/onnx.h"
#include "serve/status_error.h"
#include "zoo/zoo.h"

namespace inferometer::serve {
namespace {

namespace fs = std::filesystem;
using Roots = std::vector<fs::path>;

constexpr std::int64_t kMostLabelBytes = std::int64_t{16} << 20;
constexpr std::int64_t kMostLabels = 1'000'000;

struct Size {
  std::int64_t height = 0, width = 0;
};

[[noreturn]] void refuse(const std::string& message) { throw StatusError(400, DdCode::service_bad_request, one_line(message)); }

std::string text_of(Size size) { return fmt::format("{} x {} pixels (width x height)", size.width, size.height); }

/// A file of a repository. Links out of the roots are refused wherever they stand.
fs::path checked_file(const Roots& roots, const fs::path& file, const std::string& repository) {
  std::optional<fs::path> resolved = resolve_below(roots, file.string());
  if (!resolved) {
    refuse(fmt::format("model.repository {}: its {} is not readable, or a link out of the model folders", repository,
                       file.filename().string()));
  }
  return *std::move(resolved);
}

/// The newest regular file with this ending; empty where there is none. Of equal age the first by name.
fs::path newest_file(const fs::path& folder, const std::string& ending) {
  fs::path newest;
  fs::file_time_type when{};
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder, failure)) {
    if (lower(entry.path().extension().string()) != ending || !entry.is_regular_file(failure)) continue;
    const fs::file_time_type time = entry.last_write_time(failure);
    if (newest.empty() || time > when || (time == when && entry.path() < newest)) {
      newest = entry.path();
      when = time;
    }
  }
  return newest;
}

/// deploy.prototxt, or the only prototxt; empty where there is none.
fs::path prototxt_in(const fs::path& folder, const std::string& repository) {
  std::error_code failure;
  if (fs::exists(folder / "deploy.prototxt", failure)) return folder / "deploy.prototxt";
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder, failure)) {
    if (lower(entry.path().extension().string()) == ".prototxt") found.push_back(entry.path());
  }
  if (found.size() > 1) refuse(fmt::format("model.repository {}: several prototxt files and no deploy.prototxt", repository));
  return found.empty() ? fs::path{} : found.front();
}

/// "index label text" a line. A byte that is no UTF-8 becomes U+FFFD.
std::vector<std::string> read_labels(const fs::path& file) {
  std::vector<std::string> labels;
  std::vector<bool> named;
  std::size_t number = 0;
  for (const std::string& line : split(read_file(file, kMostLabelBytes), '\n')) {
    ++number;
    const std::string_view text = trim(line);
    if (text.empty()) continue;
    const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
    const auto index = parse_integer(text.substr(0, end));
    if (!index || *index < 0 || *index >= kMostLabels) {
      refuse(fmt::format("corresp.txt, line {}: '{}' is not `index label`", number, one_line(text, 60)));
    }
    const auto place = static_cast<std::size_t>(*index);
    if (place >= labels.size()) {
      labels.resize(place + 1);
      named.resize(place + 1);
    }
    if (named[place]) refuse(fmt::format("corresp.txt, line {}: class {} is named twice", number, *index));
    named[place] = true;
    labels[place] = to_utf8(trim(text.substr(end)));
  }
  return labels;
}

/// What makes the first output, looked at through what leaves its values as they are.
bool ends_in_softmax(const graph::Graph& graph) {
  if (graph.outputs.empty()) return false;
  graph::TensorId tensor = graph.outputs.front();
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    if (std::find(node->outputs.begin(), node->outputs.end(), tensor) == node->outputs.end()) continue;
    if (std::holds_alternative<graph::Softmax>(node->op)) return true;
    const bool keeps_values = std::holds_alternative<graph::Identity>(node->op) || std::holds_alternative<graph::Reshape>(node->op) ||
                              std::holds_alternative<graph::Flatten>(node->op);
    if (!keeps_values) return false;
    tensor = node->inputs.front();
  }
  return false;
}

void require_size(const std::string& repository, Size own, Size asked) {
  const bool fits = (asked.height == 0 || asked.height == own.height) && (asked.width == 0 || asked.width == own.width);
  if (fits) return;
  refuse(fmt::format("model.repository {}: the network takes {}, {} were asked for", repository, text_of(own),
                     text_of({asked.height == 0 ? own.height : asked.height, asked.width == 0 ? own.width : asked.width})));
}

RepositoryModel open_zoo(const zoo::Network& network, Size asked) {
  RepositoryModel found;
  if (asked.height == 0) asked.height = asked.width;
  if (asked.width == 0) asked.width = asked.height;
  if (asked.height != asked.width) {
    refuse(fmt::format("{} takes squares, of {} pixels by itself; {} were asked for", network.name, network.input_size, text_of(asked)));
  }
  try {
    found.model = measure::resolve_model(network.name, {.input = asked.height});
  } catch (const Error& error) {
    refuse(fmt::format("{}: it cannot take {}, by itself it takes {}: {}", network.name, text_of(asked), network.input_size, error.what()));
  }
  found.own = network.preprocessing;
  found.own_input = network.input_size;
  found.ends_in_softmax = ends_in_softmax(network.build({}));
  found.facts = measure::model_facts(found.model);
  return found;
}

/// A prototxt's own transform. Caffe takes the mean away before it scales, preprocessing after.
std::optional<zoo::Preprocessing> transform_of(const fs::path& prototxt, const std::string& repository, std::int64_t channels, Size input) {
  const std::optional<formats::CaffeTransform> given = formats::read_caffe_transform(prototxt);
  if (!given) return std::nullopt;
  const std::string where = fmt::format("model.repository {}: transform_param", repository);
  if (!given->mean_file.empty()) refuse(where + " names a mean_file, which is not read; give mean_value");
  if (given->crop_size != 0 && (given->crop_size != input.height || given->crop_size != input.width)) {
    refuse(fmt::format("{} crops to {} where the network takes {}", where, given->crop_size, text_of(input)));
  }
  if (given->mean.size() > 1 && given->mean.size() != static_cast<std::size_t>(channels)) {
    refuse(fmt::format("{} has {} mean values for {} channels", where, given->mean.size(), channels));
  }
  zoo::Preprocessing how;
  how.resize = zoo::ResizeRule::warp;
  how.resize_to = input.width;
  how.resize_height = input.height;
  how.interpolation = zoo::Interpolation::bicubic;
  how.crop = 0;
  how.channels = channels == 1 ? zoo::ChannelOrder::grey : zoo::ChannelOrder::bgr;
  how.scale = given->scale;
  how.mean = {0, 0, 0};
  for (std::size_t c = 0; c < how.mean.size() && !given->mean.empty(); ++c) {
    how.mean[c] = given->mean[std::min(c, given->mean.size() - 1)] * given->scale;
  }
  how.standard_deviation = {1, 1, 1};
  return how;
}

void open_caffe(RepositoryModel& found, const std::string& repository, const fs::path& prototxt, const fs::path& weights, Size asked) {
  measure::ModelOptions options;
  options.weights_path = weights.string();
  found.model = measure::resolve_model(prototxt.string(), options);
  const graph::Graph graph = formats::read_caffe(prototxt).graph;
  found.ends_in_softmax = ends_in_softmax(graph);
  if (graph.inputs.size() != 1) return;
  const Shape& shape = graph.tensors[graph.inputs.front()].shape;
  if (shape.size() != 4) return;
  const Size own{shape[2], shape[3]};
  require_size(repository, own, asked);
  found.own = transform_of(prototxt, repository, shape[1], own);
  found.own_input = std::min(own.height, own.width);
}

void open_onnx(RepositoryModel& found, const std::string& repository, const fs::path& file, Size asked) {
  const formats::OnnxSummary summary = formats::summarize_onnx(file);
  measure::ModelOptions options;
  if (summary.inputs.size() == 1 && summary.inputs.front().shape.size() == 4) {
    const formats::OnnxTensor& input = summary.inputs.front();
    const Size declared{input.shape[2], input.shape[3]};  // -1: any
    const Size own{declared.height < 0 ? asked.height : declared.height, declared.width < 0 ? asked.width : declared.width};
    if (own.height == 0 || own.width == 0) {
      refuse(fmt::format("model.repository {}: the network takes pictures of any size; give width and height", repository));
    }
    require_size(repository, own, asked);
    if (declared.height < 0 || declared.width < 0) options.shapes[input.name] = {1, input.shape[1], own.height, own.width};
  }
  found.model = measure::resolve_model(file.string(), options);
  found.ends_in_softmax = summary.first_output_operator == "Softmax" || summary.first_output_operator == "QLinearSoftmax";
}

/// Errors that are the model's, as the repository's.
template <class Action>
void as_repository_error(const std::string& repository, const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::out_of_memory || error.code() == ErrorCode::internal) throw;
    refuse(fmt::format("model.repository {}: {}", repository, error.what()));
  }
}

RepositoryModel open_path(const std::string& repository, const fs::path& path, const Roots& roots, Size asked) {
  RepositoryModel found;
  std::error_code failure;
  if (!fs::is_directory(path, failure)) {
    if (lower(path.extension().string()) != ".onnx")
      refuse(fmt::format("model.repository {} is neither a folder nor an .onnx file", repository));
    open_onnx(found, repository, path, asked);
    found.facts = measure::model_facts(found.model);
    return found;
  }
  const fs::path prototxt = prototxt_in(path, repository), caffemodel = newest_file(path, ".caffemodel"), onnx = newest_file(path, ".onnx");
  if (!prototxt.empty() && !caffemodel.empty()) {
    open_caffe(found, repository, checked_file(roots, prototxt, repository), checked_file(roots, caffemodel, repository), asked);
  } else if (!onnx.empty()) {
    open_onnx(found, repository, checked_file(roots, onnx, repository), asked);
  } else {
    refuse(fmt::format("model.repository {}: it holds neither deploy.prototxt with a .caffemodel nor an .onnx file", repository));
  }
  // A link to nowhere is there too, and refused.
  if (fs::exists(fs::symlink_status(path / "corresp.txt", failure)))
    found.labels = read_labels(checked_file(roots, path / "corresp.txt", repository));
  found.facts = measure::model_facts(found.model);
  return found;
}

}  // namespace

RepositoryModel open_repository(const std::string& repository, const Roots& roots, std::int64_t height, std::int64_t width) {
  if (trim(repository).empty()) refuse("model.repository is empty");
  const std::string shown = one_line(to_utf8(repository), 200);
  const Size asked{height, width};
  const std::optional<fs::path> path = resolve_below(roots, repository);
  // A folder of the user's own goes first: the zoo's weights are synthetic.
  if (!path) {
    if (const zoo::Network* network = zoo::find(repository)) return open_zoo(*network, asked);
    refuse(fmt::format("model.repository {} is no network of the zoo, and nothing of that name is below the model folders", shown));
  }
  RepositoryModel found;
  as_repository_error(shown, [&] { found = open_path(shown, *path, roots, asked); });
  return found;
}

}  // namespace inferometer::serve
