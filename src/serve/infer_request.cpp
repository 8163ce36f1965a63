#include "serve/infer_request.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "serve/json_members.h"
#include "serve/status_error.h"
#include "serve/tensor_cut.h"
#include "serve/tensor_text.h"

namespace inferometer::serve {
namespace {

using nlohmann::json;

StatusError refused(const std::string& message) { return {400, DdCode::bad_request, message}; }

std::string shown(std::string_view text) { return one_line(to_utf8(text), 100); }

std::size_t item_bytes(const engine::TensorInfo& tensor) {
  return static_cast<std::size_t>(element_count(shape_of(tensor, 1))) * size_of(tensor.type);
}

/// "'data' FP32 Nx3x224x224, 'mask' BOOL Nx1".
std::string listed(const std::vector<engine::TensorInfo>& tensors) {
  std::vector<std::string> texts;
  for (const engine::TensorInfo& tensor : tensors) {
    texts.push_back(fmt::format("'{}' {} {}", tensor.name, v2_name(tensor.type), to_string(shape_of(tensor, -1))));
  }
  return join(texts, ", ");
}

/// What changes the answer, and is not done here, must not be passed over.
void refuse_parameters(const Members& parameters, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (parameters.find(name) != nullptr) parameters.refuse(name, "is not supported");
  }
}

Members members(const json* object, const std::string& where) { return {object, where.c_str(), DdCode::bad_request}; }

/// Where the tensor that a member names stands.
std::size_t find(const std::vector<engine::TensorInfo>& tensors, const Members& object, std::string_view has) {
  const std::optional<std::string> name = object.text("name");
  if (!name) object.refuse("name", fmt::format("is missing; the model {} {}", has, listed(tensors)));
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const engine::TensorInfo& tensor) { return tensor.name == *name; });
  if (found == tensors.end()) {
    object.refuse("name", fmt::format("there is no '{}'; the model {} {}", shown(*name), has, listed(tensors)));
  }
  return static_cast<std::size_t>(found - tensors.begin());
}

/// A member that is an array; nullptr where it is absent.
const json* array_of(const Members& object, const char* name) {
  const json* found = object.find(name);
  if (found != nullptr && !found->is_array()) object.refuse(name, fmt::format("must be an array, is {}", found->type_name()));
  return found;
}

/// Reads the parts of one request.
class RequestReader {
 public:
  RequestReader(const WorkerModel& model, std::size_t most_items) : model_(model), most_items_(most_items) {}

  InferRequest read(std::string_view text, std::string_view binary) {
    const CutRequest cut = cut_tensors(text);
    binary_ = binary;
    const json body = json::parse(cut.rest, nullptr, false);
    if (body.is_discarded()) throw refused("the request is not JSON");
    if (!body.is_object()) throw refused("the request must be a JSON object");
    const Members request(&body, "", DdCode::bad_request);
    request_.id = request.text("id");
    const Members parameters(request.object("parameters"), "parameters.", DdCode::bad_request);
    const json* inputs = array_of(request, "inputs");
    if (inputs == nullptr) request.refuse("inputs", "is missing; the model takes " + listed(model_.inputs));
    request_.inputs.resize(model_.inputs.size());
    given_.resize(model_.inputs.size());
    for (std::size_t i = 0; i < inputs->size(); ++i) {
      const auto array = cut.arrays.find(i);
      read_input((*inputs)[i], i, array == cut.arrays.end() ? std::nullopt : std::optional(array->second));
    }
    for (std::size_t i = 0; i < given_.size(); ++i) {
      if (!given_[i])
        throw refused(fmt::format("the input '{}' is missing; the model takes {}", model_.inputs[i].name, listed(model_.inputs)));
    }
    if (!binary_.empty()) throw refused(fmt::format("{} bytes of binary data are left over", binary_.size()));
    read_outputs(array_of(request, "outputs"), parameters.flag("binary_data_output").value_or(false));
    return std::move(request_);
  }

