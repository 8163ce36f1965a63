#include <chrono>
#include <memory>
#include <thread>

#include <signal.h>

#include <gtest/gtest.h>

#include "fake_service.h"
#include "serve/service.h"
#include "serve/status_error.h"

namespace inferometer::serve {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<Service> fake_service(const std::map<std::string, std::string>& settings = {}) {
  const WorkerOptions options = fake_options(settings);
  RepositoryModel model;
  model.model = options.entry.model;
  return std::make_shared<Service>(ServiceDescription{}, std::move(model), std::make_unique<Worker>(options),
                                   dataset::PreprocessingChanges{});
}

int status_of(Registry& registry, const char* name) {
  try {
    registry.reserve(name);
    return 0;
  } catch (const StatusError& error) {
    return error.http();
  }
}

TEST(Registry, NamesAreTakenOnceWhateverTheirCase) {
  REQUIRE_ENGINE("fake");
  Registry registry(2);
  {
    const auto reservation = registry.reserve("A");
    EXPECT_EQ(status_of(registry, "a"), 403);  // being made
    EXPECT_EQ(registry.find("a"), nullptr);
    EXPECT_FALSE(registry.remove("a"));
    reservation->add(fake_service());
  }
  EXPECT_EQ(status_of(registry, "a"), 409);
  EXPECT_NE(registry.find("A"), nullptr);
  { const auto given_up = registry.reserve("b"); }
  EXPECT_EQ(status_of(registry, "b"), 0);
  const auto second = registry.reserve("b");
  EXPECT_EQ(status_of(registry, "c"), 503);
  EXPECT_EQ(registry.all().size(), 1U);
  EXPECT_TRUE(registry.remove("A"));
  EXPECT_FALSE(registry.remove("A"));
  EXPECT_EQ(status_of(registry, "a"), 0);
}

/// Whoever lets go of a service last must not wait for the inference that runs in it.
TEST(Registry, LettingGoOfARemovedServiceWaitsForNothing) {
  REQUIRE_ENGINE("fake");
  int process = 0;
  std::chrono::steady_clock::duration waited{};
  {
    Registry registry(2);
    registry.reserve("a")->add(fake_service({{"delay_ms", "1500"}}));
    std::shared_ptr<Service> held = registry.find("a");
    process = held->worker().process();
    auto places = std::make_unique<Places>(held->worker().take(1, 10s));
    fill_item(places->input(0, 0), 1);
    std::thread runs([&] {
      places->run(60s);
      places.reset();
    });
    EXPECT_TRUE(registry.remove("a"));
    std::this_thread::sleep_for(200ms);
    const auto begin = std::chrono::steady_clock::now();
    held.reset();
    waited = std::chrono::steady_clock::now() - begin;
    runs.join();
  }
  EXPECT_LT(waited, 500ms);
  EXPECT_EQ(::kill(process, 0), -1);  // the registry's end has waited for the process
}

}  // namespace
}  // namespace inferometer::serve
