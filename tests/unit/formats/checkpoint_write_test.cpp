#include <cstdlib>

#include "base/files.h"
#include "base/text.h"
#include "checkpoint_test_files.h"
#include "formats/zip_reader.h"
#include "graph/builder.h"

namespace inferometer::formats {
namespace {

graph::Weights every_type() {
  graph::Weights tensors;
  tensors["f32"] = array_of<float>(ElementType::f32, {2, 3}, {1, -2, 3, 0.5F, 1e-40F, 3e38F});
  tensors["f16"] = array_of<std::uint16_t>(ElementType::f16, {2}, {0x3C00, 0x7BFF});
  tensors["bf16"] = array_of<std::uint16_t>(ElementType::bf16, {1, 2}, {0x3F80, 0x7F62});
  tensors["f64"] = array_of<double>(ElementType::f64, {1}, {0.1});
  tensors["u8"] = array_of<std::uint8_t>(ElementType::u8, {3}, {0, 1, 255});
  tensors["i8"] = array_of<std::int8_t>(ElementType::i8, {1}, {-128});
  tensors["i32"] = array_of<std::int32_t>(ElementType::i32, {1}, {-5});
  tensors["i64"] = array_of<std::int64_t>(ElementType::i64, {}, {-9000000000});
  tensors["boolean"] = array_of<std::uint8_t>(ElementType::boolean, {2}, {0, 1});
  tensors["empty"] = array_of<float>(ElementType::f32, {0, 4}, {});
  tensors["a \"name\" with ü.weight"] = array_of<float>(ElementType::f32, {1}, {4});
  return tensors;
}

TEST(WriteCheckpoint, ComesBackBitForBit) {
  const TemporaryFolder folder;
  write_torch_checkpoint(every_type(), folder / "all.pth");
  const Checkpoint torch = read_checkpoint(folder / "all.pth");
  EXPECT_EQ(torch.format, "torch zip");
  expect_same(every_type(), torch.tensors);
  write_safetensors(every_type(), folder / "all.safetensors");
  const Checkpoint safetensors = read_checkpoint(folder / "all.safetensors");
  EXPECT_EQ(safetensors.format, "safetensors");
  expect_same(every_type(), safetensors.tensors);
}

TEST(WriteCheckpoint, RefusesTensorsThatAreNotWhole) {
  const TemporaryFolder folder;
  graph::Weights tensors = every_type();
  tensors["f32"].bytes.pop_back();
  EXPECT_THROW(write_torch_checkpoint(tensors, folder / "a.pth"), Error);
  EXPECT_THROW(write_safetensors(tensors, folder / "a.safetensors"), Error);
  graph::Weights unnamed;
  unnamed["\xFF"] = array_of<float>(ElementType::f32, {1}, {4});
  EXPECT_THROW(write_torch_checkpoint(unnamed, folder / "a.pth"), Error);
  graph::Weights taken;
  taken["__metadata__"] = array_of<float>(ElementType::f32, {1}, {4});
  EXPECT_THROW(write_safetensors(taken, folder / "a.safetensors"), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder / ""));
}

TEST(WriteCheckpoint, SaysWhyItCannotWrite) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "taken.pth");
  try {
    write_torch_checkpoint(every_type(), folder / "taken.pth");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::io);
    EXPECT_NE(std::string(error.what()).find("taken.pth"), std::string::npos);
  }
}

/// The 64-bit fields are read by us and by Python alike; the limit is lowered, since tests cannot write 4 GB.
TEST(ZipWriter, WritesSixtyFourBitFields) {
  const TemporaryFolder folder;
  const std::string content(1000, 'x');
  for (const std::uint64_t limit : {std::uint64_t{0}, std::uint64_t{500}, kZip64From}) {
    ZipWriter zip(folder / "large.zip", limit);
    zip.add("folder/first", content);
    zip.add("folder/second", "two");
    zip.finish();
    const InputFile file(folder / "large.zip");
    const ZipReader reader(file, 2000);
    ASSERT_EQ(reader.entries().size(), 2u);
    for (const auto& [name, wanted] : {std::pair<std::string, std::string>{"folder/first", content}, {"folder/second", "two"}}) {
      const ZipEntry* entry = reader.find(name);
      ASSERT_NE(entry, nullptr);
      const std::vector<std::byte> bytes = reader.read(*entry);
      EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), wanted);
    }
    const std::string command =
        "python3 -c 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; "
        "assert len(z.read(\"folder/first\")) == 1000' " +
        shell_quote((folder / "large.zip").string());
    EXPECT_EQ(std::system(command.c_str()), 0);
  }
}

graph::Model small_net() {
  graph::Builder net("small");
  graph::TensorId x = net.input("input", {graph::kBatch, 3, 4, 4});
  x = net.conv("conv", x, {.channels = 2, .bias = false});
  x = net.batch_norm("bn", x);
  x = net.mul("scale", x, net.constant("factor", {1}, 2));
  graph::Model model{net.finish(x), {}};
  for (const graph::Tensor& tensor : model.graph.tensors) {
    if (graph::is_stored(tensor.role))
      model.weights[tensor.name] =
          array_of<float>(ElementType::f32, tensor.shape, std::vector<float>(static_cast<std::size_t>(element_count(tensor.shape)), 1));
  }
  return model;
}

TEST(StateOf, HoldsParametersBuffersAndCounters) {
  const graph::Weights state = state_of(small_net());
  std::vector<std::string> names;
  for (const auto& [name, array] : state) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"bn.bias", "bn.num_batches_tracked", "bn.running_mean", "bn.running_var", "bn.weight",
                                             "conv.weight"}));
  EXPECT_EQ(state.at("bn.num_batches_tracked").type, ElementType::i64);
  EXPECT_EQ(numbers_of<std::int64_t>(state.at("bn.num_batches_tracked")), std::vector<std::int64_t>{0});
  EXPECT_EQ(state.at("conv.weight").shape, (Shape{2, 3, 1, 1}));
}

TEST(StateOf, NamesATensorWithoutValues) {
  graph::Model model = small_net();
  model.weights.erase("bn.running_var");
  try {
    (void)state_of(std::move(model));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("bn.running_var"), std::string::npos);
  }
}

}  // namespace
}  // namespace inferometer::formats
