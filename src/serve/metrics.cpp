// GET /metrics and GET /health.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "serve/application.h"
#include "serve/deepdetect_answer.h"

namespace inferometer::serve {
namespace {

/// A label's value as the text format escapes it.
std::string escaped(std::string_view value) {
  std::string text;
  for (const char letter : value) {
    if (letter == '\\' || letter == '"') text += '\\';
    if (letter == '\n')
      text += "\\n";
    else
      text += letter;
  }
  return text;
}

/// Writes families: each is announced once, before its samples.
class Page {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(std::back_inserter(text_), "# HELP inferometer_{0} {2}\n# TYPE inferometer_{0} {1}\n", name, type, help);
  }
  /// @param labels  `a="x",b="y"`, or empty
  void sample(std::string_view name, std::string_view labels, double value) {
    const std::string_view open = labels.empty() ? "" : "{", close = labels.empty() ? "" : "}";
    fmt::format_to(std::back_inserter(text_), "inferometer_{}{}{}{} {}\n", name, open, labels, close, exact_text(value));
  }
  template <std::size_t kEnds>
  void histogram(std::string_view name, const std::string& labels, const Histogram<kEnds>& histogram) {
    double below = 0;
    for (std::size_t range = 0; range <= kEnds; ++range) {
      below += static_cast<double>(histogram.counts[range]);
      const std::string end = range == kEnds ? "+Inf" : exact_text(histogram.ends[range]);
      sample(fmt::format("{}_bucket", name), fmt::format("{},le=\"{}\"", labels, end), below);
    }
    sample(fmt::format("{}_sum", name), labels, histogram.sum);
    sample(fmt::format("{}_count", name), labels, below);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void write_requests(Page& page, const RequestMetrics& metrics) {
  std::vector<RequestMetrics::Counts> counts;
  for (std::size_t index = 0; index < kRoutes; ++index) counts.push_back(metrics.counts(static_cast<Route>(index)));
  page.family("requests_total", "counter", "Requests answered or refused, by route and HTTP status.");
  for (std::size_t index = 0; index < kRoutes; ++index) {
    for (const auto& [status, count] : counts[index].answers) {
      page.sample("requests_total", fmt::format("route=\"{}\",status=\"{}\"", name_of(static_cast<Route>(index)), status),
                  static_cast<double>(count));
    }
  }
  page.family("request_duration_seconds", "histogram", "From a request's last byte to its answer, waiting for a handler thread included.");
  for (std::size_t index = 0; index < kRoutes; ++index) {
    if (counts[index].answers.empty()) continue;
    page.histogram("request_duration_seconds", fmt::format("route=\"{}\"", name_of(static_cast<Route>(index))), counts[index].duration);
  }
}

void write_server(Page& page, const HttpServerCounts& counts) {
  const auto write = [&](std::string_view name, std::string_view type, std::string_view help, std::uint64_t value) {
    page.family(name, type, help);
    page.sample(name, {}, static_cast<double>(value));
  };
  write("connections_total", "counter", "Connections taken.", counts.connections);
  write("refused_connections_total", "counter", "Connections beyond the limit.", counts.refused_connections);
  write("open_connections", "gauge", "Connections open now.", counts.open_connections);
  write("waiting_calls", "gauge", "Calls that wait for a handler thread.", counts.calls_waiting);
  write("running_calls", "gauge", "Calls on a handler thread.", counts.calls_running);
}

struct NamedService {
  std::string label;
  std::shared_ptr<Service> service;
  ServiceCounts counts;
};

void write_services(Page& page, const std::vector<NamedService>& services) {
  const auto write = [&](std::string_view name, std::string_view type, std::string_view help, auto value) {
    page.family(name, type, help);
    for (const NamedService& each : services) page.sample(name, each.label, static_cast<double>(value(each)));
  };
  page.family("services", "gauge", "Services that can be asked.");
  page.sample("services", {}, static_cast<double>(services.size()));
  page.family("service_calls_total", "counter", "Predict calls, by service and outcome.");
  for (const NamedService& each : services) {
    page.sample("service_calls_total", each.label + ",outcome=\"success\"", static_cast<double>(each.counts.predict_success));
    page.sample("service_calls_total", each.label + ",outcome=\"failure\"", static_cast<double>(each.counts.predict_failure));
  }
  write("service_images_total", "counter", "Pictures and tensors that were answered.",
        [](const NamedService& each) { return each.counts.inference_count; });
  write("service_transform_seconds_total", "counter", "Time of reading, decoding and resizing, of calls that succeeded.",
        [](const NamedService& each) { return each.counts.total_transform_ms / 1000; });
  write("service_inference_seconds_total", "counter", "Time of the engine alone, of calls that succeeded.",
        [](const NamedService& each) { return each.counts.total_inference_ms / 1000; });
  page.family("service_call_duration_seconds", "histogram", "Predict calls that succeeded: reading inputs and inference.");
  for (const NamedService& each : services) page.histogram("service_call_duration_seconds", each.label, each.counts.predict_seconds);
  page.family("service_call_images", "histogram", "Pictures and tensors of one successful call.");
  for (const NamedService& each : services) page.histogram("service_call_images", each.label, each.counts.call_images);
  write("worker_alive", "gauge", "1 while the service's process lives.",
        [](const NamedService& each) { return each.service->worker().alive() ? 1 : 0; });
  write("worker_resident_bytes", "gauge", "Memory of the service's process.",
        [](const NamedService& each) { return each.service->worker().resident_bytes(); });
}

}  // namespace

HttpResponse answer_metrics(const Shared& shared) {
  std::vector<NamedService> services;
  for (std::shared_ptr<Service>& service : shared.registry.all()) {
    std::string label = fmt::format("service=\"{}\"", escaped(service->description().name));
    ServiceCounts counts = service->counts();
    services.push_back({std::move(label), std::move(service), std::move(counts)});
  }
  Page page;
  write_requests(page, shared.metrics);
  if (shared.counts) write_server(page, shared.counts());
  write_services(page, services);
  return {.body = page.take(), .content_type = "text/plain; version=0.0.4; charset=utf-8"};
}

HttpResponse answer_health(const Shared& shared) {
  std::size_t services = 0, alive = 0;
  for (const std::shared_ptr<Service>& service : shared.registry.all()) {
    ++services;
    if (service->worker().alive()) ++alive;
  }
  return deepdetect_answer(200, {{"services", services}, {"workers_alive", alive}});
}

}  // namespace inferometer::serve
