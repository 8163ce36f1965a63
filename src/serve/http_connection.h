/// Speak HTTP/1.1 on one connection.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "serve/http_core.h"
#include "serve/http_reader.h"
#include "serve/http_writer.h"
#include "serve/socket_loop.h"

namespace inferometer::serve {

using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// Lives until it is closed; all members on its loop's thread. One request at a time: while its answer is being made nothing further is
/// read, so a client that sends ahead fills the kernel's buffers and not ours. Without a request it holds no buffer.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(HttpCore& core, SocketLoop& loop, Socket socket);

  void start();
  /// Say 503 and close.
  void start_refused();
  void close();
  /// Its phase has lasted too long.
  void expire(Phase phase);

 private:
  void wait_for_bytes();
  void on_readable();
  void on_bytes(std::string_view bytes);
  void read_request(std::string_view bytes);
  bool admit(bool body_follows);  ///< of a request whose header is there: may its body come? Else it is refused
  void dispatch();
  void answer_slowly(HttpRequest request, BodyLease lease);
  void refuse(int status, const std::string& message);
  void send(std::string bytes);
  void write_on();
  void on_sent();
  void linger();

  HttpCore& core_;
  SocketLoop& loop_;
  Socket socket_;
  SocketLoop::Place place_;
  bool closed_ = false, waiting_ = false;  ///< for bytes
  bool last_ = false;                      ///< no request follows the present one
  std::unique_ptr<RequestReader> reader_;  ///< while a request is being received
  AnswerForm form_;
  std::string pending_;  ///< received and not read yet
  std::string out_;      ///< to send, from sent_ on
  std::size_t sent_ = 0;
};

/// Undo the body's content encoding and let the application answer. Any thread; throws nothing.
/// @param lease  charged for the unpacked body too
HttpResponse answer(HttpCore& core, HttpRequest& request, BodyLease& lease);

/// A refusal in the application's shape, with the headers that belong to its status.
HttpResponse refusal(const HttpCore& core, int status, std::string_view target, const std::string& message);

}  // namespace inferometer::serve
