#include "engine/loader.h"

#include <cmath>
#include <cstdlib>
#include <fstream>

#include <dlfcn.h>
#include <gtest/gtest.h>

#include "base/files.h"

namespace inferometer::engine {
namespace {

namespace fs = std::filesystem;

/// A folder of its own for each test, removed afterwards.
class Loader : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "inferometer-loader-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    unsetenv("INFEROMETER_ENGINE_DIR");
  }
  void TearDown() override {
    fs::remove_all(folder_);
    unsetenv("INFEROMETER_ENGINE_DIR");
  }
  void write(const std::string& name, const std::string& content) const { std::ofstream(folder_ / name, std::ios::binary) << content; }

  static Error error_of_opening(const fs::path& path) {
    try {
      open_plugin(path);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << path << " was opened";
    return {ErrorCode::internal, "no error"};
  }
  static bool contains(const Error& error, const std::string& text) { return std::string(error.what()).find(text) != std::string::npos; }

  fs::path folder_;
};

TEST_F(Loader, finds_plugins_by_name_with_the_reasons_of_absent_ones) {
  write("zebra.so", "");
  write("ant.so", "");
  write("bear.absent", "bears were not found\nwhen this was built\n");
  write("notes.txt", "");
  fs::create_directory(folder_ / "folder.so");
  const auto plugins = find_plugins(folder_);
  ASSERT_EQ(plugins.size(), 3U);
  EXPECT_EQ(plugins[0].name, "ant");
  EXPECT_TRUE(plugins[0].built());
  EXPECT_EQ(plugins[0].path, folder_ / "ant.so");
  EXPECT_EQ(plugins[1].name, "bear");
  EXPECT_FALSE(plugins[1].built());
  EXPECT_EQ(plugins[1].absent_reason, "bears were not found when this was built");
  EXPECT_EQ(plugins[2].name, "zebra");
}

TEST_F(Loader, a_plugin_that_is_there_outweighs_a_note) {
  write("ant.absent", "not found");
  write("ant.so", "");
  const auto plugins = find_plugins(folder_);
  ASSERT_EQ(plugins.size(), 1U);
  EXPECT_TRUE(plugins[0].built());
}

TEST_F(Loader, finds_nothing_in_an_empty_folder) { EXPECT_TRUE(find_plugins(folder_).empty()); }

TEST_F(Loader, refuses_a_folder_that_is_not_there) {
  try {
    find_plugins(folder_ / "missing");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::io);
    EXPECT_TRUE(contains(error, "missing")) << error.what();
  }
}

TEST_F(Loader, takes_the_folder_that_the_environment_names) {
  setenv("INFEROMETER_ENGINE_DIR", folder_.c_str(), 1);
  EXPECT_EQ(plugin_folder(), folder_);
}

TEST_F(Loader, does_not_replace_a_wrong_folder_by_another) {
  setenv("INFEROMETER_ENGINE_DIR", (folder_ / "missing").c_str(), 1);
  try {
    plugin_folder();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::io);
    EXPECT_TRUE(contains(error, "missing")) << error.what();
  }
}

TEST_F(Loader, looks_beside_the_executable) {
  const fs::path beside = executable_path().parent_path() / "engines";
  if (fs::is_directory(beside)) {
    EXPECT_EQ(plugin_folder(), beside);
    return;
  }
  try {
    plugin_folder();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_TRUE(contains(error, beside.string())) << error.what();
    EXPECT_TRUE(contains(error, "INFEROMETER_ENGINE_DIR")) << error.what();
    EXPECT_TRUE(contains(error, "inferometer/engines")) << error.what();
  }
}

TEST_F(Loader, refuses_what_is_no_shared_object) {
  write("text.so", "this is no shared object, whatever its name says\n");
  write("empty.so", "");
  write("cut.so", read_file(executable_path()).substr(0, 40));
  for (const char* name : {"text.so", "empty.so", "cut.so", "missing.so"}) {
    SCOPED_TRACE(name);
    const Error error = error_of_opening(folder_ / name);
    EXPECT_EQ(error.code(), ErrorCode::engine_failure);
    EXPECT_TRUE(contains(error, name)) << error.what();
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
  }
}

TEST_F(Loader, refuses_a_library_without_the_entry_function) {
  Dl_info math{};
  double (*function)(double) = std::cos;
  ASSERT_NE(dladdr(reinterpret_cast<void*>(function), &math), 0);
  const Error error = error_of_opening(fs::canonical(math.dli_fname));
  EXPECT_EQ(error.code(), ErrorCode::engine_failure);
  EXPECT_TRUE(contains(error, kPluginSymbol)) << error.what();
}

TEST_F(Loader, compares_devices_without_case) {
  EXPECT_TRUE(same_device("cpu", "CPU"));
  EXPECT_TRUE(same_device("GPU.0", "gpu.0"));
  EXPECT_TRUE(same_device("", ""));
  EXPECT_FALSE(same_device("cuda:0", "cuda:1"));
  EXPECT_FALSE(same_device("cuda", "cuda:0"));
}

}  // namespace
}  // namespace inferometer::engine
