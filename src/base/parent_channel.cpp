#include <array>
#include <cerrno>
#include <mutex>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child_process.h"
#include "base/error.h"

namespace inferometer {
namespace {

constexpr int kChannelNumber = 3;
/// Nobody is left to read it.
constexpr int kParentGoneCode = 1;

/// End at once and take helpers of a framework along, if the group is ours.
[[noreturn]] void end_with_parent() {
  if (::getpgrp() == ::getpid()) ::kill(0, SIGKILL);
  ::_exit(kParentGoneCode);
}

/// Waits for the parent's end to close without reading what is on the way.
void watch(int channel, int stop) {
  while (true) {
    std::array<pollfd, 2> watched{{{channel, POLLRDHUP, 0}, {stop, POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), -1) < 0) continue;
    if (watched[1].revents != 0) return;
    if ((watched[0].revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0) end_with_parent();
  }
}

/// A thread on which no signal handler of the program runs.
std::thread start_watching(int channel, int stop) {
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(watch, channel, stop);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

int checked_channel() {
  struct stat status {};
  if (::fstat(kChannelNumber, &status) != 0 || !S_ISSOCK(status.st_mode)) {
    throw Error(ErrorCode::usage, "descriptor 3 is not a channel to a parent process",
                "this part of inferometer is started by inferometer itself");
  }
  return kChannelNumber;
}

}  // namespace

struct ParentChannel::State {
  Descriptor channel{checked_channel()};
  Descriptor stop{::eventfd(0, EFD_CLOEXEC)};
  std::string pending;
  std::size_t begin = 0, searched = 0;
  std::mutex sending;
  std::thread watcher;
};

ParentChannel::ParentChannel() : state_(std::make_unique<State>()) {
  ::fcntl(kChannelNumber, F_SETFD, FD_CLOEXEC);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Whether the parent is already gone is seen by the watcher: its end of the channel is closed then.
  if (!state_->stop) throw Error(ErrorCode::io, "cannot make an event descriptor");
  state_->watcher = start_watching(kChannelNumber, state_->stop.number());
}

ParentChannel::~ParentChannel() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(state_->stop.number(), &one, sizeof(one));
  state_->watcher.join();
}

std::optional<std::string> ParentChannel::receive_line() {
  auto& [channel, stop, pending, begin, searched, sending, watcher] = *state_;
  std::array<char, 64 * 1024> chunk;
  while (true) {
    if (const auto newline = pending.find('\n', searched); newline != std::string::npos) {
      auto line = pending.substr(begin, newline - begin);
      begin = searched = newline + 1;
      return line;
    }
    pending.erase(0, begin);
    begin = 0;
    searched = pending.size();
    const auto count = ::recv(channel.number(), chunk.data(), chunk.size(), 0);
    if (count > 0)
      pending.append(chunk.data(), static_cast<std::size_t>(count));
    else if (count == 0 || errno != EINTR)
      return std::nullopt;
  }
}

void ParentChannel::send_line(const std::string& line) {
  if (line.find('\n') != std::string::npos) throw Error(ErrorCode::internal, "a line for the parent process holds a newline");
  const auto text = line + '\n';
  std::string_view rest = text;
  const std::lock_guard lock(state_->sending);
  while (!rest.empty()) {
    const auto count = ::send(state_->channel.number(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (count >= 0)
      rest.remove_prefix(static_cast<std::size_t>(count));
    else if (errno != EINTR)
      end_with_parent();
  }
}

}  // namespace inferometer
