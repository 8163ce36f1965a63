#include "measure/engines_here.h"

#include <cerrno>

#include <gtest/gtest.h>

#include <sys/wait.h>

#include "base/error.h"
#include "base/files.h"
#include "fake_engine.h"
#include "samples.h"

namespace inferometer::measure {
namespace {

/// Damage every answer that is kept in the cache. Returns how many there were.
int spoil_cached_answers(const std::string& content) {
  int count = 0;
  for (const auto& file : std::filesystem::directory_iterator(cache_folder() / "engines")) {
    write_file_atomically(file.path(), content);
    ++count;
  }
  return count;
}

TEST(EnginesHere, built_loadable_and_usable_are_three_answers) {
  REQUIRE_FAKE_ENGINE();
  const TemporaryFolder folder;
  std::filesystem::copy_file(fake_plugin(), folder.path() / "fake.so");
  folder.write("broken.so", "this is no shared object");
  folder.write("gone.absent", "its library was not found when this was built\n");
  const EngineCatalog catalog = ask_engines(folder.path());
  ASSERT_EQ(catalog.engines.size(), 3u);

  const EngineHere* fake = catalog.find("fake");
  ASSERT_NE(fake, nullptr);
  EXPECT_TRUE(fake->built && fake->loadable && fake->info.usable);
  EXPECT_FALSE(fake->info.computes);
  EXPECT_EQ(fake->info.devices.at(0).name, "cpu");
  EXPECT_EQ(catalog.plugins.at("fake"), (folder.path() / "fake.so").string());

  const EngineHere* broken = catalog.find("broken");
  ASSERT_NE(broken, nullptr);
  EXPECT_TRUE(broken->built);
  EXPECT_FALSE(broken->loadable || broken->info.usable);
  EXPECT_NE(broken->info.reason.find("broken.so"), std::string::npos) << broken->info.reason;

  const EngineHere* gone = catalog.find("gone");
  ASSERT_NE(gone, nullptr);
  EXPECT_FALSE(gone->built || gone->loadable || gone->info.usable);
  EXPECT_NE(gone->info.reason.find("its library was not found"), std::string::npos);
  EXPECT_FALSE(catalog.plugins.contains("gone"));

  EXPECT_EQ(catalog.find("other"), nullptr);
  errno = 0;
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(EnginesHere, answers_are_kept_until_the_plugin_changes) {
  REQUIRE_FAKE_ENGINE();
  const TemporaryFolder folder;
  const std::filesystem::path plugin = folder.path() / "fake.so";
  std::filesystem::copy_file(fake_plugin(), plugin);
  const std::string version = ask_engines(folder.path()).find("fake")->info.version;

  // A kept answer is what is returned...
  ASSERT_GE(spoil_cached_answers(R"({"name": "fake", "version": "kept", "usable": true, "reason": "", "devices": [], "rank": 1,
                                     "settings": [], "executes_graphs": false, "reads_caffe": false, "half_from_file": false, "computes": false})"),
            1);
  EXPECT_EQ(ask_engines(folder.path()).find("fake")->info.version, "kept");
  // ... unless it is damaged ...
  for (const char* damaged : {"", "{}", "null", "{\"name\": 5", "[1]"}) {
    spoil_cached_answers(damaged);
    const EngineCatalog catalog = ask_engines(folder.path());
    ASSERT_NE(catalog.find("fake"), nullptr) << damaged;
    EXPECT_EQ(catalog.find("fake")->info.version, version) << damaged;
  }
  // ... or the file is another one.
  spoil_cached_answers(R"({"name": "fake", "version": "kept", "usable": true, "reason": "", "devices": [], "rank": 1,
                           "settings": [], "executes_graphs": false, "reads_caffe": false, "half_from_file": false, "computes": false})");
  std::filesystem::last_write_time(plugin, std::filesystem::last_write_time(plugin) + std::chrono::seconds(5));
  EXPECT_EQ(ask_engines(folder.path()).find("fake")->info.version, version);
}

TEST(EnginesHere, a_folder_without_plugins_has_none) {
  const TemporaryFolder folder;
  EXPECT_TRUE(ask_engines(folder.path()).engines.empty());
}

}  // namespace
}  // namespace inferometer::measure
