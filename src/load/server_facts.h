/// Ask a server what it is, and what it has counted, so that its time and the client's can be laid side by side.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "dataset/preprocess.h"
#include "load/connect.h"
#include "load/load.h"
#include "store/load_row.h"

namespace inferometer::load {

/// A DeepDetect service's cumulative counters.
struct ServiceCounters {
  std::int64_t calls = 0, failures = 0, images = 0;
  double predict_ms = 0, transform_ms = 0;  ///< predict holds transform
  std::optional<double> inference_ms = {};  ///< of the engine alone, where the server tells; predict holds it
};

/// What the server says of itself and of the model; "" and nullopt: it does not say.
struct ServerFacts {
  std::string server, version, model, engine;
  std::optional<std::int64_t> batch;
  std::optional<ServiceCounters> counters;
  std::string tensor_name;                         ///< v2: of the model's first input
  std::optional<dataset::InputGeometry> geometry;  ///< v2: of the same
};

/// GET /info and /services/NAME, or /v2 and /v2/models/NAME; nothing for Interface::post.
/// @param prefix  of every path
/// Throws Error{input}: the service or model is unknown, or what answers speaks another interface; Error{io} as call().
ServerFacts ask_server(const Target& target, const Address& address, const std::string& prefix, const std::string& name);

/// Create a DeepDetect service. `settings` is merged over {"input":{"connector":"image"},"mllib":{},"output":{}}.
/// Throws Error{input} with the server's words when it refuses; Error{usage} for settings that are no JSON object.
void create_service(const Target& target, const Address& address, const std::string& prefix, const std::string& name,
                    const std::string& library, const std::string& repository, const std::string& settings);
/// Throws Error{input} when the server refuses.
void delete_service(const Target& target, const Address& address, const std::string& prefix, const std::string& name);

/// Send the first body once, untimed, and see that it is answered as it should be: 2xx, and for the two interfaces a JSON answer with as
/// many predictions as images. Throws Error{input} with the server's words.
void require_answer(const Target& target, const Address& address);

/// Fill in of `row` where a request's time went: means over all well answered requests of the run, warm-up included, since the server's
/// counters know no window. Without counters: waiting, connecting and the rest. Shares that do not add up stand in unexplained_ms.
void reconcile(const WholeRun& whole, const std::optional<ServiceCounters>& before, const std::optional<ServiceCounters>& after,
               store::LoadRow& row);

/// A name as it stands in a URL's path.
std::string percent_encode(std::string_view name);

}  // namespace inferometer::load
