#include "serve/infer_request.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
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

/// The member, or nullptr where it is absent or null.
const json* member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

/// A member of `where` that must be of a kind when it is there.
const json* member(const json& object, const char* name, json::value_t kind, std::string_view where) {
  constexpr std::string_view kKinds[] = {"null", "an object", "an array", "a string", "true or false"};
  const json* found = member(object, name);
  if (found != nullptr && found->type() != kind) {
    throw refused(fmt::format("{}: {} must be {}", where, name, kKinds[static_cast<std::size_t>(kind)]));
  }
  return found;
}

bool truth(const json* parameters, const char* name, bool otherwise, std::string_view where) {
  if (parameters == nullptr) return otherwise;
  const json* found = member(*parameters, name, json::value_t::boolean, where);
  return found == nullptr ? otherwise : found->get<bool>();
}

/// What changes the answer, and is not done here, must not be passed over.
void refuse_parameters(const json* parameters, std::initializer_list<const char*> names, std::string_view where) {
  if (parameters == nullptr) return;
  for (const char* name : names) {
    if (member(*parameters, name) != nullptr) throw refused(fmt::format("{}: the parameter {} is not supported", where, name));
  }
}

std::size_t find(const std::vector<engine::TensorInfo>& tensors, std::string_view name, std::string_view where, std::string_view kind) {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const engine::TensorInfo& tensor) { return tensor.name == name; });
  if (found == tensors.end()) {
    throw refused(fmt::format("{}: the model has no {} '{}'; it has {}", where, kind, shown(name), listed(tensors)));
  }
  return static_cast<std::size_t>(found - tensors.begin());
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
    if (const json* id = member(body, "id", json::value_t::string, "the request")) request_.id = id->get<std::string>();
    const json* parameters = member(body, "parameters", json::value_t::object, "the request");
    const json* inputs = member(body, "inputs", json::value_t::array, "the request");
    if (inputs == nullptr) throw refused("the request: inputs is missing; the model takes " + listed(model_.inputs));
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
    read_outputs(body, truth(parameters, "binary_data_output", false, "the request"));
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

  void read_input(const json& input, std::size_t index, std::optional<std::string_view> array) {
    const std::string place = fmt::format("inputs[{}]", index);
    if (!input.is_object()) throw refused(place + " must be an object");
    const json* name = member(input, "name", json::value_t::string, place);
    if (name == nullptr) throw refused(place + ": name is missing; the model takes " + listed(model_.inputs));
    const std::size_t at = find(model_.inputs, name->get_ref<const std::string&>(), place, "input");
    const engine::TensorInfo& tensor = model_.inputs[at];
    const std::string where = fmt::format("input '{}'", tensor.name);
    if (given_[at]) throw refused(where + " is given twice");
    given_[at] = true;
    const json* datatype = member(input, "datatype", json::value_t::string, where);
    if (datatype == nullptr || datatype->get_ref<const std::string&>() != v2_name(tensor.type)) {
      throw refused(fmt::format("{}: datatype {}; the model takes {}", where,
                                datatype == nullptr ? "is missing" : shown(datatype->get_ref<const std::string&>()),
                                listed(model_.inputs)));
    }
    read_shape(input, tensor, where);
    const json* parameters = member(input, "parameters", json::value_t::object, where);
    refuse_parameters(parameters, {"shared_memory_region"}, where);
    const json* size = parameters == nullptr ? nullptr : member(*parameters, "binary_data_size");
    const bool has_data = array.has_value() || member(input, "data") != nullptr;
    if (has_data == (size != nullptr)) throw refused(where + ": either data or the parameter binary_data_size must be given");
    if (size != nullptr) {
      if (!size->is_number_integer()) throw refused(where + ": binary_data_size must be a whole number");
      request_.inputs[at] = take_binary(form_of(at), size->get<std::int64_t>());
    } else {
      if (!array) throw refused(where + ": data must be an array of numbers");
      request_.inputs[at] = request_.storage.emplace_back(read_elements(*array, form_of(at)));
    }
  }

  void read_shape(const json& input, const engine::TensorInfo& tensor, std::string_view where) {
    const json* given = member(input, "shape", json::value_t::array, where);
    const auto wrong = [&](std::string_view what) {
      return refused(fmt::format("{}: {}; the model takes {}", where, what, listed(model_.inputs)));
    };
    if (given == nullptr) throw wrong("shape is missing");
    Shape shape;
    for (const json& length : *given) {
      if (!length.is_number_integer() || shape.size() == 16) throw wrong("shape must be a list of whole numbers");
      shape.push_back(length.is_number_unsigned()
                          ? static_cast<std::int64_t>(std::min<std::uint64_t>(length.get<std::uint64_t>(), INT64_MAX))
                          : length.get<std::int64_t>());
    }
    if (shape.empty() || shape != shape_of(tensor, shape[0])) throw wrong(fmt::format("shape {}", to_string(shape)));
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

  void read_outputs(const json& body, bool all_binary) {
    const json* outputs = member(body, "outputs", json::value_t::array, "the request");
    if (outputs == nullptr || outputs->empty()) {
      for (std::size_t i = 0; i < model_.outputs.size(); ++i) want({i, all_binary});
      return;
    }
    for (std::size_t i = 0; i < outputs->size(); ++i) {
      const json& output = (*outputs)[i];
      const std::string place = fmt::format("outputs[{}]", i);
      if (!output.is_object()) throw refused(place + " must be an object");
      const json* name = member(output, "name", json::value_t::string, place);
      if (name == nullptr) throw refused(place + ": name is missing; the model gives " + listed(model_.outputs));
      const std::size_t at = find(model_.outputs, name->get_ref<const std::string&>(), place, "output");
      const json* parameters = member(output, "parameters", json::value_t::object, place);
      refuse_parameters(parameters, {"shared_memory_region", "classification"}, place);
      want({at, truth(parameters, "binary_data", all_binary, place)});
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
