// What the loader does with real shared objects. A process opens one plugin, so each case runs in a child of its own.
#include "engine/loader.h"

#include <cstdlib>

#include <dlfcn.h>
#include <gtest/gtest.h>

namespace inferometer::engine {
namespace {

const std::filesystem::path kPlugins = INFEROMETER_PLUGIN_FOLDER;
const std::filesystem::path kEngines = INFEROMETER_ENGINE_FOLDER;

Error error_of_opening(const std::filesystem::path& path) {
  try {
    open_plugin(path);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << path << " was opened";
  return {ErrorCode::internal, "no error"};
}

/// Failures print in the child and become one of the parent.
template <class Body>
void in_own_process(const Body& body) {
  EXPECT_EXIT(
      {
        body();
        std::_Exit(::testing::Test::HasFailure() ? 1 : 0);
      },
      ::testing::ExitedWithCode(0), "");
}

bool contains(const Error& error, const std::string& text) { return std::string(error.what()).find(text) != std::string::npos; }

TEST(OpenPlugin, refuses_another_version_and_names_both) {
  in_own_process([] {
    const Error error = error_of_opening(kPlugins / "plugin_another_version.so");
    EXPECT_EQ(error.code(), ErrorCode::engine_failure);
    EXPECT_TRUE(contains(error, "version " + std::to_string(kContractVersion + 41) + " ")) << error.what();
    EXPECT_TRUE(contains(error, "has " + std::to_string(kContractVersion) + " ")) << error.what();
    EXPECT_TRUE(contains(error, "another compiler")) << error.what();
  });
}

TEST(OpenPlugin, passes_an_error_of_the_plugin_on_and_wraps_anything_else) {
  in_own_process([] {
    EXPECT_EQ(error_of_opening(kPlugins / "plugin_throwing.so").code(), ErrorCode::out_of_memory);
    const Error foreign = error_of_opening(kPlugins / "plugin_throwing.so");
    EXPECT_EQ(foreign.code(), ErrorCode::engine_failure);
    EXPECT_TRUE(contains(foreign, "a foreign exception")) << foreign.what();
  });
}

TEST(OpenPlugin, opens_one_plugin_in_a_process) {
  in_own_process([] {
    EXPECT_EQ(open_plugin(kEngines / "fake.so")->info().name, "fake");
    EXPECT_EQ(open_plugin(kEngines / "." / "fake.so")->info().name, "fake") << "another spelling is the same plugin";
    EXPECT_EQ(error_of_opening(kEngines / "reference.so").code(), ErrorCode::internal);
  });
}

TEST(OpenPlugin, keeps_the_symbols_of_a_plugin_to_itself) {
  in_own_process([] {
    open_plugin(kEngines / "fake.so");
    EXPECT_EQ(dlsym(RTLD_DEFAULT, kPluginSymbol), nullptr);
  });
}

TEST(OpenPlugin, a_failed_attempt_does_not_count) {
  in_own_process([] {
    error_of_opening(kPlugins / "plugin_another_version.so");
    EXPECT_EQ(open_plugin(kEngines / "fake.so")->info().name, "fake");
  });
}

}  // namespace
}  // namespace inferometer::engine
