/// Answer every route of the server: DeepDetect's interface, KServe v2, /health and /metrics.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "measure/engines_here.h"
#include "serve/http.h"
#include "serve/http_server.h"
#include "serve/request_metrics.h"
#include "serve/service.h"

namespace inferometer::serve {

/// What the handlers share. Outlives the server.
struct Shared {
  ServeOptions options;
  measure::EngineCatalog engines;
  Registry registry;
  std::function<HttpServerCounts()> counts = {};  ///< of the HTTP server, for /metrics; may be empty
  mutable RequestMetrics metrics = {};            ///< the table of routes counts here
};

/// Handlers: one function a route, plain values in and out. They throw StatusError; nothing else but std::bad_alloc.
HttpResponse answer_info(Shared& shared, const HttpRequest& request);     // GET /info
HttpResponse answer_service(Shared& shared, const HttpRequest& request);  // /services/{name}, every method
HttpResponse answer_predict(Shared& shared, const HttpRequest& request);  // POST /predict
HttpResponse answer_kserve(Shared& shared, const HttpRequest& request);   // /v2/...
HttpResponse answer_metrics(const Shared& shared);                        // GET /metrics, Prometheus text format
HttpResponse answer_health(const Shared& shared);                         // GET /health

/// A refusal in DeepDetect's shape, and in v2's ({"error": text}).
HttpResponse deepdetect_refusal(int status, int dd_code, const std::string& message);
HttpResponse kserve_refusal(int status, const std::string& message);

/// The table of routes over the handlers.
std::unique_ptr<Application> make_application(Shared& shared);

}  // namespace inferometer::serve
