/// Create services when the server starts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "serve/http.h"

namespace inferometer::cli {

/// One --service.
struct ServiceToStart {
  std::string name, repository;
  std::string engine;                  ///< empty: the server's default
  std::int64_t width = 0, height = 0;  ///< 0: the network's own
};

/// NAME=REPOSITORY[,engine=E][,width=W][,height=H]. Throws Error{usage} naming what is wrong.
ServiceToStart parse_service(std::string_view text);

/// Create it as a client would. Throws Error{input} with what the server answered.
void start_service(serve::Application& application, const ServiceToStart& service);

}  // namespace inferometer::cli
