/// Serve an Application over HTTP/1.1.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "serve/http.h"

namespace inferometer::serve {

struct HttpServerOptions {
  std::string host = "127.0.0.1";  ///< name or address to listen on
  std::uint16_t port = 8080;       ///< 0: any free one
  std::string token;         ///< empty: none is asked for. Else as Authorization: Bearer, or as Basic's password; compared in constant time
  int socket_threads = 1;    ///< that read and write; they also answer Lane::quick
  int handler_threads = 32;  ///< Lane::slow at once
  std::size_t queued_calls = 256;                  ///< of Lane::slow that wait for a handler thread; beyond: 503 with Retry-After
  std::size_t connections = 20'000;                ///< open at once (fewer where the limit of descriptors is lower); beyond: 503 and closed
  std::size_t body_bytes = std::size_t{64} << 20;  ///< as sent and, of a compressed body, unpacked; beyond: 413
  std::size_t buffered_bytes = std::size_t{1} << 30;   ///< of all bodies in flight together; beyond: 503
  std::chrono::milliseconds receive_timeout{30'000};   ///< from a request's first byte to its last: 408
  std::chrono::milliseconds idle_timeout{300'000};     ///< between requests: closed without a word
  std::chrono::milliseconds send_timeout{30'000};      ///< for a client that does not take its answer: closed
  std::chrono::milliseconds shutdown_timeout{30'000};  ///< for calls in flight when it stops
};

/// What the server saw since it began.
struct HttpServerCounts {
  std::uint64_t connections = 0, requests = 0, refused_connections = 0;
  std::uint64_t open_connections = 0, calls_waiting = 0, calls_running = 0;  ///< now
};

/// Listens from construction until stop() or destruction. Connections are asynchronous: an idle or slow one holds no thread.
/// Keep-alive and pipelining as in HTTP/1.1, Expect: 100-continue, chunked bodies, Content-Encoding gzip and deflate in; gzip out when the
/// client accepts it and the body is above 1 kB. Members: any thread.
class HttpServer {
 public:
  /// Throws Error{io} when it cannot listen there, naming host, port and cause; Error{usage} for a host beyond the loopback without a
  /// token.
  HttpServer(const HttpServerOptions& options, Application& application);
  ~HttpServer();  ///< stop()
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  HttpServerCounts counts() const;
  /// Stop accepting, let calls in flight end (at most shutdown_timeout), close all connections, join all threads.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace inferometer::serve
