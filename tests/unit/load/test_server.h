/// Answer over a real socket as a test wants: late, wrongly, or not at all.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/descriptor.h"
#include "base/error.h"

namespace inferometer::load {

using std::chrono::milliseconds;

struct TestAnswer {
  std::string bytes;  ///< sent after the delay
  milliseconds delay{0};
  bool closes = false;  ///< afterwards
};

inline std::string http_answer(int status, const std::string& body, const std::string& headers = {}) {
  return "HTTP/1.1 " + std::to_string(status) + " x\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// One thread a connection, on a port of the system's choice. `answer` is called from all of them, with the request's head and body.
class TestServer {
 public:
  using Answer = std::function<TestAnswer(const std::string& request)>;

  explicit TestServer(Answer answer) : answer_(std::move(answer)) {
    listener_ = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool listens =
        ::bind(listener_.number(), reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(listener_.number(), 512) == 0;
    EXPECT_TRUE(listens);
    ::getsockname(listener_.number(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    accepter_ = std::thread([this] { accept_all(); });
  }
  ~TestServer() {
    stop_ = true;
    accepter_.join();
    for (std::thread& each : threads_) each.join();
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }
  int requests() const { return requests_; }

 private:
  bool readable(int socket) const {
    while (!stop_) {
      pollfd one{socket, POLLIN, 0};
      if (::poll(&one, 1, 20) > 0) return true;
    }
    return false;
  }

  void accept_all() {
    while (readable(listener_.number())) {
      const int socket = ::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) continue;
      ++connections_;
      threads_.emplace_back([this, socket] { serve(Descriptor(socket)); });
    }
  }

  void serve(const Descriptor& socket) {
    std::string received;
    std::array<char, 65536> buffer;
    while (readable(socket.number())) {
      const ssize_t count = ::recv(socket.number(), buffer.data(), buffer.size(), 0);
      if (count <= 0) return;
      received.append(buffer.data(), static_cast<std::size_t>(count));
      const std::size_t head = received.find("\r\n\r\n");
      if (head == std::string::npos) continue;
      const std::size_t length = std::stoul(received.substr(received.find("Content-Length: ") + 16));
      if (received.size() < head + 4 + length) continue;
      ++requests_;
      const TestAnswer answer = answer_(received);
      received.clear();
      const auto until = std::chrono::steady_clock::now() + answer.delay;
      while (!stop_ && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_until(std::min(until, std::chrono::steady_clock::now() + milliseconds(50)));
      if (!answer.bytes.empty()) [[maybe_unused]]
        const ssize_t sent = ::send(socket.number(), answer.bytes.data(), answer.bytes.size(), MSG_NOSIGNAL);
      if (answer.closes) return;
    }
  }

  Answer answer_;
  Descriptor listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<int> connections_{0}, requests_{0};
  std::thread accepter_;
  std::vector<std::thread> threads_;  ///< of accept_all() alone until it has ended
};

/// Runs `action`, which must throw this Error with `text` in its message or hint.
inline void expect_error(ErrorCode code, const std::string& text, const std::function<void()>& action) {
  try {
    action();
    ADD_FAILURE() << "no error; expected one with: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    const std::string all = std::string(error.what()) + " | " + error.hint();
    EXPECT_NE(all.find(text), std::string::npos) << all;
    EXPECT_EQ(all.find('\n'), std::string::npos) << all;
  }
}

}  // namespace inferometer::load
