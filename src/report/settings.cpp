#include "report/settings.h"

#include <vector>

namespace inferometer::report {

std::span<const std::string> setting_columns() {
  static const std::vector<std::string> columns{"engine",       "engine_settings",
                                                "device",       "precision_requested",
                                                "precision",    "threads",
                                                "batch",        "streams",
                                                "requests",     "mode",
                                                "protocol",     "input_height",
                                                "input_width",  "model",
                                                "platform",     "source",
                                                "starts",       "engine_version",
                                                "model_sha256", "inferometer_version",
                                                "repro",        "started_at"};
  return columns;
}

}  // namespace inferometer::report
