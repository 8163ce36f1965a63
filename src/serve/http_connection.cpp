#include "serve/http_connection.h"

#include <algorithm>
#include <new>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "serve/authorization.h"
#include "serve/http_encoding.h"

namespace inferometer::serve {

using boost::asio::error::would_block;
using boost::system::error_code;

HttpConnection::HttpConnection(HttpCore& core, SocketLoop& loop, Socket socket) : core_(core), loop_(loop), socket_(std::move(socket)) {}

void HttpConnection::start() {
  place_ = loop_.enter(shared_from_this());
  error_code error;  // a connection that ended at once shows it when it is read
  socket_.non_blocking(true, error);
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), error);
  if (core_.stopping) return close();
  wait_for_bytes();
}

void HttpConnection::start_refused() {
  place_ = loop_.enter(shared_from_this());
  error_code error;
  socket_.non_blocking(true, error);
  refuse(503, fmt::format("{} connections are open, which is the limit; try again later", core_.open() - 1));
}

void HttpConnection::close() {
  if (std::exchange(closed_, true)) return;
  const auto self = shared_from_this();  // the place holds what may be the last reference
  loop_.leave(place_);
  error_code error;
  socket_.close(error);
  core_.connection_closed();
}

void HttpConnection::expire(Phase phase) {
  if (phase != Phase::receive) return close();
  refuse(408, fmt::format("the request was not there within {} ms of its first byte", core_.options.receive_timeout.count()));
}

// ---- receiving ----

void HttpConnection::wait_for_bytes() {
  if (std::exchange(waiting_, true)) return;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->waiting_ = false;
    if (self->closed_) return;
    if (error) return self->close();
    self->on_readable();
  });
}

void HttpConnection::on_readable() {
  const Phase phase = place_->phase;
  if (phase == Phase::answer || phase == Phase::send) return;  // it was refused meanwhile: what comes now waits in the kernel
  error_code error;
  const std::size_t bytes = socket_.read_some(boost::asio::buffer(loop_.scratch), error);
  if (error == would_block) return wait_for_bytes();
  if (error) return close();  // the client's end as well
  if (phase == Phase::linger) return wait_for_bytes();
  on_bytes(std::string_view(loop_.scratch.data(), bytes));
}

void HttpConnection::on_bytes(std::string_view bytes) {
  try {
    read_request(bytes);
  } catch (const std::bad_alloc&) {
    close();
  }
}

void HttpConnection::read_request(std::string_view bytes) {
  const bool had_pending = !pending_.empty();
  if (had_pending) pending_ += bytes;
  std::string_view rest = had_pending ? std::string_view(pending_) : bytes;
  const std::size_t whole = rest.size();
  if (!reader_) {
    // Some clients end a body with an empty line that is not part of it; HTTP asks to pass over it.
    rest.remove_prefix(std::min(rest.find_first_not_of("\r\n"), rest.size()));
    if (!rest.empty()) {
      reader_ = std::make_unique<RequestReader>(ReadLimits{.body_bytes = core_.options.body_bytes}, core_.bodies);
      loop_.move(place_, Phase::receive);
    }
  }
  using State = RequestReader::State;
  bool admitted = true;
  if (reader_) {
    rest.remove_prefix(reader_->feed(rest));
    if (reader_->state() == State::header) {
      admitted = admit(!rest.empty());
      if (admitted) rest.remove_prefix(reader_->feed(rest));
    }
  }
  if (had_pending)
    pending_.erase(0, whole - rest.size());
  else
    pending_ = rest;

  if (closed_ || !admitted) return;
  if (!reader_ || reader_->state() == State::more) return wait_for_bytes();
  if (reader_->state() == State::refused) {
    const ReadRefusal refused = reader_->refusal();
    return refuse(refused.status, refused.message);
  }
  dispatch();
}

bool HttpConnection::admit(bool body_follows) {
  const std::string& token = core_.options.token;
  if (!token.empty() && !is_authorized(reader_->header("Authorization"), token)) {
    refuse(401, "no or wrong token: send it as Authorization: Bearer TOKEN, or as the password of Basic");
    return false;
  }
  if (!reader_->expects_continue() || body_follows) return true;
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  error_code error;
  // All earlier answers have left, so there is room for these few bytes unless the client takes nothing at all.
  if (socket_.write_some(boost::asio::buffer(kContinue.data(), kContinue.size()), error) == kContinue.size()) return true;
  close();
  return false;
}

// ---- answering ----

void HttpConnection::dispatch() {
  ++core_.requests;
  form_ = {.keep_alive = reader_->keep_alive() && !core_.stopping,
           .head = reader_->is_head(),
           .version_1_0 = reader_->is_version_1_0(),
           .gzip = accepts_gzip(reader_->header("Accept-Encoding"))};
  last_ = !form_.keep_alive;
  const bool packed = !is_plain_encoding(reader_->header("Content-Encoding"));
  HttpRequest request = reader_->take();
  BodyLease lease = reader_->take_lease();
  reader_.reset();
  loop_.move(place_, Phase::answer);
  // Unpacking takes longer than this thread may.
  if (packed || core_.application.lane(request) == Lane::slow) return answer_slowly(std::move(request), std::move(lease));
  send(answer_bytes(answer(core_, request, lease), form_));
}

