#include "serve/application.h"

#include <algorithm>
#include <array>
#include <exception>
#include <new>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "serve/deepdetect_routes.h"
#include "serve/http_target.h"
#include "serve/status_error.h"

namespace inferometer::serve {
namespace {

/// What DeepDetect has and this server has not.
constexpr std::array<std::string_view, 4> kNotServed{"train", "chain", "resources", "stream"};

std::string_view first_segment(const HttpRequest& request) {
  return request.path.empty() ? std::string_view() : std::string_view(request.path.front());
}

[[noreturn]] void refuse_route(const HttpRequest& request) {
  const bool known = std::find(kNotServed.begin(), kNotServed.end(), first_segment(request)) != kNotServed.end();
  throw StatusError(
      404, DdCode::none,
      fmt::format("{} {}: {}", one_line(request.method, 40), one_line(request.target, 200),
                  known ? "this server predicts; it does not do that"
                        : "no such call; there are GET /info, /services/{name}, POST /predict, /v2, GET /metrics, GET /health"));
}

class Routes : public Application {
 public:
  explicit Routes(Shared& shared) : shared_(shared) {}

  /// What only reads what is there is answered at once; so is what is refused.
  Lane lane(const HttpRequest& request) const override {
    if (request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS") return Lane::quick;
    const Route route = route_of(first_segment(request));
    return route == Route::services || route == Route::predict || route == Route::kserve ? Lane::slow : Lane::quick;
  }

  HttpResponse handle(const HttpRequest& request) override {
    const Route route = route_of(first_segment(request));
    HttpResponse response = answer(route, request);
    shared_.metrics.count_answer(route, response.status, steady_now() - request.received);
    return response;
  }

  HttpResponse refusal(int status, std::string_view target, const std::string& message) const override {
    const auto split_up = split_target(target);
    const Route route = split_up && !split_up->path.empty() ? route_of(split_up->path.front()) : Route::other;
    shared_.metrics.count_refusal(route, status);
    return refused(route, StatusError(status, status == 500 ? DdCode::internal_error : DdCode::none, message));
  }

 private:
  HttpResponse answer(Route route, const HttpRequest& request) {
    try {
      return dispatch(route, request);
    } catch (const StatusError& error) {
      return refused(route, error);
    } catch (const Error& error) {
      return refused(route, as_status(error));
    } catch (const std::bad_alloc&) {
      return refused(route, StatusError(500, DdCode::internal_error, "memory ran out"));
    } catch (const std::exception& error) {
      return refused(route, StatusError(500, DdCode::internal_error, fmt::format("internal error: {}", one_line(error.what()))));
    }
  }

  HttpResponse dispatch(Route route, const HttpRequest& request) {
    const bool alone = request.path.size() == 1, get = request.method == "GET";
    switch (route) {
      case Route::info:
        if (alone && get) return answer_info(shared_, request);
        break;
      case Route::services: return answer_service(shared_, request);
      case Route::predict:
        if (alone && request.method == "POST") return answer_predict(shared_, request);
        break;
      case Route::kserve: return answer_kserve(shared_, request);
      case Route::metrics:
        if (alone && get) return answer_metrics(shared_);
        break;
      case Route::health:
        if (alone && get) return answer_health(shared_);
        break;
      case Route::other: break;
    }
    refuse_route(request);
  }

  static HttpResponse refused(Route route, const StatusError& error) {
    if (route == Route::kserve) return kserve_refusal(error.http(), error.what());
    return deepdetect_refusal(error.http(), static_cast<int>(error.code()), error.what());
  }

  Shared& shared_;
};

}  // namespace

std::unique_ptr<Application> make_application(Shared& shared) { return std::make_unique<Routes>(shared); }

}  // namespace inferometer::serve
