#include "base/error.h"

#include <gtest/gtest.h>

namespace inferometer {
namespace {

TEST(Error, CarriesCodeMessageAndHint) {
  const Error error(ErrorCode::input, "model.onnx: tensor conv1 is missing", "export it again");
  EXPECT_EQ(error.code(), ErrorCode::input);
  EXPECT_STREQ(error.what(), "model.onnx: tensor conv1 is missing");
  EXPECT_EQ(error.hint(), "export it again");
  EXPECT_EQ(Error(ErrorCode::io, "x").hint(), "");
}

TEST(ErrorCode, NamesGoThereAndBack) {
  const std::pair<ErrorCode, const char*> cases[] = {
      {ErrorCode::usage, "usage"},
      {ErrorCode::input, "input"},
      {ErrorCode::unsupported, "unsupported"},
      {ErrorCode::engine_failure, "engine_failure"},
      {ErrorCode::out_of_memory, "out_of_memory"},
      {ErrorCode::missing_engine, "missing_engine"},
      {ErrorCode::io, "io"},
      {ErrorCode::interrupted, "interrupted"},
      {ErrorCode::internal, "internal"},
  };
  for (const auto& [code, name] : cases) {
    EXPECT_EQ(name_of(code), name);
    EXPECT_EQ(error_code(name), code);
  }
  EXPECT_EQ(error_code("of another version"), ErrorCode::internal);
  EXPECT_EQ(error_code(""), ErrorCode::internal);
}

}  // namespace
}  // namespace inferometer
