#include "formats/safetensors.h"

#include "checkpoint_test_files.h"

namespace inferometer::formats {
namespace {

std::string with_header(const std::string& header, const std::string& data) {
  std::string text;
  append_little_endian(text, static_cast<std::uint64_t>(header.size()));
  return text + header + data;
}

TEST(ReadSafetensors, ReadsWhatOthersWrite) {
  const TemporaryFolder folder;
  put(folder / "a.safetensors",
      with_header(
          R"({"b":{"data_offsets":[4,6],"dtype":"BF16","shape":[]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"__metadata__":{"x":"y"}}   )",
          std::string("\x00\x00\x80\x3F\x80\x3F", 6)));
  const Checkpoint checkpoint = read_checkpoint(folder / "a.safetensors");
  EXPECT_EQ(checkpoint.format, "safetensors");
  EXPECT_EQ(numbers_of<float>(checkpoint.tensors.at("a")), std::vector<float>{1});
  EXPECT_EQ(checkpoint.tensors.at("b").type, ElementType::bf16);
  EXPECT_EQ(checkpoint.tensors.at("b").shape, Shape{});
}

TEST(ReadSafetensors, RefusesWhatIsWrong) {
  struct Case {
    const char* header;
    std::size_t data;
    const char* message;
  };
  const Case cases[] = {
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 7, "is cut off"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 9, "1 bytes that belong to no tensor"},
      {R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8, "tensor a has bytes 0 to 8"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8, "tensor a has bytes 8 to 0"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12, "tensor a does not follow"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})", 6,
       "tensor b does not follow"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1,
       "two tensors are called a"},
      {R"({"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})", 1, "tensor a has elements of type F8_E4M3"},
      {R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", 1, "tensor a lacks"},
      {R"({"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}})", 1, "tensor a lacks"},
      {R"({"a":{"dtype":"U8","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0, "impossible shape"},
      {R"({"a":{"dtype":"F64","shape":[4611686018427387904],"data_offsets":[0,0]}})", 0, "tensor a has bytes 0 to 0"},
      {R"({"a":{"dtype":"U8","shape":[1]}})", 1, "tensor a lacks"},
      {R"({"a":7})", 1, "tensor a lacks"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})", 1, "is no JSON"},
      {R"({"a":[[[[[[]]]]]]})", 1, "nested too deeply"},
      {"{}", 0, "holds no tensors"},
      {R"({"__metadata__":{}})", 0, "holds no tensors"},
  };
  const TemporaryFolder folder;
  for (const Case& wrong : cases) {
    put(folder / "a.safetensors", with_header(wrong.header, std::string(wrong.data, '\0')));
    const std::string message = message_of(folder / "a.safetensors");
    EXPECT_NE(message.find(wrong.message), std::string::npos) << wrong.header << "\n" << message;
  }
}

TEST(ReadSafetensors, BoundsTheHeader) {
  const TemporaryFolder folder;
  std::string text;
  append_little_endian(text, std::uint64_t{1000});
  put(folder / "cut.safetensors", text + "{\"a\":");
  EXPECT_NE(message_of(folder / "cut.safetensors").find("header of 1000 bytes is cut off"), std::string::npos);
  put(folder / "long.safetensors", with_header("{" + std::string(kMostHeaderBytes, ' ') + "}", ""));
  EXPECT_NE(message_of(folder / "long.safetensors").find("at most"), std::string::npos);
  put(folder / "deep.safetensors", with_header("{\"a\":" + std::string(1'000'000, '['), ""));
  EXPECT_NE(message_of(folder / "deep.safetensors").find("nested too deeply"), std::string::npos);
}

}  // namespace
}  // namespace inferometer::formats
