#include <cstring>
#include <thread>

#include "contract.h"
#include "engine/own_settings.h"
#include "graph/builder.h"

namespace inferometer::contract {
namespace {

using Profiling = Usable;
using Outputs = Computing;

TestModel small_net() { return zoo_model("squeezenet1_1", 64); }

TEST_F(Running, gives_the_same_twice) {
  const TestModel model = small_net();
  const auto session = load(model, 2);
  const auto request = session->create_request();
  const auto input = images(session->inputs()[0].shape, 5);
  const auto first = run(*request, *session, {input});
  const auto second = run(*request, *session, {input});
  ASSERT_EQ(first.size(), session->outputs().size());
  EXPECT_LE(largest_error(second[0], first[0], 2), kSameTolerance);
}

TEST_F(Running, depends_on_the_input) {
  const TestModel model = small_net();
  const auto session = load(model);
  const auto request = session->create_request();
  const auto first = run(*request, *session, {images(session->inputs()[0].shape, 1)});
  const auto second = run(*request, *session, {images(session->inputs()[0].shape, 2)});
  EXPECT_GT(largest_error(second[0], first[0], 1), 5 * kTolerance);
}

TEST_F(Running, leaves_its_inputs_as_they_were) {
  const TestModel model = small_net();
  const auto session = load(model);
  const auto request = session->create_request();
  const auto before = images(session->inputs()[0].shape, 1);
  const std::vector<std::vector<float>> inputs{before};
  run(*request, *session, inputs);
  EXPECT_EQ(inputs[0], before);
}

TEST_F(Running, an_image_gives_the_same_at_every_batch_position) {
  const TestModel model = small_net();
  const auto alone = load(model, 1);
  const auto packed = load(model, 4);
  const auto alone_request = alone->create_request(), packed_request = packed->create_request();
  const auto batch = run(*packed_request, *packed, {images(packed->inputs()[0].shape, 10)})[0];
  const std::size_t outputs = batch.size() / 4;
  for (std::size_t position = 0; position < 4; ++position) {
    SCOPED_TRACE(position);
    const auto single = run(*alone_request, *alone, {images(alone->inputs()[0].shape, 10 + position)})[0];
    const auto begin = batch.begin() + static_cast<std::ptrdiff_t>(position * outputs);
    EXPECT_LE(largest_error(std::vector<float>(begin, begin + static_cast<std::ptrdiff_t>(outputs)), single, 1), kTolerance);
  }
}

TEST_F(Running, describes_its_outputs_with_every_run) {
  const TestModel model = small_net();
  const auto session = load(model, 2);
  const auto request = session->create_request();
  const auto input = images(session->inputs()[0].shape, 1);
  const engine::TensorView view{ElementType::f32, session->inputs()[0].shape, input.data(), input.size() * sizeof(float)};
  const auto outputs = request->run({&view, 1});
  ASSERT_EQ(outputs.size(), session->outputs().size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    EXPECT_EQ(outputs[i].type, session->outputs()[i].type);
    EXPECT_EQ(Shape(outputs[i].shape.begin(), outputs[i].shape.end()), session->outputs()[i].shape);
    EXPECT_EQ(outputs[i].bytes, static_cast<std::size_t>(element_count(session->outputs()[i].shape)) * size_of(outputs[i].type));
    EXPECT_NE(outputs[i].data, nullptr);
  }
}

TEST_F(Running, outputs_stay_until_the_next_run_of_their_request) {
  const TestModel model = small_net();
  const auto session = load(model);
  const auto first = session->create_request(), second = session->create_request();
  const auto input = images(session->inputs()[0].shape, 1);
  const engine::TensorView view{ElementType::f32, session->inputs()[0].shape, input.data(), input.size() * sizeof(float)};
  const engine::TensorView output = first->run({&view, 1})[0];
  const auto* values = static_cast<const float*>(output.data);
  const std::vector<float> copy(values, values + output.bytes / sizeof(float));
  for (std::uint64_t image = 2; image < 6; ++image) run(*second, *session, {images(session->inputs()[0].shape, image)});
  EXPECT_EQ(std::memcmp(output.data, copy.data(), output.bytes), 0);
}

// The caller may fill its input anew as soon as run() has returned.
TEST_F(Outputs, are_never_the_memory_of_an_input) {
  graph::Builder net("identity");
  const graph::TensorId x = net.input("input", {graph::kBatch, 2, 3, 3});
  const TestModel model(graph::Model{net.finish(net.node("same", graph::Identity{}, {x})), {}}, TestModel::Source::memory);
  const auto session = load(model);
  const auto request = session->create_request();
  std::vector<float> input = images(session->inputs()[0].shape, 3);
  const std::vector<float> before = input;
  const engine::TensorView view{ElementType::f32, session->inputs()[0].shape, input.data(), input.size() * sizeof(float)};
  const engine::TensorView output = request->run({&view, 1})[0];
  input.assign(input.size(), 7);
  EXPECT_EQ(std::memcmp(output.data, before.data(), output.bytes), 0);
}

TEST_F(Running, requests_of_one_session_run_side_by_side) {
  const TestModel model = small_net();
  engine::SessionSettings asked = settings();
  asked.threads = 2;
  asked.streams = 2;
  const auto session = engine().load(model.file(), asked);
  constexpr int kThreads = 2, kImages = 6;
  const auto image = [&](int thread, int i) { return images(session->inputs()[0].shape, static_cast<std::uint64_t>(100 * thread + i)); };
  std::vector<std::vector<std::vector<float>>> expected(kThreads), got(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    const auto request = session->create_request();
    for (int i = 0; i < kImages; ++i) expected[static_cast<std::size_t>(thread)].push_back(run(*request, *session, {image(thread, i)})[0]);
  }
  std::vector<std::string> errors(kThreads);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      const auto own = static_cast<std::size_t>(thread);
      try {
        const auto request = session->create_request();
        for (int i = 0; i < kImages; ++i) got[own].push_back(run(*request, *session, {image(thread, i)})[0]);
      } catch (const std::exception& error) {
        errors[own] = error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t thread = 0; thread < kThreads; ++thread) {
    EXPECT_EQ(errors[thread], "");
    ASSERT_EQ(got[thread].size(), static_cast<std::size_t>(kImages));
    for (std::size_t i = 0; i < kImages; ++i)
      EXPECT_LE(largest_error(got[thread][i], expected[thread][i], 1), kSameTolerance) << thread << " " << i;
  }
}

TEST_F(Running, two_sessions_do_not_disturb_each_other) {
  const TestModel model = small_net();
  const auto first = load(model, 1);
  const auto request = first->create_request();
  const auto input = images(first->inputs()[0].shape, 3);
  const auto before = run(*request, *first, {input});
  {
    const auto second = load(model, 2);
    const auto other = second->create_request();
    run(*other, *second, {images(second->inputs()[0].shape, 8)});
    EXPECT_LE(largest_error(run(*request, *first, {input})[0], before[0], 1), kSameTolerance);
  }
  EXPECT_LE(largest_error(run(*request, *first, {input})[0], before[0], 1), kSameTolerance);
}

TEST_F(Running, refuses_inputs_that_do_not_fit) {
  const TestModel model = small_net();
  const auto session = load(model, 2);
  const auto request = session->create_request();
  const engine::TensorInfo& wanted = session->inputs()[0];
  const auto input = images(wanted.shape, 1);
  const std::size_t bytes = input.size() * sizeof(float);
  const engine::TensorView right{ElementType::f32, wanted.shape, input.data(), bytes};
  Shape smaller = wanted.shape, flat{element_count(wanted.shape)};
  smaller[0] = 1;
  const struct {
    const char* name;
    std::vector<engine::TensorView> inputs;
  } cases[] = {{"no input", {}},
               {"two inputs", {right, right}},
               {"another batch", {{ElementType::f32, smaller, input.data(), bytes / 2}}},
               {"another rank", {{ElementType::f32, flat, input.data(), bytes}}},
               {"another type", {{ElementType::i32, wanted.shape, input.data(), bytes}}},
               {"too few bytes", {{ElementType::f32, wanted.shape, input.data(), bytes - sizeof(float)}}},
               {"no data", {{ElementType::f32, wanted.shape, nullptr, bytes}}}};
  for (const auto& wrong : cases) {
    SCOPED_TRACE(wrong.name);
    EXPECT_EQ(error_of([&] { request->run(wrong.inputs); }).code(), ErrorCode::input);
  }
  EXPECT_NO_THROW(request->run({&right, 1})) << "after the refusals";
}

/// A session with profiling; null where the engine has none.
class ProfiledSession {
 public:
  explicit ProfiledSession(const TestModel& model, engine::Engine& engine, engine::SessionSettings asked) {
    asked.own["profile"] = "1";
    session = engine.load(model.file(), asked);
    request = session->create_request();
  }
  void run_once(std::uint64_t image) { run(*request, *session, {images(session->inputs()[0].shape, image)}); }
  std::unique_ptr<engine::Session> session;
  std::unique_ptr<engine::Request> request;
};

double sum_us(const std::vector<engine::LayerTime>& layers) {
  double sum = 0;
  for (const engine::LayerTime& layer : layers) sum += layer.time_us;
  return sum;
}

bool can_profile(const engine::EngineInfo& info) { return engine::find_setting(info.settings, "profile") != nullptr; }

TEST_F(Profiling, gives_the_times_of_layers) {
  if (!can_profile(info())) GTEST_SKIP() << info().name << " has no setting profile";
  const TestModel model = small_net();
  ProfiledSession profiled(model, engine(), settings());
  for (std::uint64_t image = 0; image < 3; ++image) profiled.run_once(image);
  const auto layers = profiled.session->layer_times();
  for (const engine::LayerTime& layer : layers) {
    EXPECT_FALSE(layer.name.empty());
    EXPECT_GE(layer.time_us, 0);
    EXPECT_TRUE(layer.executed || layer.time_us == 0) << layer.name;
  }
  EXPECT_GT(layers.size(), 10U);
  EXPECT_GT(sum_us(layers), 0);
}

TEST_F(Profiling, leaves_out_what_ran_before_the_restart) {
  if (!can_profile(info())) GTEST_SKIP() << info().name << " has no setting profile";
  const TestModel model = small_net();
  ProfiledSession profiled(model, engine(), settings());
  profiled.run_once(0);
  profiled.session->restart_layer_times();
  EXPECT_TRUE(profiled.session->layer_times().empty()) << "no run since";
}

TEST_F(Profiling, tells_nothing_without_the_setting) {
  const TestModel model = small_net();
  const auto session = load(model);
  const auto request = session->create_request();
  run(*request, *session, {images(session->inputs()[0].shape, 1)});
  session->restart_layer_times();
  run(*request, *session, {images(session->inputs()[0].shape, 2)});
  EXPECT_TRUE(session->layer_times().empty());
}

}  // namespace
}  // namespace inferometer::contract
