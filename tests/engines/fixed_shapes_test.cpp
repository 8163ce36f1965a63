#include "common/fixed_shapes.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "onnx_models.h"

namespace inferometer::engine {
namespace {

using test::model_of;
using test::TemporaryFile;

TEST(FixedShapes, OnlyTheInputsShapeChanges) {
  onnx::ModelProto model = model_of({.input = {"N", "3", "", "W"}});
  onnx::TensorProto& weight = *model.mutable_graph()->add_initializer();
  weight.set_name("w");
  weight.set_raw_data(std::string(300, 'w'));
  const TemporaryFile file(model.SerializeAsString());
  const FixedShapesFile fixed(file.path(), {{"x", {2, 3, 300, 5}}, {"other", {1}}});
  onnx::ModelProto got;
  ASSERT_TRUE(got.ParseFromString(read_file(fixed.path())));
  test::describe(*model.mutable_graph()->mutable_input(0), "x", onnx::TensorProto::FLOAT, {});
  model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  test::describe(*model.mutable_graph()->mutable_input(0), "x", onnx::TensorProto::FLOAT, {"2", "3", "300", "5"});
  EXPECT_EQ(got.SerializeAsString(), model.SerializeAsString());
}

TEST(FixedShapes, BrokenFilesAreRefused) {
  const std::string whole = model_of({}).SerializeAsString();
  for (const std::size_t length : {std::size_t{0}, std::size_t{5}, whole.size() / 2, whole.size() - 1}) {
    SCOPED_TRACE(length);
    const TemporaryFile file(whole.substr(0, length));
    try {
      FixedShapesFile(file.path(), {{"x", {1, 3, 4, 4}}});
      ADD_FAILURE() << "it was copied";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::input) << error.what();
    }
  }
}

}  // namespace
}  // namespace inferometer::engine
