#include "serve/infer_request.h"

#include <cstring>
#include <cmath>

#include <gtest/gtest.h>

#include "serve/status_error.h"

namespace inferometer::serve {
namespace {

/// Two pictures' worth of a tiny model: 'x' FP32 Nx1x2, 'm' BOOL Nx1; outputs 'p' FP32 Nx2, 'h' FP16 Nx1.
WorkerModel two_inputs() {
  WorkerModel model;
  model.inputs = {{"x", {1, 1, 2}, ElementType::f32}, {"m", {1, 1}, ElementType::boolean}};
  model.outputs = {{"p", {1, 2}, ElementType::f32}, {"h", {1, 1}, ElementType::f16}};
  return model;
}

WorkerModel one_input() {
  WorkerModel model;
  model.inputs = {{"x", {1, 1, 2}, ElementType::f32}};
  model.outputs = {{"p", {1, 2}, ElementType::f32}};
  return model;
}

template <typename Value>
std::vector<Value> values_of(std::span<const std::byte> bytes) {
  std::vector<Value> values(bytes.size() / sizeof(Value));
  if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

std::string floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

constexpr const char* kInputM = R"({"name":"m","shape":[2,1],"datatype":"BOOL","data":[true,false]})";
constexpr const char* kInputX = R"({"name":"x","shape":[2,1,2],"datatype":"FP32","data":[1,2,3,4]})";

std::string request_of(const std::string& inputs, const std::string& more = R"(,"outputs":[{"name":"p"}])") {
  return R"({"inputs":[)" + inputs + "]" + more + "}";
}

std::string refusal(const std::string& body, const WorkerModel& model, std::optional<std::string_view> header = {}, int status = 400) {
  try {
    read_infer_request(body, header, model, 8);
  } catch (const StatusError& error) {
    EXPECT_EQ(error.http(), status) << error.what();
    return error.what();
  }
  return "";
}

TEST(InferRequest, ReadsJson) {
  const std::string body = R"({"id":"é7","parameters":{"priority":1},"inputs":[)" + std::string(kInputM) + "," + kInputX +
                           R"(],"outputs":[{"name":"h","parameters":{"binary_data":true}},{"name":"p","parameters":null}],"extra":1})";
  const InferRequest request = read_infer_request(body, {}, two_inputs(), 8);
  EXPECT_EQ(request.id, "é7");
  EXPECT_EQ(request.count, 2u);
  ASSERT_EQ(request.inputs.size(), 2u);
  EXPECT_EQ(values_of<float>(request.inputs[0]), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(values_of<std::uint8_t>(request.inputs[1]), (std::vector<std::uint8_t>{1, 0}));
  ASSERT_EQ(request.outputs.size(), 2u);
  EXPECT_EQ(request.outputs[0].index, 1u);
  EXPECT_TRUE(request.outputs[0].is_binary);
  EXPECT_EQ(request.outputs[1].index, 0u);
  EXPECT_FALSE(request.outputs[1].is_binary);
}

TEST(InferRequest, ReadsBytesBehindTheJson) {
  const std::string header = request_of(R"({"name":"m","shape":[2,1],"datatype":"BOOL","parameters":{"binary_data_size":2}},)"
                                        R"({"name":"x","shape":[2,1,2],"datatype":"FP32","parameters":{"binary_data_size":16}})",
                                        R"(,"parameters":{"binary_data_output":true})");
  const std::string bytes = std::string("\1\0", 2) + floats({5, 6, 7, 8});
  const std::string length = std::to_string(header.size());
  const std::string body = header + bytes;
  const InferRequest request = read_infer_request(body, length, two_inputs(), 8);
  EXPECT_EQ(values_of<float>(request.inputs[0]), (std::vector<float>{5, 6, 7, 8}));
  EXPECT_EQ(values_of<std::uint8_t>(request.inputs[1]), (std::vector<std::uint8_t>{1, 0}));
  ASSERT_EQ(request.outputs.size(), 2u);
  EXPECT_TRUE(request.outputs[0].is_binary && request.outputs[1].is_binary);
  EXPECT_EQ(refusal(header + bytes + "z", two_inputs(), length), "1 bytes of binary data are left over");
  EXPECT_EQ(refusal(header + bytes.substr(0, 9), two_inputs(), length), "input 'x': 7 bytes of binary data where 16 are announced");
  EXPECT_EQ(refusal(header + std::string("\1\0", 2) + floats({5, NAN, 7, 8}), two_inputs(), length),
            "tensor 'x': element 1 is NaN or infinite; only finite numbers are taken");
  EXPECT_EQ(refusal(header, two_inputs(), "99999").substr(0, 66), "Inference-Header-Content-Length: '99999' is no length within a bod");
  EXPECT_NE(refusal(header, two_inputs(), "-1"), "");
  EXPECT_NE(refusal(header, two_inputs(), "one"), "");
}

TEST(InferRequest, TakesABodyWithoutJson) {
  const InferRequest request = read_infer_request(floats({1, 2, 3, 4, 5, 6}), "0", one_input(), 8);
  EXPECT_EQ(request.count, 3u);
  ASSERT_EQ(request.outputs.size(), 1u);
  EXPECT_TRUE(request.outputs[0].is_binary);
  EXPECT_EQ(refusal("123", one_input(), "0"), "3 bytes are no whole number of items of 8 bytes; the model takes 'x' FP32 Nx1x2");
  EXPECT_NE(refusal("", one_input(), "0"), "");
  EXPECT_NE(refusal(floats({1, 2}), two_inputs(), "0"), "");
  EXPECT_NE(refusal(floats({1, INFINITY}), one_input(), "0"), "");
  EXPECT_EQ(refusal(floats(std::vector<float>(18)), one_input(), "0", 413), "input 'x': a batch of 9; a call may hold 8 at most");
}

TEST(InferRequest, NamesWhatIsWrongAndWhatTheModelTakes) {
  const std::string takes = "; the model takes 'x' FP32 Nx1x2";
  const auto one = [](const std::string& input) { return refusal(request_of(input), one_input()); };
  EXPECT_EQ(refusal("{", one_input()), "the request is not JSON");
  EXPECT_EQ(refusal(R"({"inputs":[{"data":[1],}]})", one_input()), "the request is not JSON");
  EXPECT_EQ(refusal("[]", one_input()), "the request must be a JSON object");
  EXPECT_EQ(refusal("{}", one_input()), "inputs: is missing" + takes);
  EXPECT_EQ(refusal(R"({"inputs":{}})", one_input()), "inputs: must be an array, is object");
  EXPECT_EQ(refusal(R"({"inputs":[],"id":7})", one_input()), "id: must be a string, is number");
  EXPECT_EQ(refusal(R"({"inputs":[]})", one_input()), "the input 'x' is missing" + takes);
  EXPECT_EQ(one("7"), "inputs[0]: must be an object, is number");
  EXPECT_EQ(one("{}"), "inputs[0].name: is missing" + takes);
  EXPECT_EQ(one(R"({"name":"X"})"), "inputs[0].name: there is no 'X'" + takes);
  EXPECT_EQ(one(R"({"name":"x","shape":[1,1,2],"data":[1,2]})"), "inputs[0].datatype: is nothing" + takes);
  EXPECT_EQ(one(R"({"name":"x","shape":[1,1,2],"datatype":"FP64","data":[1,2]})"), "inputs[0].datatype: is FP64" + takes);
  EXPECT_EQ(one(R"({"name":"x","datatype":"FP32","data":[1,2]})"), "inputs[0].shape: is no list of lengths" + takes);
  EXPECT_EQ(one(R"({"name":"x","datatype":"FP32","shape":[1,2],"data":[1,2]})"), "inputs[0].shape: is 1x2" + takes);
  EXPECT_EQ(one(R"({"name":"x","datatype":"FP32","shape":[1,1,2.5],"data":[1,2]})"), "inputs[0].shape: is one with 2.5" + takes);
  EXPECT_EQ(one(R"({"name":"x","datatype":"FP32","shape":[],"data":[1,2]})"), "inputs[0].shape: is empty" + takes);
  EXPECT_EQ(one(R"({"name":"x","datatype":"FP32","shape":[18446744073709551615,1,2],"data":[1,2]})"),
            "inputs[0].shape: is one with 1.8446744073709552e+19" + takes);
  EXPECT_EQ(one(R"({"name":"x","datatype":"FP32","shape":[0,1,2],"data":[]})"), "input 'x': a batch of 0; at least 1 is needed");
  EXPECT_EQ(one(R"({"name":"x","datatype":"FP32","shape":[-1,1,2],"data":[]})"), "input 'x': a batch of -1; at least 1 is needed");
  for (const char* count : {"9", "999999999999999"}) {
    EXPECT_NE(refusal(request_of(R"({"name":"x","datatype":"FP32","shape":[)" + std::string(count) + R"(,1,2],"data":[1,2]})"), one_input(),
                      {}, 413),
              "");
  }
  EXPECT_EQ(one(R"({"name":"x","datatype":"FP32","shape":[1,1,2]})"),
            "inputs[0].data: either this or parameters.binary_data_size must be given");
  EXPECT_EQ(one(R"({"name":"x","datatype":"FP32","shape":[1,1,2],"data":[1,2],"parameters":{"binary_data_size":8}})"),
            "inputs[0].data: either this or parameters.binary_data_size must be given");
  EXPECT_EQ(one(R"({"name":"x","datatype":"FP32","shape":[1,1,2],"data":5})"), "inputs[0].data: must be an array of numbers");
  EXPECT_EQ(one(R"({"name":"x","datatype":"FP32","shape":[1,1,2],"data":[1,2,3]})"),
            "tensor 'x': more elements than the 2 of its shape 1x1x2");
  EXPECT_EQ(one(R"({"name":"x","datatype":"FP32","shape":[1,1,2],"data":[1,NaN]})"),
            "tensor 'x': element 1 is NaN or infinite; only finite numbers are taken");
  EXPECT_EQ(one(R"({"name":"x","datatype":"FP32","shape":[1,1,2],"parameters":{"binary_data_size":7}})"),
            "input 'x': binary_data_size 7; the shape 1x1x2 of FP32 has 8 bytes");
  EXPECT_EQ(one(R"({"name":"x","datatype":"FP32","shape":[1,1,2],"parameters":{"binary_data_size":"8"}})"),
            "inputs[0].parameters.binary_data_size: must be a whole number, is string");
  EXPECT_EQ(one(R"({"name":"x","datatype":"FP32","shape":[1,1,2],"parameters":{"shared_memory_region":"r"}})"),
            "inputs[0].parameters.shared_memory_region: is not supported");
  const std::string good = R"({"name":"x","datatype":"FP32","shape":[1,1,2],"data":[1,2]})";
  EXPECT_EQ(one(good + "," + good), "inputs[1].name: 'x' is given twice");
  EXPECT_EQ(refusal(request_of(std::string(kInputX) + R"(,{"name":"m","shape":[1,1],"datatype":"BOOL","data":[true]})"), two_inputs()),
            "input 'm': a batch of 1 beside one of 2");
}

TEST(InferRequest, ChoosesOutputs) {
  const auto wanted = [](const std::string& outputs) {
    return refusal(request_of(std::string(kInputX) + "," + kInputM, outputs), two_inputs());
  };
  EXPECT_EQ(wanted(R"(,"outputs":[{"name":"p"}])"), "");
  EXPECT_EQ(wanted(R"(,"outputs":[{"name":"q"}])"), "outputs[0].name: there is no 'q'; the model gives 'p' FP32 Nx2, 'h' FP16 Nx1");
  EXPECT_EQ(wanted(R"(,"outputs":[{}])"), "outputs[0].name: is missing; the model gives 'p' FP32 Nx2, 'h' FP16 Nx1");
  EXPECT_EQ(wanted(R"(,"outputs":[{"name":"p"},{"name":"p"}])"), "output 'p' is asked for twice");
  EXPECT_EQ(wanted(""), "output 'h': FP16 has no form in JSON; ask for it with the parameter binary_data");
  EXPECT_EQ(wanted(R"(,"outputs":[{"name":"p","parameters":{"classification":3}}])"),
            "outputs[0].parameters.classification: is not supported");
  EXPECT_EQ(wanted(R"(,"outputs":[{"name":"p","parameters":{"binary_data":1}}])"),
            "outputs[0].parameters.binary_data: must be true or false, is number");
  const std::string body =
      request_of(std::string(kInputX) + "," + kInputM,
                 R"(,"parameters":{"binary_data_output":true},"outputs":[{"name":"h"},{"name":"p","parameters":{"binary_data":false}}])");
  const InferRequest request = read_infer_request(body, {}, two_inputs(), 8);
  EXPECT_TRUE(request.outputs[0].is_binary);
  EXPECT_FALSE(request.outputs[1].is_binary);
}

}  // namespace
}  // namespace inferometer::serve
