/// What `load` was asked on the command line, and the parts of the load client that it means.
#pragma once

#include <string>
#include <vector>

#include "cli/preprocessing_options.h"
#include "load/bodies.h"
#include "load/load.h"
#include "load/server_facts.h"
#include "store/load_row.h"

namespace inferometer::cli {

/// As the user gave it; empty and 0: not given. Must stay where it is until parsing has ended.
struct LoadCommand {
  std::string url, api = "deepdetect", service, model, images, send, server_folder, concurrency, rate, arrivals = "poisson", token;
  std::string create, library = "caffe", parameters;
  std::vector<std::string> bodies, headers;
  std::int64_t per_request = 1, connections = 256, seed = 1;
  double duration = 10, warmup = 1, timeout_s = 60, p99_ms = 0;
  bool find_rate = false, new_connections = false;
  PreprocessingOptions preprocessing;
};

/// Everything that stands before the first request is made. Throws Error{usage} naming the option.
struct LoadPlan {
  load::Url url;
  load::Target target;  ///< without bodies
  load::Payload payload;
  std::string name;                      ///< of the service or model; empty: none
  std::vector<load::LoadOptions> loads;  ///< one after the other; of --find-rate one, its rate unset
};
LoadPlan load_plan(const LoadCommand& command);

/// Fill in what a row says of the request, its payload and who asks. `repro` measures this row again; secrets are not in it.
store::LoadRow load_row(const LoadCommand& command, const LoadPlan& plan, const load::LoadOptions& options, const load::Bodies& bodies,
                        const load::ServerFacts& facts);

}  // namespace inferometer::cli
