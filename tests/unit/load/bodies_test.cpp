#include "load/bodies.h"

#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "dataset/picture.h"
#include "test_server.h"

namespace inferometer::load {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kPictures = fs::path(INFEROMETER_SOURCE_DIR) / "tests/unit/dataset/pictures";

/// A folder of three pictures and a text, removed in the end.
class RequestBodies : public testing::Test {
 protected:
  RequestBodies() {
    fs::create_directories(folder_ / "sub");
    fs::copy_file(kPictures / "colour.jpg", folder_ / "a.jpg");
    fs::copy_file(kPictures / "colour.jpg", folder_ / "b.jpg");
    fs::copy_file(kPictures / "colour_444.jpg", folder_ / "c.jpg");
    std::ofstream(folder_ / "notes.txt") << "x";
    fs::remove(folder_ / "sub");
    payload_.images = folder_;
    payload_.service = "s\"1";
  }
  ~RequestBodies() override { fs::remove_all(folder_); }

  fs::path folder_ = fs::temp_directory_path() /
                     ("bodies_" + std::to_string(::getpid()) + "_" + testing::UnitTest::GetInstance()->current_test_info()->name());
  Payload payload_;
};

TEST_F(RequestBodies, hold_paths) {
  const Bodies bodies = make_bodies(payload_, Interface::deepdetect);
  ASSERT_EQ(bodies.texts.size(), 3u);
  EXPECT_EQ(bodies.images, 3u);
  EXPECT_TRUE(bodies.note.empty());
  const json body = json::parse(bodies.texts[1]);
  EXPECT_EQ(body["service"], "s\"1");
  EXPECT_EQ(body["data"], json::array({(folder_ / "b.jpg").string()}));
  EXPECT_TRUE(body["parameters"]["output"].is_object());
}

TEST_F(RequestBodies, name_the_servers_folder_and_fill_up_requests) {
  payload_.server_folder = "/data/x";
  payload_.per_request = 2;
  const Bodies bodies = make_bodies(payload_, Interface::deepdetect);
  ASSERT_EQ(bodies.texts.size(), 2u);
  EXPECT_EQ(json::parse(bodies.texts[0])["data"], json::array({"/data/x/a.jpg", "/data/x/b.jpg"}));
  EXPECT_EQ(json::parse(bodies.texts[1])["data"], json::array({"/data/x/c.jpg", "/data/x/a.jpg"}));
  EXPECT_NE(bodies.note.find("1 of the 3 pictures"), std::string::npos) << bodies.note;
}

TEST_F(RequestBodies, hold_base64_that_decodes_to_the_file) {
  payload_.kind = BodyKind::base64;
  payload_.images = folder_ / "c.jpg";
  const Bodies bodies = make_bodies(payload_, Interface::deepdetect);
  ASSERT_EQ(bodies.texts.size(), 1u);
  EXPECT_EQ(json::parse(bodies.texts[0])["data"][0], encode_base64(read_file(folder_ / "c.jpg")));
}

TEST_F(RequestBodies, hold_tensors_as_the_preprocessor_makes_them) {
  payload_.kind = BodyKind::tensor;
  payload_.tensor_name = "x";
  payload_.geometry = {3, 16, 16};
  payload_.changes.resize = zoo::ResizeRule::warp;
  payload_.changes.resize_to = 16;
  payload_.per_request = 2;
  const Bodies bodies = make_bodies(payload_, Interface::kserve);
  ASSERT_EQ(bodies.texts.size(), 2u);
  const json input = json::parse(bodies.texts[0])["inputs"][0];
  EXPECT_EQ(input["name"], "x");
  EXPECT_EQ(input["datatype"], "FP32");
  EXPECT_EQ(input["shape"], json::array({2, 3, 16, 16}));
  ASSERT_EQ(input["data"].size(), 2u * 3 * 16 * 16);
  const std::string bytes = read_file(folder_ / "b.jpg");
  const auto picture = dataset::decode_picture({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, "b");
  std::vector<float> expected(3 * 16 * 16);
  dataset::Preprocessor(dataset::changed(dataset::default_preprocessing({3, 16, 16}), payload_.changes), {3, 16, 16})
      .run(picture, "b", expected);
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(input["data"][expected.size() + i].get<float>(), expected[i]);
}

TEST_F(RequestBodies, hold_files_as_they_are) {
  payload_.kind = BodyKind::file;
  payload_.files = {folder_ / "notes.txt"};
  EXPECT_EQ(make_bodies(payload_, Interface::post).texts, std::vector<std::string>{"x"});
  payload_.files = {folder_ / "none"};
  expect_error(ErrorCode::input, "does not exist", [&] { make_bodies(payload_, Interface::post); });
}

TEST_F(RequestBodies, refuse_what_cannot_be_sent) {
  expect_error(ErrorCode::usage, "--send", [&] { make_bodies(payload_, Interface::kserve); });
  expect_error(ErrorCode::usage, "--body", [&] { make_bodies(payload_, Interface::post); });
  payload_.kind = BodyKind::tensor;
  expect_error(ErrorCode::usage, "--send tensor", [&] { make_bodies(payload_, Interface::deepdetect); });
  payload_.kind = BodyKind::path;
  payload_.images = folder_ / "none";
  expect_error(ErrorCode::input, "does not exist", [&] { make_bodies(payload_, Interface::deepdetect); });
  payload_.images.clear();
  expect_error(ErrorCode::usage, "--images", [&] { make_bodies(payload_, Interface::deepdetect); });
  const fs::path empty = folder_ / "empty";
  fs::create_directory(empty);
  payload_.images = empty;
  EXPECT_THROW(make_bodies(payload_, Interface::deepdetect), Error);
}

TEST(Base64, is_that_of_the_standard) {
  const std::vector<std::pair<const char*, const char*>> cases = {{"", ""},
                                                                  {"f", "Zg=="},
                                                                  {"fo", "Zm8="},
                                                                  {"foo", "Zm9v"},
                                                                  {"foob", "Zm9vYg=="},
                                                                  {"fooba", "Zm9vYmE="},
                                                                  {"foobar", "Zm9vYmFy"}};  // RFC 4648, 10
  for (const auto& each : cases) EXPECT_EQ(encode_base64(each.first), each.second);
  EXPECT_EQ(encode_base64("\xff\xfe\xfd"), "//79");
}

}  // namespace
}  // namespace inferometer::load
