#include <algorithm>
#include <cstring>
#include <unordered_set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "formats/checkpoint.h"
#include "formats/checkpoint_tensor.h"
#include "formats/to_f32.h"
#include "graph/fixed_values.h"

namespace inferometer::formats {
namespace {

constexpr std::size_t kMostProblems = 5;
constexpr std::size_t kMostMessage = 1500;

/// Two tensors of one name that differ in shape.
struct Misfit {
  std::string name;
  Shape wanted, found;
};

/// "fc" of "fc.weight".
std::string_view layer_of(std::string_view name) { return name.substr(0, name.rfind('.')); }

class Assignment {
 public:
  Assignment(const graph::Graph& graph, Checkpoint checkpoint) : graph_(graph), checkpoint_(std::move(checkpoint)) {}

  graph::Weights run(const std::vector<std::string>& training_only) {
    graph::Weights weights;
    for (const graph::Tensor& tensor : graph_.tensors) {
      if (tensor.role == graph::Role::constant) weights.emplace(tensor.name, own_values(tensor));
      if (tensor.role == graph::Role::parameter || tensor.role == graph::Role::buffer) take(tensor, weights);
    }
    drop_what_may_be_there(training_only);
    if (!missing_.empty() || !problems_.empty() || !checkpoint_.tensors.empty()) fail();
    return weights;
  }

 private:
  static graph::Array own_values(const graph::Tensor& tensor) { return {tensor.type, tensor.shape, graph::fixed_values(tensor)}; }

  void take(const graph::Tensor& tensor, graph::Weights& weights) {
    auto found = checkpoint_.tensors.extract(tensor.name);
    if (found.empty()) {
      missing_.push_back(&tensor);
      return;
    }
    graph::Array& array = found.mapped();
    if (array.shape != tensor.shape) {
      problems_.push_back(fmt::format("{} is {}, the network has {}", tensor.name, shown(array.shape), shown(tensor.shape)));
      misfits_.push_back({tensor.name, tensor.shape, array.shape});
      return;
    }
    if (graph::has_fixed_values(tensor)) {
      if (!is_same_table(array, own_values(tensor)))
        problems_.push_back(fmt::format("{} is another table than the network's", tensor.name));
    } else if (is_real(array.type)) {
      array.bytes = to_f32(std::move(array.bytes), array.type);
      array.type = ElementType::f32;
    } else {
      problems_.push_back(fmt::format("{} has elements of type {}, the network computes with reals", tensor.name, name_of(array.type)));
    }
    weights.insert(std::move(found));
  }

  static bool is_same_table(const graph::Array& found, const graph::Array& own) {
    if (is_real(found.type) && is_real(own.type)) return to_f32(found.bytes, found.type) == own.bytes;
    return found.type == own.type && found.bytes == own.bytes;
  }

  void drop_what_may_be_there(const std::vector<std::string>& training_only) {
    std::unordered_set<std::string> counters;
    for (const graph::Tensor& tensor : graph_.tensors) {
      if (const auto counter = batch_counter_of(tensor.name)) counters.insert(*counter);
    }
    std::erase_if(checkpoint_.tensors, [&](const auto& entry) {
      const std::string& name = entry.first;
      return counters.contains(name) ||
             std::any_of(training_only.begin(), training_only.end(), [&](const std::string& prefix) { return name.starts_with(prefix); });
    });
  }

  [[noreturn]] void fail() {
    const std::string hint = hint_for_classes();
    std::vector<std::string> extra;
    for (const auto& [name, array] : checkpoint_.tensors) extra.push_back(name);
    for (const graph::Tensor* tensor : missing_) {
      if (problems_.size() >= kMostProblems) {
        problems_.emplace_back();  // counted, not shown
        continue;
      }
      const std::vector<std::string> near = nearest(tensor->name, extra, 1);
      problems_.push_back(near.empty() ? fmt::format("{} is missing", tensor->name)
                                       : fmt::format("{} is missing, but {} is there", tensor->name, near.front()));
    }
    for (const std::string& name : extra) problems_.push_back(fmt::format("{} is none of the network's", name));
    const std::size_t count = problems_.size();
    problems_.resize(std::min(count, kMostProblems));
    const std::string more = count > kMostProblems ? fmt::format("; and {} more", count - kMostProblems) : "";
    throw Error(ErrorCode::input,
                one_line(fmt::format("{} does not fit {}: {}{}", checkpoint_.path.string(), graph_.name, join(problems_, "; "), more),
                         kMostMessage),
                hint);
  }

  /// Where all that is wrong are first dimensions that ought to be the number of classes and are another one.
  std::string hint_for_classes() const {
    if (!missing_.empty() || !checkpoint_.tensors.empty() || misfits_.empty() || misfits_.size() != problems_.size()) return {};
    const std::vector<Shape> shapes = graph::infer_shapes(graph_, 1);
    const Shape& output = shapes[graph_.outputs.front()];
    const Misfit& first = misfits_.front();
    if (output.empty() || first.found.empty()) return {};
    std::size_t of_these_layers = 0;  // a weight alone that differs is a broken one
    for (const graph::Tensor& tensor : graph_.tensors) {
      if (graph::is_stored(tensor.role)) of_these_layers += is_of_misfit_layer(tensor.name) ? 1 : 0;
    }
    const bool classes = of_these_layers == misfits_.size() && std::all_of(misfits_.begin(), misfits_.end(), [&](const Misfit& misfit) {
                           return misfit.found.size() == misfit.wanted.size() && !misfit.found.empty() &&
                                  misfit.wanted.front() == output.back() && misfit.found.front() == first.found.front() &&
                                  std::equal(misfit.found.begin() + 1, misfit.found.end(), misfit.wanted.begin() + 1);
                         });
    return classes ? fmt::format("it has {} classes: --classes {}", first.found.front(), first.found.front()) : "";
  }

  bool is_of_misfit_layer(std::string_view name) const {
    return std::any_of(misfits_.begin(), misfits_.end(), [&](const Misfit& misfit) { return layer_of(misfit.name) == layer_of(name); });
  }

  /// A scalar has no dimensions to print.
  static std::string shown(const Shape& shape) { return shape.empty() ? "a single number" : to_string(shape); }

  const graph::Graph& graph_;
  Checkpoint checkpoint_;  ///< tensors that nobody has asked for yet
  std::vector<const graph::Tensor*> missing_;
  std::vector<std::string> problems_;
  std::vector<Misfit> misfits_;
};

}  // namespace

graph::Weights assign_weights(const graph::Graph& graph, Checkpoint checkpoint, const std::vector<std::string>& training_only) {
  return Assignment(graph, std::move(checkpoint)).run(training_only);
}

}  // namespace inferometer::formats
