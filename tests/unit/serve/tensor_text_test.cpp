#include "serve/tensor_text.h"

#include <cmath>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>

#include "serve/status_error.h"
#include "serve/tensor_cut.h"

namespace inferometer::serve {
namespace {

template <typename Value>
std::vector<Value> values_of(const std::vector<std::byte>& bytes) {
  std::vector<Value> values(bytes.size() / sizeof(Value));
  if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

template <typename Value>
std::vector<std::byte> bytes_of(const std::vector<Value>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(Value));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

template <typename Value>
std::vector<Value> read(std::string_view text, ElementType type, const Shape& shape) {
  return values_of<Value>(read_elements(text, {"x", type, shape}));
}

std::string refusal(std::string_view text, ElementType type, const Shape& shape) {
  try {
    read_elements(text, {"x", type, shape});
  } catch (const StatusError& error) {
    EXPECT_EQ(error.http(), 400);
    return error.what();
  }
  return "";
}

std::string written(const std::vector<std::byte>& bytes, ElementType type) {
  std::string text = "=";
  append_elements(text, bytes, {"y", type, {}});
  return text;
}

TEST(TensorText, ReadsFlatAndNestedArrays) {
  const std::vector<float> expected{1, -2.5f, 3e-3f, 0, -0.0f, 60};
  for (const char* text : {"[1,-2.5,3e-3,0,-0,6E+1]", "[ [1 , -2.5,3.0e-3],\n[0,-0.0,60.0]\t]"}) {
    const auto values = read<float>(text, ElementType::f32, {2, 3});
    EXPECT_EQ(values, expected) << text;
    EXPECT_TRUE(std::signbit(values[4]));
  }
  EXPECT_EQ(read<float>("[[[[1],[2]],[[3],[4]]]]", ElementType::f32, {1, 2, 2, 1}), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(read<double>("[0.1]", ElementType::f64, {1}), std::vector<double>{0.1});
  EXPECT_EQ(read<std::uint8_t>("[0,255]", ElementType::u8, {2}), (std::vector<std::uint8_t>{0, 255}));
  EXPECT_EQ(read<std::int8_t>("[-128,127]", ElementType::i8, {2}), (std::vector<std::int8_t>{-128, 127}));
  EXPECT_EQ(read<std::int32_t>("[-2147483648,2147483647]", ElementType::i32, {2}), (std::vector<std::int32_t>{INT32_MIN, INT32_MAX}));
  EXPECT_EQ(read<std::int64_t>("[9223372036854775807]", ElementType::i64, {1}), std::vector<std::int64_t>{INT64_MAX});
  EXPECT_EQ(read<std::uint8_t>("[true,false]", ElementType::boolean, {2}), (std::vector<std::uint8_t>{1, 0}));
}

TEST(TensorText, RoundsDecimalTextOnce) {
  // Halfway between two floats when rounded to double first.
  EXPECT_EQ(read<float>("[1.00000017881393432617187499]", ElementType::f32, {1})[0], 1.00000011920928955f);
  EXPECT_EQ(read<float>("[1e-45,1e-60,1e-400,1.17549435e-38]", ElementType::f32, {4}), (std::vector<float>{1e-45f, 0, 0, 1.17549435e-38f}));
  EXPECT_EQ(read<float>("[3.4028235e38]", ElementType::f32, {1})[0], std::numeric_limits<float>::max());
}

TEST(TensorText, NamesTensorAndElement) {
  struct Case {
    const char* text;
    ElementType type;
    Shape shape;
    const char* message;
  };
  const std::vector<Case> cases{
      {"[1,NaN]", ElementType::f32, {2}, "tensor 'x': element 1 is NaN or infinite; only finite numbers are taken"},
      {"[1,-Infinity]", ElementType::f32, {2}, "tensor 'x': element 1 is NaN or infinite; only finite numbers are taken"},
      {"[inf,2]", ElementType::f32, {2}, "tensor 'x': element 0 is NaN or infinite; only finite numbers are taken"},
      {"[1e39]", ElementType::f32, {1}, "tensor 'x': element 0 is beyond what FP32 holds"},
      {"[1e400]", ElementType::f64, {1}, "tensor 'x': element 0 is beyond what FP64 holds"},
      {"[1,null]", ElementType::f32, {2}, "tensor 'x': element 1 is no FP32 in JSON: null]"},
      {"[\"1\"]", ElementType::f32, {1}, "tensor 'x': element 0 is no FP32 in JSON: \"1\"]"},
      {"[01]", ElementType::f32, {1}, "tensor 'x': element 0 is no FP32 in JSON: 01]"},
      {"[.5]", ElementType::f32, {1}, "tensor 'x': element 0 is no FP32 in JSON: .5]"},
      {"[5.]", ElementType::f32, {1}, "tensor 'x': element 0 is no FP32 in JSON: 5.]"},
      {"[+5]", ElementType::f32, {1}, "tensor 'x': element 0 is no FP32 in JSON: +5]"},
      {"[5e]", ElementType::f32, {1}, "tensor 'x': element 0 is no FP32 in JSON: 5e]"},
      {"[0x5]", ElementType::f32, {1}, "tensor 'x': element 1 is not followed by a comma or a bracket"},
      {"[1 2]", ElementType::f32, {2}, "tensor 'x': element 1 is not followed by a comma or a bracket"},
      {"[1,]", ElementType::f32, {1}, "tensor 'x': more elements than the 1 of its shape 1"},
      {"[1,]", ElementType::f32, {2}, "tensor 'x': element 1 is no FP32 in JSON: ]"},
      {"[,1]", ElementType::f32, {1}, "tensor 'x': element 0 is no FP32 in JSON: ,1]"},
      {"[1,2]", ElementType::f32, {1}, "tensor 'x': more elements than the 1 of its shape 1"},
      {"[1,2]", ElementType::f32, {1, 3}, "tensor 'x': 2 elements where the shape 1x3 has 3"},
      {"[1]", ElementType::f32, {999}, "tensor 'x': fewer elements than the 999 of its shape 999"},
      {"[[1,2],[3]]", ElementType::f32, {2, 2}, "tensor 'x': the arrays are not nested as its shape 2x2"},
      {"[[1],[2],[3],[4]]", ElementType::f32, {2, 2}, "tensor 'x': the arrays are not nested as its shape 2x2"},
      {"[[1,2],3,4]", ElementType::f32, {2, 2}, "tensor 'x': the arrays are not nested as its shape 2x2"},
      {"[1,2,[3,4]]", ElementType::f32, {2, 2}, "tensor 'x': the arrays are not nested as its shape 2x2"},
      {"[[1,2,3,4]]", ElementType::f32, {1, 2, 2}, "tensor 'x': the arrays are not nested as its shape 1x2x2"},
      {"[[[1]]]", ElementType::f32, {1, 1}, "tensor 'x': the arrays are not nested as its shape 1x1"},
      {"[[[[[[[[[[[[[[[[[[[[[[", ElementType::f32, {1, 1}, "tensor 'x': the arrays are not nested as its shape 1x1"},
      {"[]", ElementType::f32, {1}, "tensor 'x': the arrays are not nested as its shape 1"},
      {"[1", ElementType::f32, {1}, "tensor 'x': element 1 is not followed by a comma or a bracket"},
      {"7777", ElementType::f32, {1}, "tensor 'x': its data is no array"},
      {"[1.0]", ElementType::i32, {1}, "tensor 'x': element 0 is no whole number, as INT32 is"},
      {"[2147483648]", ElementType::i32, {1}, "tensor 'x': element 0 is beyond what INT32 holds"},
      {"[-1]", ElementType::u8, {1}, "tensor 'x': element 0 is beyond what UINT8 holds"},
      {"[256]", ElementType::u8, {1}, "tensor 'x': element 0 is beyond what UINT8 holds"},
      {"[0]", ElementType::boolean, {1}, "tensor 'x': element 0 is no BOOL in JSON: 0]"},
      {"[true]", ElementType::f32, {1}, "tensor 'x': element 0 is no FP32 in JSON: true]"},
      {"[1]", ElementType::f16, {1}, "tensor 'x': FP16 has no form in JSON; send it as binary data (binary_data_size)"},
  };
  for (const Case& one : cases) EXPECT_EQ(refusal(one.text, one.type, one.shape), one.message) << one.text;
}

TEST(TensorText, WritesWhatReadsBackTheSame) {
  EXPECT_EQ(written(bytes_of<float>({0.1f, -1, 1e-10f, 3e20f, 16777216}), ElementType::f32), "=[0.1,-1,1e-10,3e+20,16777216]");
  EXPECT_EQ(written(bytes_of<double>({0.1, 1e300}), ElementType::f64), "=[0.1,1e+300]");
  EXPECT_EQ(written(bytes_of<std::uint8_t>({0, 200}), ElementType::u8), "=[0,200]");
  EXPECT_EQ(written(bytes_of<std::int8_t>({-3}), ElementType::i8), "=[-3]");
  EXPECT_EQ(written(bytes_of<std::int64_t>({INT64_MIN}), ElementType::i64), "=[-9223372036854775808]");
  EXPECT_EQ(written(bytes_of<std::uint8_t>({1, 0}), ElementType::boolean), "=[true,false]");
  EXPECT_EQ(written({}, ElementType::f32), "=[]");
  std::vector<float> many;
  for (std::uint32_t bits = 1; bits < 0x7F800000u; bits += 0x7FFFFu) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    many.push_back(value);
  }
  const std::string text = written(bytes_of(many), ElementType::f32).substr(1);
  EXPECT_EQ(read<float>(text, ElementType::f32, {static_cast<std::int64_t>(many.size())}), many);
  try {
    written(bytes_of<float>({1, NAN}), ElementType::f32);
    ADD_FAILURE() << "NaN was written";
  } catch (const StatusError& error) {
    EXPECT_EQ(error.http(), 500);
    EXPECT_STREQ(error.what(), "tensor 'y': element 1 came out NaN or infinite, which JSON cannot carry");
  }
}

TEST(TensorText, FindsWhatIsNotFiniteInBytes) {
  const auto finds = [](const std::vector<std::byte>& bytes, ElementType type) -> std::string {
    try {
      require_finite(bytes, {"x", type, {}});
    } catch (const StatusError& error) {
      return error.what();
    }
    return "";
  };
  const std::string two = "tensor 'x': element 2 is NaN or infinite; only finite numbers are taken";
  EXPECT_EQ(finds(bytes_of<float>({0, std::numeric_limits<float>::max(), NAN, INFINITY}), ElementType::f32), two);
  EXPECT_EQ(finds(bytes_of<float>({0, 1, -INFINITY}), ElementType::f32), two);
  EXPECT_EQ(finds(bytes_of<float>({0, 1e-45f, -3e38f}), ElementType::f32), "");
  EXPECT_EQ(finds(bytes_of<double>({0, 1e308, NAN}), ElementType::f64), two);
  EXPECT_EQ(finds(bytes_of<std::uint16_t>({0x7BFF, 0x0001, 0xFC00}), ElementType::f16), two);
  EXPECT_EQ(finds(bytes_of<std::uint16_t>({0x7F7F, 0x7C00, 0x7FC0}), ElementType::bf16), two);
  EXPECT_EQ(finds(bytes_of<std::int32_t>({0x7F800000}), ElementType::i32), "");
  EXPECT_EQ(finds(bytes_of<std::uint8_t>({0, 1, 2}), ElementType::boolean), "tensor 'x': element 2 is neither 0 nor 1");
}

TEST(CutTensors, CutsTheDataOfInputsAlone) {
  const std::string text =
      R"({"data":[1],"id":"a\"{[","inputs":[{"name":"x","data": [[1,2],"]",[3]] ,"data2":[4]},7,{"parameters":{"data":[5]},)"
      R"("data":[6]}],"outputs":[{"data":[7]}],"x":{"inputs":[{"data":[8]}]}})";
  const CutRequest cut = cut_tensors(text);
  EXPECT_EQ(cut.rest, R"({"data":[1],"id":"a\"{[","inputs":[{"name":"x","data": null ,"data2":[4]},7,{"parameters":{"data":[5]},)"
                      R"("data":null}],"outputs":[{"data":[7]}],"x":{"inputs":[{"data":[8]}]}})");
  ASSERT_EQ(cut.arrays.size(), 2u);
  EXPECT_EQ(cut.arrays.at(0), R"([[1,2],"]",[3]])");
  EXPECT_EQ(cut.arrays.at(2), "[6]");
  const CutRequest second = cut_tensors(R"({"outputs":[{"name":"p"},{"name":"q"}],"inputs":[{"data":[1]}]})");
  ASSERT_EQ(second.arrays.size(), 1u);
  EXPECT_EQ(second.arrays.at(0), "[1]");
}

TEST(CutTensors, LeavesWhatIsMalformed) {
  for (const char* text : {"", "{", "[", "]", "}}", "\"", "\"\\", "{\"inputs\":[{\"data\":[1,2", "{\"inputs\":[{\"data\":[\"",
                           "{\"inputs\":{\"data\":[1]}}", "[{\"inputs\":[{\"data\":[1]}]}]", "{\"inputs\":[[{\"data\":[1]}]]}",
                           "{\"inputs\":[{\"data\" [1]}]}", "{\"inputs\":[{\"x\":\"data\",\"y\":[1]}]}"}) {
    const CutRequest cut = cut_tensors(text);
    EXPECT_EQ(cut.rest, text);
    EXPECT_TRUE(cut.arrays.empty()) << text;
  }
  EXPECT_THROW(cut_tensors(std::string(100, '[')), StatusError);
  EXPECT_NO_THROW(cut_tensors(std::string(60, '[')));
  std::string wide = "[";
  for (int i = 0; i < 50'000; ++i) wide += "[],";
  EXPECT_THROW(cut_tensors(wide + "0,0]"), StatusError);
  EXPECT_NO_THROW(cut_tensors("[1" + std::string(40'000, ',') + "]"));
  EXPECT_THROW(cut_tensors(R"({"inputs":[{"data":[1],"data":[2]}]})"), StatusError);
}

}  // namespace
}  // namespace inferometer::serve