  /// The body is the only input, without any JSON.
  InferRequest read_raw(std::string_view binary) {
    if (model_.inputs.size() != 1) throw refused("a body without JSON is for models of one input; this one takes " + listed(model_.inputs));
    const std::size_t bytes = item_bytes(model_.inputs[0]);
    if (binary.empty() || bytes == 0 || binary.size() % bytes != 0) {
      throw refused(fmt::format("{} bytes are no whole number of items of {} bytes; the model takes {}", binary.size(), bytes,
                                listed(model_.inputs)));
    }
    set_count(static_cast<std::int64_t>(binary.size() / bytes), model_.inputs[0].name);
    binary_ = binary;
    request_.inputs.push_back(take_binary(form_of(0), static_cast<std::int64_t>(binary.size())));
    for (std::size_t i = 0; i < model_.outputs.size(); ++i) request_.outputs.push_back({i, true});
    return std::move(request_);
  }

 private:
  TensorForm form_of(std::size_t input) const {
    const engine::TensorInfo& tensor = model_.inputs[input];
    return {tensor.name, tensor.type, shape_of(tensor, static_cast<std::int64_t>(request_.count))};
  }

  void set_count(std::int64_t count, std::string_view name) {
    if (count < 1) throw refused(fmt::format("input '{}': a batch of {}; at least 1 is needed", name, count));
    if (static_cast<std::uint64_t>(count) > most_items_) {
      throw StatusError(413, DdCode::none, fmt::format("input '{}': a batch of {}; a call may hold {} at most", name, count, most_items_));
    }
    if (request_.count != 0 && request_.count != static_cast<std::size_t>(count)) {
      throw refused(fmt::format("input '{}': a batch of {} beside one of {}", name, count, request_.count));
    }
    request_.count = static_cast<std::size_t>(count);
  }

  void read_input(const json& object, std::size_t index, std::optional<std::string_view> array) {
    const std::string place = fmt::format("inputs[{}].", index), parameters_place = place + "parameters.";
    if (!object.is_object()) throw refused(fmt::format("inputs[{}]: must be an object, is {}", index, object.type_name()));
    const Members input = members(&object, place);
    const std::size_t at = find(model_.inputs, input, "takes");
    const engine::TensorInfo& tensor = model_.inputs[at];
    if (given_[at]) input.refuse("name", fmt::format("'{}' is given twice", tensor.name));
    given_[at] = true;
    const std::string datatype = input.text("datatype").value_or("nothing");
    if (datatype != v2_name(tensor.type)) refuse(input, "datatype", shown(datatype));
    read_shape(input, tensor);
    const Members parameters = members(input.object("parameters"), parameters_place);
    refuse_parameters(parameters, {"shared_memory_region"});
    const std::optional<std::int64_t> size = parameters.whole("binary_data_size");
    if ((array || input.find("data") != nullptr) == size.has_value()) {
      input.refuse("data", "either this or parameters.binary_data_size must be given");
    }
    if (size) {
      request_.inputs[at] = take_binary(form_of(at), *size);
    } else {
      if (!array) input.refuse("data", "must be an array of numbers");
      request_.inputs[at] = request_.storage.emplace_back(read_elements(*array, form_of(at)));
    }
  }

  [[noreturn]] void refuse(const Members& input, const char* name, const std::string& given) const {
    input.refuse(name, fmt::format("is {}; the model takes {}", given, listed(model_.inputs)));
  }

  void read_shape(const Members& input, const engine::TensorInfo& tensor) {
    bool is_single = false;
    const auto lengths = input.numbers("shape", &is_single);
    if (!lengths || is_single || lengths->size() > 16) refuse(input, "shape", "no list of lengths");
    Shape shape;
    for (const double length : *lengths) {
      constexpr double kMost = 1e15;
      if (!(std::abs(length) <= kMost) || std::trunc(length) != length) refuse(input, "shape", fmt::format("one with {}", length));
      shape.push_back(static_cast<std::int64_t>(length));
    }
    if (shape.empty() || shape != shape_of(tensor, shape[0])) refuse(input, "shape", shape.empty() ? "empty" : to_string(shape));
    set_count(shape[0], tensor.name);
  }

