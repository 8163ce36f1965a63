/// What the handlers of DeepDetect's routes share.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/error.h"
#include "serve/http.h"
#include "serve/service.h"
#include "serve/status_error.h"

namespace inferometer::serve {

/// A query value: true, false, 1 or 0. Throws StatusError 400/400 for anything else.
bool query_flag(const HttpRequest& request, const char* name, bool otherwise);

/// A service as GET /services and GET /info show it. Everything in it is there at once; nothing waits for the worker.
nlohmann::json service_object(const Service& service, bool with_jobs, bool with_labels);

/// What a failure below serve is to a client: 400/1006 for what lies in the request or its model, 500/1007 for what does not.
StatusError as_status(const Error& error);

}  // namespace inferometer::serve
