#include "serve/http_reader.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "serve/http_target.h"

namespace inferometer::serve {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

/// A body that grows as its bytes arrive, whatever length was announced, and is charged for them.
struct CountedBody {
  struct value_type {
    std::string text;
    std::size_t most = 0;
    std::optional<BodyLease> lease;
    int refused = 0;  ///< status, where it may not grow
  };
  class reader {
   public:
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>&, value_type& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>&, error_code& error) { error = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, error_code& error) {
      error = {};
      std::size_t taken = 0;
      for (auto at = boost::asio::buffer_sequence_begin(buffers); at != boost::asio::buffer_sequence_end(buffers); ++at) {
        const boost::asio::const_buffer piece = *at;
        if (piece.size() > body_.most - body_.text.size()) body_.refused = 413;
        if (body_.refused == 0 && !body_.lease->grow(piece.size())) body_.refused = 503;
        if (body_.refused != 0) {
          error = http::error::body_limit;
          return taken;
        }
        body_.text.append(static_cast<const char*>(piece.data()), piece.size());
        taken += piece.size();
      }
      return taken;
    }
    void finish(error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

struct RequestReader::Parts {
  Parts(const ReadLimits& given, BodyBudget& budget) : limits(given) {
    parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    // The body's own limit tells apart what was too much. (None at all would mean 0 to some releases of the parser.)
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
    parser.eager(false);
    parser.get().body().most = limits.body_bytes;
    parser.get().body().lease.emplace(budget);
  }

  void refuse(int status, std::string message) {
    state = State::refused;
    refusal = {status, std::move(message)};
  }
  void refuse_body(int status) {
    if (status == 413)
      refuse(413, fmt::format("the body is larger than {} bytes", limits.body_bytes));
    else
      refuse(503, "too many bytes of request bodies are in flight; try again later");
  }
  void refuse(const error_code& error) {
    if (error == http::error::header_limit) return refuse(431, fmt::format("the header is larger than {} bytes", limits.header_bytes));
    if (error == http::error::body_limit) return refuse_body(parser.get().body().refused == 503 ? 503 : 413);
    refuse(400, fmt::format("malformed HTTP request: {}", error.message()));
  }

  /// What the parser lets pass and HTTP forbids, or this server does not do.
  void check_header() {
    const auto& header = parser.get();
    const std::string_view coding = view(header[http::field::transfer_encoding]);
    if (!coding.empty() && lower(trim(coding)) != "chunked")
      return refuse(400, fmt::format("Transfer-Encoding {}: only chunked is understood", one_line(coding, 60)));
    if (header.version() >= 11 && header.count(http::field::host) != 1) return refuse(400, "a request of HTTP/1.1 needs one Host header");
    auto split_up = split_target(view(header.target()));
    if (!split_up) return refuse(400, fmt::format("malformed target {}", one_line(view(header.target()), 200)));
    target = std::move(*split_up);
    if (const auto length = parser.content_length(); length && *length > limits.body_bytes) refuse_body(413);
  }

  ReadLimits limits;
  http::request_parser<CountedBody> parser;
  State state = State::more;
  ReadRefusal refusal;
  HttpTarget target;
  bool header_told = false;
};

RequestReader::RequestReader(const ReadLimits& limits, BodyBudget& budget) : parts_(std::make_unique<Parts>(limits, budget)) {}
RequestReader::~RequestReader() = default;

RequestReader::State RequestReader::state() const { return parts_->state; }
const ReadRefusal& RequestReader::refusal() const { return parts_->refusal; }

std::size_t RequestReader::feed(std::string_view bytes) {
  Parts& parts = *parts_;
  if (parts.state == State::header) parts.state = parts.parser.is_done() ? State::done : State::more;
  std::size_t used = 0;
  while (parts.state == State::more && used < bytes.size()) {
    error_code error;
    const std::size_t taken = parts.parser.put(boost::asio::const_buffer(bytes.data() + used, bytes.size() - used), error);
    used += taken;
    if (error == http::error::need_more) {
      // Only a chunk's own line can be kept waiting beyond the limits that the parser knows.
      if (bytes.size() - used > parts.limits.header_bytes * 2) parts.refuse(431, "a chunk's header is too long");
      break;
    }
    if (error) {
      parts.refuse(error);
      break;
    }
    if (parts.parser.is_header_done() && !parts.header_told) {
      parts.header_told = true;
      parts.check_header();
      if (parts.state == State::more) parts.state = State::header;
    } else if (parts.parser.is_done()) {
      parts.state = State::done;
    }
  }
  return used;
}

std::string_view RequestReader::target() const { return view(parts_->parser.get().target()); }
std::string_view RequestReader::header(std::string_view name) const {
  return view(parts_->parser.get()[boost::beast::string_view(name.data(), name.size())]);
}
bool RequestReader::keep_alive() const { return parts_->parser.keep_alive(); }
bool RequestReader::is_head() const { return parts_->parser.get().method() == http::verb::head; }
bool RequestReader::is_version_1_0() const { return parts_->parser.get().version() < 11; }
bool RequestReader::expects_continue() const { return !is_version_1_0() && lower(trim(header("Expect"))) == "100-continue"; }

HttpRequest RequestReader::take() {
  auto& message = parts_->parser.get();
  HttpRequest request;
  request.method = std::string(view(message.method_string()));
  request.target = std::string(view(message.target()));
  request.path = std::move(parts_->target.path);
  request.query = std::move(parts_->target.query);
  for (const auto& field : message) {
    std::string& value = request.headers[lower(view(field.name_string()))];
    if (!value.empty()) value += ", ";
    value += view(field.value());
  }
  request.body = std::move(message.body().text);
  request.received = steady_now();
  return request;
}

BodyLease RequestReader::take_lease() { return std::move(*parts_->parser.get().body().lease); }

}  // namespace inferometer::serve
