#include "serve/http_server.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include "base/error.h"
#include "serve/http_connection.h"

namespace inferometer::serve {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

constexpr std::chrono::milliseconds kWithoutDescriptors{50};
/// For files, engines' processes and their channels.
constexpr std::size_t kOtherDescriptors = 512;
/// Connections beyond the limit that are told so; still more are closed without a word.
constexpr std::size_t kToldOfRefusal = 64;

/// @return how many descriptors this process may open now
std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur < limit.rlim_max) {
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return raised.rlim_cur;
  }
  return limit.rlim_cur;
}

tcp::endpoint resolve(asio::io_context& context, const HttpServerOptions& options) {
  tcp::resolver resolver(context);
  error_code error;
  const auto found = resolver.resolve(options.host, std::to_string(options.port), tcp::resolver::passive, error);
  if (error || found.empty())
    throw Error(ErrorCode::io, fmt::format("cannot listen on {}:{}: {}", options.host, options.port, error.message()),
                "name an address of this machine, such as 127.0.0.1");
  const bool local = std::all_of(found.begin(), found.end(), [](const auto& entry) { return entry.endpoint().address().is_loopback(); });
  if (!local && options.token.empty())
    throw Error(ErrorCode::usage, fmt::format("host {} can be reached from other machines, and there is no token", options.host),
                "give a token that clients must send, or listen on 127.0.0.1");
  const auto v4 = std::find_if(found.begin(), found.end(), [](const auto& entry) { return entry.endpoint().address().is_v4(); });
  return v4 == found.end() ? found.begin()->endpoint() : v4->endpoint();
}

void listen(Acceptor& acceptor, const tcp::endpoint& endpoint, const HttpServerOptions& options) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(Acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(4096, error);  // the kernel lowers it to its own limit
  if (error)
    throw Error(ErrorCode::io, fmt::format("cannot listen on {}:{}: {}", options.host, options.port, error.message()),
                "another port may be free; port 0 takes any");
}

}  // namespace

struct HttpServer::State {
  State(const HttpServerOptions& options, Application& application) : core(options, application) {
    for (int index = 0; index < std::max(1, options.socket_threads); ++index) loops.push_back(std::make_unique<SocketLoop>(options));
    asio::io_context& first = loops.front()->context();
    const std::size_t descriptors = raise_descriptor_limit();
    most_open = std::min(options.connections, descriptors - std::min(kOtherDescriptors, descriptors / 2));
    const tcp::endpoint endpoint = resolve(first, options);
    acceptor = std::make_unique<Acceptor>(first);
    retry = std::make_unique<asio::steady_timer>(first);
    listen(*acceptor, endpoint, options);
    port = acceptor->local_endpoint().port();
    asio::post(first, [this] { accept(); });
  }
  ~State() { stop(); }

  void accept() {
    SocketLoop& loop = *loops[next++ % loops.size()];
    acceptor->async_accept(loop.context(), [this, &loop](const error_code& error, Socket socket) {
      if (core.stopping) return;
      if (!error) {
        take(loop, std::move(socket));
      } else if (error != asio::error::connection_aborted) {
        // Out of descriptors or memory: the connection stays in the kernel's queue, so trying again at once would spin.
        retry->expires_after(kWithoutDescriptors);
        retry->async_wait([this](const error_code& cancelled) {
          if (!cancelled && !core.stopping) accept();
        });
        return;
      }
      accept();
    });
  }

  void take(SocketLoop& loop, Socket socket) {
    const bool welcome = core.open() < most_open;
    if (!welcome) ++core.refused_connections;
    if (core.open() >= most_open + kToldOfRefusal) return;  // the socket closes itself
    if (welcome) ++core.connections;
    core.connection_opened();
    auto connection = std::make_shared<HttpConnection>(core, loop, std::move(socket));
    asio::post(loop.context(), [connection = std::move(connection), welcome] {
      if (welcome)
        connection->start();
      else
        connection->start_refused();
    });
  }

  void stop() {
    const std::lock_guard lock(mutex);
    if (std::exchange(stopped, true)) return;
    const auto deadline = std::chrono::steady_clock::now() + core.options.shutdown_timeout;
    core.stopping = true;
    asio::post(loops.front()->context(), [this] {
      error_code error;
      if (acceptor) acceptor->close(error);
      if (retry) retry->cancel();
    });
    for (const auto& loop : loops) asio::post(loop->context(), [&each = *loop] { each.close_resting(); });
    core.handlers.drain(deadline);
    core.wait_until_none_open(deadline);
    core.handlers.close();
    for (const auto& loop : loops) loop->join();
  }

  HttpCore core;
  std::vector<std::unique_ptr<SocketLoop>> loops;
  std::unique_ptr<Acceptor> acceptor;
  std::unique_ptr<asio::steady_timer> retry;
  std::size_t next = 0, most_open = 0;
  std::uint16_t port = 0;
  std::mutex mutex;
  bool stopped = false;
};

HttpServer::HttpServer(const HttpServerOptions& options, Application& application)
    : state_(std::make_unique<State>(options, application)) {}
HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return state_->port; }

HttpServerCounts HttpServer::counts() const {
  const HttpCore& core = state_->core;
  return {.connections = core.connections,
          .requests = core.requests,
          .refused_connections = core.refused_connections,
          .open_connections = core.open(),
          .calls_waiting = core.handlers.waiting(),
          .calls_running = core.handlers.running()};
}

void HttpServer::stop() { state_->stop(); }

}  // namespace inferometer::serve
