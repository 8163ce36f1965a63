#include <algorithm>

#include "base/text.h"
#include "contract.h"
#include "engine/own_settings.h"
#include "graph/cost.h"
#include "measure/layer_network.h"
#include "measure/layers.h"

namespace inferometer::contract {
namespace {

using measure::LayerOutcome;
using measure::MappedLayer;

struct Case {
  const char* network;
  std::int64_t size;
};

/// Every layer of a network is accounted for, whatever the engine makes of it.
class Layers : public Computing, public ::testing::WithParamInterface<Case> {};

struct Profiled {
  measure::Network network;
  std::vector<engine::LayerTime> times;
  std::vector<MappedLayer> lines;
};

std::string line_text(const Profiled& profiled, const MappedLayer& line) {
  std::string text = line.layer ? profiled.network.layers[*line.layer].name : "(own)";
  text += " " + std::string(measure::name_of(line.outcome));
  if (line.engine_layer) text += " " + profiled.times[*line.engine_layer].name + " " + profiled.times[*line.engine_layer].op;
  return text;
}

/// What computes: an engine's own layers move or cast, and no more.
bool computes(const std::string& op) {
  const std::string name = lower(op);
  for (const char* word : {"conv", "gemm", "matmul", "fullyconnected", "innerproduct", "pool", "relu", "softmax"}) {
    if (name.find(word) != std::string::npos && name.find("convert") == std::string::npos) return true;
  }
  return false;
}

TEST_P(Layers, are_all_accounted_for) {
  if (engine::find_setting(info().settings, "profile") == nullptr) GTEST_SKIP() << info().name << " has no setting profile";
  const TestModel model = zoo_model(GetParam().network, GetParam().size);
  engine::SessionSettings asked = settings();
  asked.own["profile"] = "1";
  std::unique_ptr<engine::Session> session;
  try {
    session = engine().load(model.file(), asked);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unsupported) throw;
    GTEST_SKIP() << info().name << " refuses " << GetParam().network << ": " << error.what();
  }
  const auto request = session->create_request();
  run(*request, *session, {images(session->inputs()[0].shape, 1)});
  session->restart_layer_times();
  for (std::uint64_t image = 2; image < 5; ++image) run(*request, *session, {images(session->inputs()[0].shape, image)});

  Profiled profiled{measure::network_of(model.file()), session->layer_times(), {}};
  profiled.lines = measure::map_layers(profiled.network, profiled.times);
  std::vector<int> lines_of_layer(profiled.network.layers.size()), lines_of_engine(profiled.times.size());
  std::int64_t macs_with_a_time = 0, macs_untimed = 0;
  for (const MappedLayer& line : profiled.lines) {
    SCOPED_TRACE(line_text(profiled, line));
    if (line.layer) ++lines_of_layer[*line.layer];
    if (line.engine_layer) ++lines_of_engine[*line.engine_layer];
    EXPECT_NE(line.outcome, LayerOutcome::not_told);
    EXPECT_FALSE(line.outcome == LayerOutcome::own && computes(profiled.times[*line.engine_layer].op));
    macs_with_a_time += line.rate_macs.value_or(0);
    if (line.outcome == LayerOutcome::untimed && line.layer) macs_untimed += profiled.network.layers[*line.layer].macs.value_or(0);
  }
  for (std::size_t i = 0; i < lines_of_layer.size(); ++i) EXPECT_GE(lines_of_layer[i], 1) << profiled.network.layers[i].name;
  for (std::size_t i = 0; i < lines_of_engine.size(); ++i) EXPECT_EQ(lines_of_engine[i], 1) << profiled.times[i].name;
  // No product is lost on the way, and none is counted twice.
  EXPECT_EQ(macs_with_a_time + macs_untimed, graph::compute_cost(model.model().graph).total.macs);
}

INSTANTIATE_TEST_SUITE_P(Networks, Layers,
                         ::testing::Values(Case{"squeezenet1_1", 64}, Case{"resnet18", 64}, Case{"mobilenet_v2", 64},
                                           Case{"densenet121", 64}, Case{"googlenet", 64}, Case{"swin_t", 224}),
                         [](const auto& each) { return std::string(each.param.network); });

}  // namespace
}  // namespace inferometer::contract
