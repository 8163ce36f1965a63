#include <algorithm>
#include <set>

#include "contract.h"

namespace inferometer::contract {
namespace {

using Information = Contract;

TEST_F(Information, names_itself_as_its_file) { EXPECT_EQ(info().name, plugin_path().stem().string()); }

TEST_F(Information, has_a_version) { EXPECT_FALSE(info().version.empty()); }

TEST_F(Information, is_usable_with_devices_or_says_why_not) {
  if (info().usable) {
    EXPECT_FALSE(info().devices.empty());
  } else {
    EXPECT_FALSE(info().reason.empty());
  }
}

TEST_F(Information, describes_every_device) {
  std::set<std::string> names;
  for (const engine::DeviceInfo& device : info().devices) {
    EXPECT_FALSE(device.name.empty());
    EXPECT_FALSE(device.description.empty()) << device.name;
    EXPECT_FALSE(device.precisions.empty()) << device.name;
    EXPECT_TRUE(names.insert(device.name).second) << device.name << " is listed twice";
  }
}

TEST_F(Information, default_device_has_fp32) {
  if (info().devices.empty()) GTEST_SKIP() << "no device here: " << info().reason;
  const auto& precisions = info().devices.front().precisions;
  EXPECT_NE(std::find(precisions.begin(), precisions.end(), "fp32"), precisions.end());
}

TEST_F(Information, lists_each_setting_once) {
  std::set<std::string> names;
  for (const engine::OwnSetting& setting : info().settings) {
    EXPECT_TRUE(!setting.key.empty() && names.insert(setting.key).second) << setting.key;
  }
}

TEST_F(Information, says_the_same_twice) {
  const engine::EngineInfo again = engine().info();
  EXPECT_EQ(again.name, info().name);
  EXPECT_EQ(again.version, info().version);
  EXPECT_EQ(again.usable, info().usable);
  EXPECT_EQ(again.devices.size(), info().devices.size());
}

}  // namespace
}  // namespace inferometer::contract
