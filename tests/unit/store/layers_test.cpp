#include "store/layers.h"

#include "samples.h"

namespace inferometer::store {
namespace {

using measure::LayerRow;

std::vector<LayerRow> profile(const std::string& engine, double time_us) {
  LayerRow conv;
  conv.model = "net";
  conv.engine = engine;
  conv.position = 0;
  conv.layer = "conv, first";
  conv.time_us = time_us;
  LayerRow relu = conv;
  relu.position = 1;
  relu.layer = "relu";
  relu.time_us.reset();
  return {conv, relu};
}

TEST(LayerStore, they_come_back_as_they_were) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  const std::int64_t platform = store.save_platform("m", "machine", "{}");
  // Every column holds something of its own, so that none can take another's place.
  LayerRow row;
  std::int64_t next = 1;
  measure::for_each_layer_field([&]<typename Value>(const measure::RowField<LayerRow, Value>& field) {
    if constexpr (std::is_same_v<Value, std::string>) {
      row.*field.member = std::to_string(next);
    } else if constexpr (std::is_same_v<Value, std::optional<double>>) {
      row.*field.member = static_cast<double>(next) + 0.25;
    } else {
      row.*field.member = next;
    }
    ++next;
  });
  store.save_layers("x", platform, {row, LayerRow{}});
  const auto found = store.layers({});
  ASSERT_EQ(found.size(), 2u);
  // Without a position it stands first.
  measure::for_each_layer_field([&](const auto& field) {
    EXPECT_EQ(found[1].*field.member, row.*field.member) << field.name;
    EXPECT_EQ(found[0].*field.member, LayerRow{}.*field.member) << field.name;
  });
}

TEST(LayerStore, the_newest_profile_of_an_entry_counts_whole) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  const std::int64_t platform = store.save_platform("m", "machine", "{}");
  EXPECT_FALSE(store.has_layers("x"));
  store.save_layers("x", platform, profile("one", 1));
  store.save_layers("y", platform, profile("two", 2));
  std::vector<LayerRow> shorter = profile("one", 3);
  shorter.pop_back();
  store.save_layers("x", platform, shorter);
  EXPECT_TRUE(store.has_layers("x"));
  EXPECT_FALSE(store.has_layers("z"));

  const auto newest = store.layers({});
  ASSERT_EQ(newest.size(), 3u);
  EXPECT_EQ(newest[0].engine, "two");
  EXPECT_EQ(newest[1].layer, "relu");
  EXPECT_EQ(newest[2].time_us, 3);
  LayerQuery all;
  all.newest_only = false;
  EXPECT_EQ(store.layers(all).size(), 5u);
  LayerQuery of_y;
  of_y.identities = {"y"};
  EXPECT_EQ(store.layers(of_y).size(), 2u);
  LayerQuery slow;
  slow.where = parse_layer_where("time_us>=2 and layer='conv, first'");
  ASSERT_EQ(store.layers(slow).size(), 2u);
  slow.where = parse_layer_where("time_us=null");
  ASSERT_EQ(store.layers(slow).size(), 1u);
  expect_error(ErrorCode::usage, "no column 'per_image_ms'", [] { parse_layer_where("per_image_ms>1"); });
}

}  // namespace
}  // namespace inferometer::store
