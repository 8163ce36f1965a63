#include "serve/predict.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <functional>
#include <numeric>
#include <thread>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "engine/loader.h"
#include "fake_service.h"
#include "measure/images.h"
#include "measure/worker_parts.h"
#include "serve/status_error.h"

namespace inferometer::serve {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// A Service neither moves nor copies: it is made where it is returned to.
Service make_service(const WorkerOptions& options, bool ends_in_softmax = false) {
  RepositoryModel model;
  model.model = options.entry.model;
  model.ends_in_softmax = ends_in_softmax;
  ServiceDescription description;
  description.name = "test";
  return Service(std::move(description), std::move(model), std::make_unique<Worker>(options), {});
}

std::vector<float> smooth_images(std::size_t count, std::int64_t channels, std::int64_t side) {
  const auto values = static_cast<std::size_t>(channels * side * side);
  std::vector<float> images(count * values);
  for (std::size_t i = 0; i < count; ++i) {
    measure::smooth_pattern(1, i, channels, side, side, std::span(images).subspan(i * values, values));
  }
  return images;
}

std::string status_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const StatusError& error) {
    return std::to_string(error.http()) + "/" + std::to_string(static_cast<int>(error.code())) + " " + error.what();
  }
  return "nothing was thrown";
}

/// Without rounding of ours: what a softmax in double gives.
std::vector<float> softmax(const std::vector<float>& scores) {
  const double most = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (const float score : scores) sum += std::exp(static_cast<double>(score) - most);
  std::vector<float> result;
  for (const float score : scores) result.push_back(static_cast<float>(std::exp(static_cast<double>(score) - most) / sum));
  return result;
}

TEST(Predict, EqualsTheEngineInThisProcess) {
  REQUIRE_ENGINE("reference");
  WorkerOptions options = worker_options("reference", "samplenet");
  options.largest_batch = 8;
  Service service = make_service(options);
  const std::vector<float> images = smooth_images(21, 3, 32);
  const Prediction got = predict_tensors(service, images, 21, 60s);
  ASSERT_EQ(got.scores.size(), 21U);

  const auto engine = engine::open_plugin(plugin_of("reference"));
  const auto session = engine->load(measure::model_file(options.model_path, options.entry.model), {});
  const auto request = session->create_request();
  for (std::size_t i = 0; i < 21; ++i) {
    const engine::TensorInfo& input = session->inputs().front();
    const std::vector<float> image(images.begin() + static_cast<std::ptrdiff_t>(i * 3072),
                                   images.begin() + static_cast<std::ptrdiff_t>((i + 1) * 3072));
    const std::vector<engine::TensorView> views{{input.type, input.shape, image.data(), image.size() * sizeof(float)}};
    const std::vector<float> wanted = softmax(measure::to_floats(request->run(views).front()));
    ASSERT_EQ(got.scores[i].size(), wanted.size());
    for (std::size_t c = 0; c < wanted.size(); ++c) EXPECT_NEAR(got.scores[i][c], wanted[c], 1e-6) << i << " " << c;
  }
  EXPECT_GT(got.inference.count(), 0);
  EXPECT_NEAR(std::accumulate(got.scores[3].begin(), got.scores[3].end(), 0.0), 1, 1e-6);
}

TEST(Predict, NetworksThatEndInASoftmaxGetNoSecond) {
  REQUIRE_ENGINE("fake");
  const std::vector<float> images = smooth_images(2, 3, 8);
  Service with = make_service(fake_options(), true), without = make_service(fake_options(), false);
  const auto raw = predict_tensors(with, images, 2, 60s).scores, taken = predict_tensors(without, images, 2, 60s).scores;
  EXPECT_NE(raw, taken);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(taken[i], softmax(raw[i]));
}

TEST(Predict, LargeScoresDoNotOverflow) {
  REQUIRE_ENGINE("fake");
  Service service = make_service(fake_options());
  std::vector<float> image(192, 1e30F);
  const auto scores = predict_tensors(service, image, 1, 60s).scores.front();
  EXPECT_NEAR(std::accumulate(scores.begin(), scores.end(), 0.0), 1, 1e-6);
}