  std::span<const std::byte> take_binary(const TensorForm& form, std::int64_t size) {
    const std::size_t needed = static_cast<std::size_t>(element_count(form.shape)) * size_of(form.type);
    if (size < 0 || static_cast<std::uint64_t>(size) != needed) {
      throw refused(fmt::format("input '{}': binary_data_size {}; the shape {} of {} has {} bytes", form.name, size, to_string(form.shape),
                                v2_name(form.type), needed));
    }
    if (binary_.size() < needed) {
      throw refused(fmt::format("input '{}': {} bytes of binary data where {} are announced", form.name, binary_.size(), needed));
    }
    const std::span<const std::byte> bytes = std::as_bytes(std::span(binary_.data(), needed));
    binary_.remove_prefix(needed);
    require_finite(bytes, form);
    return bytes;
  }

  void read_outputs(const json* outputs, bool all_binary) {
    if (outputs == nullptr || outputs->empty()) {
      for (std::size_t i = 0; i < model_.outputs.size(); ++i) want({i, all_binary});
      return;
    }
    for (std::size_t i = 0; i < outputs->size(); ++i) {
      const json& object = (*outputs)[i];
      const std::string place = fmt::format("outputs[{}].", i), parameters_place = place + "parameters.";
      if (!object.is_object()) throw refused(fmt::format("outputs[{}]: must be an object, is {}", i, object.type_name()));
      const Members output = members(&object, place);
      const std::size_t at = find(model_.outputs, output, "gives");
      const Members parameters = members(output.object("parameters"), parameters_place);
      refuse_parameters(parameters, {"shared_memory_region", "classification"});
      want({at, parameters.flag("binary_data").value_or(all_binary)});
    }
  }

  void want(const WantedOutput& output) {
    const engine::TensorInfo& tensor = model_.outputs[output.index];
    const auto is_same = [&](const WantedOutput& other) { return other.index == output.index; };
    if (std::any_of(request_.outputs.begin(), request_.outputs.end(), is_same)) {
      throw refused(fmt::format("output '{}' is asked for twice", tensor.name));
    }
    if (!output.is_binary && !has_json(tensor.type)) {
      throw refused(
          fmt::format("output '{}': {} has no form in JSON; ask for it with the parameter binary_data", tensor.name, v2_name(tensor.type)));
    }
    request_.outputs.push_back(output);
  }

  const WorkerModel& model_;
  const std::size_t most_items_;
  std::string_view binary_;  ///< not taken yet
  std::vector<bool> given_;
  InferRequest request_;
};

}  // namespace

Shape shape_of(const engine::TensorInfo& tensor, std::int64_t count) {
  Shape shape = tensor.shape;
  if (!shape.empty()) shape[0] = count;
  return shape;
}

InferRequest read_infer_request(std::string_view body, std::optional<std::string_view> header_length, const WorkerModel& model,
                                std::size_t most_items) {
  RequestReader reader(model, most_items);
  if (!header_length) return reader.read(body, {});
  const auto length = parse_integer(trim(*header_length));
  if (!length || *length < 0 || static_cast<std::uint64_t>(*length) > body.size()) {
    throw refused(
        fmt::format("Inference-Header-Content-Length: '{}' is no length within a body of {} bytes", shown(*header_length), body.size()));
  }
  if (*length == 0) return reader.read_raw(body);
  return reader.read(body.substr(0, static_cast<std::size_t>(*length)), body.substr(static_cast<std::size_t>(*length)));
}

}  // namespace inferometer::serve
