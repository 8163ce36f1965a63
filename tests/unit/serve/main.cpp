/// Run the tests, or serve as the worker that a test has started: a worker is the running program itself.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <unistd.h>

#include "measure/worker.h"
#include "serve/worker.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "worker") return inferometer::measure::worker_main();
  if (argc > 1 && std::string_view(argv[1]) == "service-worker") return inferometer::serve::worker_main();
  testing::InitGoogleTest(&argc, argv);
  // What the tests cache stays out of the user's own cache.
  const std::filesystem::path cache = std::filesystem::temp_directory_path() / ("inferometer_serve_cache_" + std::to_string(getpid()));
  setenv("INFEROMETER_CACHE_DIR", cache.c_str(), 1);
  const int code = RUN_ALL_TESTS();
  std::error_code ignored;
  std::filesystem::remove_all(cache, ignored);
  return code;
}