TEST(Predict, PicturesComeOutAsTheirTensorsDo) {
  REQUIRE_ENGINE("fake");
  const fs::path folder = fs::path(INFEROMETER_SOURCE_DIR) / "tests/unit/dataset/pictures";
  WorkerOptions options = fake_options();
  options.largest_batch = 4;
  Service service = make_service(options);
  const dataset::Preprocessor preprocessor = service.preprocessor({});
  const InputLimits limits;
  std::vector<DataItem> items;
  for (const char* name : {"colour.png", "scene.png", "grey.jpg", "cmyk.jpg", "colour.jpg", "palette.png"}) {
    items.push_back({name, {}, read_file(folder / name)});
  }
  for (std::size_t i = 0; i < 5; ++i) items.push_back(items[i]);
  std::vector<float> tensors(items.size() * 192);
  for (std::size_t i = 0; i < items.size(); ++i) prepare_item(items[i], preprocessor, limits, std::span(tensors).subspan(i * 192, 192));
  const Prediction got = predict_items(service, items, preprocessor, limits, 60s);
  EXPECT_EQ(got.scores, predict_tensors(service, tensors, items.size(), 60s).scores);
  EXPECT_GT(got.transform.count(), 0);
  EXPECT_EQ(got.scores[0], predict_items(service, {items[0]}, preprocessor, limits, 60s).scores[0]) << "alone and among others";
  EXPECT_EQ(got.scores[6], got.scores[0]);

  items[5].bytes = "no picture";
  items[9].bytes = "neither";
  const std::string refused = status_of([&] { predict_items(service, items, preprocessor, limits, 60s); });
  EXPECT_TRUE(refused.starts_with("400/1005 ")) << refused;
  EXPECT_NE(refused.find("palette.png"), std::string::npos) << refused;
  EXPECT_EQ(predict_items(service, {items[0]}, preprocessor, limits, 60s).scores[0], got.scores[0]) << "the next call is well";
}

TEST(Predict, OutputsAreGivenAsTheyAre) {
  REQUIRE_ENGINE("fake");
  WorkerOptions options = fake_options();
  options.largest_batch = 4;
  Service service = make_service(options, true);
  const std::vector<float> images = smooth_images(11, 3, 8);
  const TensorResult result = infer_tensors(service, {std::as_bytes(std::span(images))}, 11, 60s);
  ASSERT_EQ(result.outputs.size(), 1U);
  const std::vector<float> values = floats_of(result.outputs.front());
  const auto scores = predict_tensors(service, images, 11, 60s).scores;
  for (std::size_t i = 0; i < 11; ++i) {
    EXPECT_TRUE(std::equal(scores[i].begin(), scores[i].end(), values.begin() + static_cast<std::ptrdiff_t>(i * 10))) << i;
  }
}

TEST(Predict, CallsOfManyChunksDoNotWaitForEachOther) {
  REQUIRE_ENGINE("fake");
  for (const std::size_t slots : {1U, 2U, 3U}) {
    WorkerOptions options = fake_options();
    options.largest_batch = 2;
    options.slots = slots;
    Service service = make_service(options);
    const std::vector<float> images = smooth_images(13, 3, 8);
    const auto wanted = predict_tensors(service, images, 13, 60s).scores;
    std::atomic<int> right{0};
    std::vector<std::thread> calls;
    for (int t = 0; t < 4; ++t) {
      calls.emplace_back([&] {
        for (int round = 0; round < 20; ++round) {
          if (predict_tensors(service, images, 13, 60s).scores == wanted) ++right;
        }
      });
    }
    for (std::thread& call : calls) call.join();
    EXPECT_EQ(right, 80) << slots << " slots";
  }
}

TEST(Predict, ErrorsHaveTheirStatus) {
  REQUIRE_ENGINE("fake");
  const std::vector<float> image = smooth_images(1, 3, 8);
  const auto run = [&](const std::map<std::string, std::string>& settings, std::chrono::milliseconds limit) {
    Service service = make_service(fake_options(settings));
    return status_of([&] { predict_tensors(service, image, 1, limit); });
  };
  EXPECT_EQ(run({{"fault", "nan"}}, 60s), "500/1007 what the network gave for item 0 is not finite");
  EXPECT_EQ(run({{"fault", "throw"}, {"after", "1"}}, 60s), "500/1007 fake: run fails, as asked (fault=throw)");
  const std::string crashed = run({{"fault", "abort"}, {"after", "1"}}, 60s);
  EXPECT_TRUE(crashed.starts_with("500/1007 fake: the process crashed with SIGABRT")) << crashed;
  EXPECT_EQ(run({{"delay_ms", "500"}}, 20ms), "500/1007 the call took longer than its limit of 20 ms");
  Service service = make_service(fake_options());
  EXPECT_TRUE(status_of([&] { predict_tensors(service, image, 2, 60s); }).starts_with("400/1005 "));
  EXPECT_TRUE(status_of([&] { infer_tensors(service, {}, 1, 60s); }).starts_with("400/1005 "));
  EXPECT_TRUE(status_of([&] { infer_tensors(service, {std::as_bytes(std::span(image))}, 2, 60s); }).starts_with("400/1005 "));
}

TEST(Predict, AServiceDeletedMeanwhileEndsItsCallsWell) {
  REQUIRE_ENGINE("fake");
  std::shared_ptr<Service> service(new Service(make_service(fake_options({{"delay_ms", "100"}}))));
  const std::vector<float> image = smooth_images(1, 3, 8);
  std::thread call([held = service, &image] { EXPECT_EQ(predict_tensors(*held, image, 1, 60s).scores.size(), 1U); });
  service.reset();
  call.join();
}

}  // namespace
}  // namespace inferometer::serve