void HttpConnection::answer_slowly(HttpRequest request, BodyLease lease) {
  struct Call {
    HttpRequest request;
    BodyLease lease;
    AnswerForm form;
    std::string target;
    std::shared_ptr<HttpConnection> connection;
  };
  std::string target = request.target;
  auto call = std::make_shared<Call>(Call{std::move(request), std::move(lease), form_, target, shared_from_this()});
  const bool taken = core_.handlers.submit([call, &core = core_, &loop = loop_] {
    std::string bytes;
    try {
      // Both end here: a client that has its answer may send as much again at once.
      HttpRequest taken_request = std::move(call->request);
      BodyLease taken_lease = std::move(call->lease);
      bytes = answer_bytes(answer(core, taken_request, taken_lease), call->form);
    } catch (const std::bad_alloc&) {
      // An empty answer closes the connection: there is no memory to say more.
    }
    boost::asio::post(loop.context(), [connection = std::move(call->connection), text = std::move(bytes)]() mutable {
      if (connection->closed_) return;
      if (text.empty()) return connection->close();
      connection->send(std::move(text));
    });
  });
  if (taken) return;
  const HttpResponse busy =
      refusal(core_, 503, target, fmt::format("{} calls are waiting, which is the limit; try again later", core_.options.queued_calls));
  send(answer_bytes(busy, form_));
}

void HttpConnection::refuse(int status, const std::string& message) {
  ++core_.requests;
  const std::string target(reader_ ? reader_->target() : std::string_view());
  last_ = true;
  form_ = {.head = reader_ && reader_->is_head()};
  reader_.reset();
  pending_ = {};
  send(answer_bytes(refusal(core_, status, target, message), form_));
}

void HttpConnection::send(std::string bytes) {
  out_ = std::move(bytes);
  sent_ = 0;
  loop_.move(place_, Phase::send);
  write_on();
}

void HttpConnection::write_on() {
  while (sent_ < out_.size()) {
    error_code error;
    sent_ += socket_.write_some(boost::asio::buffer(out_.data() + sent_, out_.size() - sent_), error);
    if (error == would_block) {
      socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const error_code& failed) {
        if (self->closed_) return;
        if (failed) return self->close();
        self->write_on();
      });
      return;
    }
    if (error) return close();
  }
  on_sent();
}

void HttpConnection::on_sent() {
  std::string().swap(out_);
  if (core_.stopping) return close();
  if (last_) return linger();
  loop_.move(place_, Phase::idle);
  if (pending_.empty()) {
    std::string().swap(pending_);
    return wait_for_bytes();
  }
  // A client that sends many requests at once waits its turn between them like everybody else.
  loop_.move(place_, Phase::receive);
  boost::asio::post(loop_.context(), [self = shared_from_this()] {
    if (!self->closed_) self->on_bytes({});
  });
}

/// Closing with bytes unread would reset the connection, and the client could lose the answer.
void HttpConnection::linger() {
  error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  if (error) return close();
  loop_.move(place_, Phase::linger);
  wait_for_bytes();
}

// ---- the application ----

HttpResponse refusal(const HttpCore& core, int status, std::string_view target, const std::string& message) {
  HttpResponse response = core.application.refusal(status, target, message);
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"inferometer\", Bearer");
  const auto is_set = [&response](std::string_view name) {
    return std::any_of(response.headers.begin(), response.headers.end(), [name](const auto& header) { return header.first == name; });
  };
  if (status == 503 && !is_set("Retry-After")) response.headers.emplace_back("Retry-After", "1");
  return response;
}

HttpResponse answer(HttpCore& core, HttpRequest& request, BodyLease& lease) {
  try {
    const auto encoding = request.headers.find("content-encoding");
    if (encoding == request.headers.end() || is_plain_encoding(encoding->second)) return core.application.handle(request);
    int status = 400;
    std::string unpacked;
    const auto grow = [&](std::size_t bytes) {
      if (unpacked.size() + bytes > core.options.body_bytes)
        status = 413;
      else if (!lease.grow(bytes))
        status = 503;
      return status == 400;
    };
    switch (unpack(request.body, encoding->second, grow, unpacked)) {
      case Unpacked::well: request.body = std::move(unpacked); return core.application.handle(request);
      case Unpacked::damaged:
        return refusal(core, 400, request.target, fmt::format("the body is no valid {}", one_line(encoding->second, 60)));
      case Unpacked::unknown_encoding:
        return refusal(core, 400, request.target,
                       fmt::format("Content-Encoding {}: only gzip and deflate are understood", one_line(encoding->second, 60)));
      case Unpacked::too_large: break;
    }
    return refusal(core, status, request.target,
                   status == 413 ? fmt::format("the unpacked body is larger than {} bytes", core.options.body_bytes)
                                 : std::string("too many bytes of request bodies are in flight; try again later"));
  } catch (const std::bad_alloc&) {
    return refusal(core, 500, request.target, "memory ran out");
  }
}

}  // namespace inferometer::serve
