#include "base/child_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

namespace inferometer {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kCapturedBytes = 64 * 1024;
constexpr std::size_t kMostPendingBytes = 256'000'000;
constexpr std::size_t kChunkBytes = 64 * 1024;
/// Reads per descriptor before time limits are looked at again, so that an endless writer cannot hold us.
constexpr int kReadsAtOnce = 16;
constexpr int kChannelNumber = 3;
/// The child's first inherited descriptor; the status pipe comes behind the last one.
constexpr int kFirstInherited = 4;
/// How often a child is looked at where no descriptor tells its end.
constexpr milliseconds kWithoutProcessDescriptor{10};
constexpr std::chrono::seconds kPatienceAfterKill{30};

enum class Stage : int { descriptors, affinity, exec };

/// What the child tells when it fails before the program runs.
struct StartFailure {
  Stage stage;
  int error_number;
};

Error io_failure(const std::string& what, int error_number) {
  return {ErrorCode::io, what + ": " + std::system_category().message(error_number)};
}

/// Everything that the child needs between fork and exec, where it may not allocate: other threads may have held the
/// allocator's lock at the fork.
class Launch {
 public:
  explicit Launch(const ChildProcess::Options& options) : options_(options), oom_score_(std::to_string(options.oom_score_adj)) {
    for (const auto& argument : options_.arguments) arguments_.push_back(const_cast<char*>(argument.c_str()));
    arguments_.push_back(nullptr);
    auto values = options_.environment;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
      const std::string_view text(*entry);
      if (const auto equals = text.find('='); equals != std::string_view::npos) {
        values.emplace(text.substr(0, equals), text.substr(equals + 1));
      }
    }
    for (const auto& [name, value] : values) environment_text_.push_back(name + "=" + value);
    for (auto& text : environment_text_) environment_.push_back(text.data());
    environment_.push_back(nullptr);
    for (const int cpu : options_.cpus) {
      if (cpu < 0 || cpu >= kMostCpus) throw Error(ErrorCode::io, "no processor " + std::to_string(cpu) + " here");
      CPU_SET_S(static_cast<std::size_t>(cpu), sizeof(cpus_), cpus_.data());
    }
    for (const int number : options_.inherit) inherited_.push_back(above_child_numbers(number));
  }

  /// The least number that none of the child's own ends gets.
  int first_free_number() const { return status_number() + 1; }

  /// A copy that cannot collide with the numbers that the child's ends get.
  Descriptor above_child_numbers(int number) const {
    Descriptor copy(::fcntl(number, F_DUPFD_CLOEXEC, first_free_number()));
    if (!copy) throw io_failure("cannot start a process", errno);
    return copy;
  }

  /// The child's side of the fork; only async-signal-safe calls. The descriptors are above first_free_number().
  [[noreturn]] void run(int null, int output, int channel, int status, pid_t parent) const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);  // it died before the line above
    ::setsid();
    restore_signals();
    if (::dup2(null, 0) < 0 || ::dup2(output, 1) < 0 || ::dup2(output, 2) < 0 || ::dup2(channel, kChannelNumber) < 0 ||
        ::dup3(status, status_number(), O_CLOEXEC) < 0) {
      fail(status, Stage::descriptors);
    }
    for (std::size_t i = 0; i < inherited_.size(); ++i) {
      if (::dup2(inherited_[i].number(), kFirstInherited + static_cast<int>(i)) < 0) fail(status, Stage::descriptors);
    }
    close_from(first_free_number());
    if (options_.oom_score_adj != 0) write_oom_score();
    if (!options_.cpus.empty() && ::sched_setaffinity(0, sizeof(cpus_), cpus_.data()) != 0) fail(status_number(), Stage::affinity);
    ::execve(arguments_[0], arguments_.data(), environment_.data());
    fail(status_number(), Stage::exec);
  }

  Error explain(StartFailure failure) const {
    if (failure.stage == Stage::affinity) {
      std::vector<std::string> names;
      for (const int cpu : options_.cpus) names.push_back(std::to_string(cpu));
      return io_failure("cannot pin to processors " + join(names, ","), failure.error_number);
    }
    return io_failure("cannot start " + options_.arguments[0], failure.error_number);
  }

 private:
  static constexpr int kMostCpus = 16384;

  int status_number() const { return kFirstInherited + static_cast<int>(options_.inherit.size()); }

  [[noreturn]] static void fail(int status, Stage stage) {
    const StartFailure failure{stage, errno};
    [[maybe_unused]] const auto written = ::write(status, &failure, sizeof(failure));
    ::_exit(127);
  }

  static void restore_signals() {
    // exec resets handlers but keeps what is ignored and blocked.
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
  }

  static void close_from(int first) {
    if (::syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0U) == 0) return;
    for (int number = first; number < 65536; ++number) ::close(number);  // a kernel before 5.9
  }

  void write_oom_score() const {
    const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    [[maybe_unused]] const auto written = ::write(file, oom_score_.data(), oom_score_.size());
    ::close(file);
  }

  const ChildProcess::Options& options_;
  std::string oom_score_;
  std::vector<char*> arguments_, environment_;
  std::vector<std::string> environment_text_;
  std::vector<Descriptor> inherited_;
  std::array<cpu_set_t, kMostCpus / CPU_SETSIZE> cpus_{};
};

Descriptor open_null(const Launch& launch) {
  const Descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!null) throw io_failure("cannot open /dev/null", errno);
  return launch.above_child_numbers(null.number());
}

struct Pair {
  Descriptor ours, theirs;
};

Pair make_pair_of(int outcome, const int (&ends)[2], const Launch& launch) {
  if (outcome != 0) throw io_failure("cannot start a process", errno);
  const Descriptor first(ends[0]), second(ends[1]);
  return {launch.above_child_numbers(first.number()), launch.above_child_numbers(second.number())};
}

Pair make_pipe(const Launch& launch) {
  int ends[2] = {-1, -1};
  const int outcome = ::pipe2(ends, O_CLOEXEC);
  return make_pair_of(outcome, ends, launch);
}

Pair make_channel(const Launch& launch) {
  int ends[2] = {-1, -1};
  const int outcome = ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
  return make_pair_of(outcome, ends, launch);
}

void make_non_blocking(const Descriptor& descriptor) {
  const int flags = ::fcntl(descriptor.number(), F_GETFL);
  if (flags < 0 || ::fcntl(descriptor.number(), F_SETFL, flags | O_NONBLOCK) < 0) throw io_failure("cannot start a process", errno);
}

/// An ignored SIGCHLD is inherited from some launchers; the kernel would then reap behind our back and the exit would be lost.
void make_children_waitable() {
  struct sigaction action {};
  if (::sigaction(SIGCHLD, nullptr, &action) != 0) return;
  if (action.sa_handler == SIG_IGN || (action.sa_flags & SA_NOCLDWAIT) != 0) ::signal(SIGCHLD, SIG_DFL);
}

/// Fork with all signals blocked, so that no handler of ours runs in the child.
pid_t fork_quietly() {
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  const int error_number = errno;
  if (pid != 0) ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error_number;
  return pid;
}

/// Blocks until the program runs (nullopt) or the child has said why it does not.
std::optional<StartFailure> await_start(const Descriptor& status) {
  StartFailure failure{};
  ssize_t count = 0;
  do {
    count = ::read(status.number(), &failure, sizeof(failure));
  } while (count < 0 && errno == EINTR);
  if (count == static_cast<ssize_t>(sizeof(failure))) return failure;
  return std::nullopt;
}

milliseconds time_left(steady_clock::time_point deadline) {
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(deadline - steady_clock::now()));
}

/// Far enough for any caller's "for ever", near enough not to overflow the clock.
steady_clock::time_point deadline_in(milliseconds wait) {
  return steady_clock::now() + std::clamp<milliseconds>(wait, milliseconds(0), std::chrono::hours(24 * 365));
}

}  // namespace

ChildProcess::ChildProcess(const Options& options) {
  if (options.arguments.empty()) throw Error(ErrorCode::internal, "a child process needs the path of a program");
  make_children_waitable();
  const Launch launch(options);
  const auto null = open_null(launch);
  auto output = make_pipe(launch);
  auto channel = make_channel(launch);
  auto status = make_pipe(launch);
  make_non_blocking(output.ours);
  make_non_blocking(channel.ours);

  const pid_t parent = ::getpid();
  pid_ = fork_quietly();
  if (pid_ == 0) {
    launch.run(null.number(), output.theirs.number(), channel.theirs.number(), status.theirs.number(), parent);
  }
  if (pid_ < 0) throw io_failure("cannot start " + options.arguments[0], errno);
  output.theirs.reset();
  channel.theirs.reset();
  status.theirs.reset();
  if (const auto failure = await_start(status.ours)) {
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    throw launch.explain(*failure);
  }
  process_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0U)));
  output_ = std::move(output.ours);
  channel_ = std::move(channel.ours);
}

ChildProcess::~ChildProcess() {
  kill();
  // A process in an uninterruptible call of a driver may never go: better an orphan than to hang with it.
  wait(kPatienceAfterKill);
}

bool ChildProcess::send_line(const std::string& line, milliseconds wait) {
  if (line.find('\n') != std::string::npos) throw Error(ErrorCode::internal, "a line for a child process holds a newline");
  const auto text = line + '\n';
  std::string_view rest = text;
  const auto deadline = deadline_in(wait);
  while (channel_) {
    const auto count = ::send(channel_.number(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(count));
      if (rest.empty()) return true;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      const auto left = time_left(deadline);
      if (left.count() == 0) {
        close_channel();  // half a line is on the way: nothing sensible can follow it
        return false;
      }
      pump(left, true);
    } else if (errno != EINTR) {
      drain_channel();  // what the child said before it went is still to be received
      return false;
    }
  }
  return false;
}

std::optional<std::string> ChildProcess::receive_line(milliseconds wait) {
  const auto deadline = deadline_in(wait);
  while (true) {
    if (auto line = take_line()) return line;
    if (!channel_) {
      if (output_) drain_output();
      return std::nullopt;
    }
    const auto left = time_left(deadline);
    pump(left, false);
    if (left.count() == 0) return take_line();
  }
}

bool ChildProcess::closed() const { return !channel_ && pending_.find('\n', searched_) == std::string::npos; }

std::int64_t ChildProcess::resident_bytes() const { return exit_ ? 0 : resident_bytes_of(pid_); }

void ChildProcess::kill() {
  // Until it is reaped its number is its own; afterwards it may be somebody else's.
  if (exit_ || pid_ < 0) return;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);  // should it have left its group
}

std::optional<ChildExit> ChildProcess::wait(milliseconds wait) {
  const auto deadline = deadline_in(wait);
  while (!exit_) {
    if (has_ended()) {
      reap();
      break;
    }
    const auto left = time_left(deadline);
    if (left.count() == 0) break;
    pump(left, false);
  }
  return exit_;
}

void ChildProcess::pump(milliseconds wait, bool want_to_send) {
  if (!process_) wait = std::min(wait, kWithoutProcessDescriptor);
  const short channel_events = want_to_send ? POLLIN | POLLOUT : POLLIN;
  std::array<pollfd, 3> watched{
      {{channel_.number(), channel_events, 0}, {output_.number(), POLLIN, 0}, {exit_ ? -1 : process_.number(), POLLIN, 0}}};
  const auto limit = static_cast<int>(std::min<std::int64_t>(wait.count(), 1'000'000));
  const int ready = ::poll(watched.data(), watched.size(), limit);
  if (ready < 0) return;  // a signal; the caller looks at the time
  if (watched[1].revents != 0) drain_output();
  if ((watched[0].revents & ~POLLOUT) != 0) drain_channel();
  // A descendant may hold the child's end of the channel open: the end of the child is the end of its lines.
  if (channel_ && has_ended()) {
    while (drain_channel()) {
    }
    close_channel();
  }
}

bool ChildProcess::drain_channel() {
  std::array<char, kChunkBytes> chunk;
  for (int i = 0; i < kReadsAtOnce && channel_; ++i) {
    const auto count = ::recv(channel_.number(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    if (count <= 0) {
      close_channel();
      return false;
    }
    pending_.append(chunk.data(), static_cast<std::size_t>(count));
    if (pending_.size() - begin_ > kMostPendingBytes) close_channel();
  }
  return static_cast<bool>(channel_);
}

void ChildProcess::drain_output() {
  std::array<char, kChunkBytes> chunk;
  for (int i = 0; i < kReadsAtOnce && output_; ++i) {
    const auto count = ::read(output_.number(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (count <= 0) return output_.reset();
    captured_.append(chunk.data(), static_cast<std::size_t>(count));
    if (captured_.size() > kCapturedBytes) captured_.erase(0, captured_.size() - kCapturedBytes);
  }
}

void ChildProcess::close_channel() {
  channel_.reset();
  // The rest of an unfinished line will not come. What lies before begin_ ends with a newline, so it stays.
  pending_.resize(pending_.rfind('\n') + 1);
  searched_ = std::min(searched_, pending_.size());
}

bool ChildProcess::has_ended() {
  if (exit_) return true;
  siginfo_t information{};
  const int outcome = ::waitid(P_PID, static_cast<id_t>(pid_), &information, WEXITED | WNOHANG | WNOWAIT);
  // An error means that somebody else has reaped it.
  return outcome != 0 ? errno != EINTR : information.si_pid == pid_;
}

void ChildProcess::reap() {
  // While it is unreaped its number is not given away, so this cannot hit another group.
  ::kill(-pid_, SIGKILL);
  while (drain_channel()) {
  }
  close_channel();
  drain_output();
  int status = 0;
  pid_t reaped = -1;
  do {
    reaped = ::waitpid(pid_, &status, 0);
  } while (reaped < 0 && errno == EINTR);
  exit_ = ChildExit{};
  if (reaped == pid_ && WIFEXITED(status))
    *exit_ = {true, WEXITSTATUS(status), 0};
  else if (reaped == pid_ && WIFSIGNALED(status))
    exit_->signal = WTERMSIG(status);
}

std::optional<std::string> ChildProcess::take_line() {
  const auto newline = pending_.find('\n', searched_);
  if (newline == std::string::npos) {
    searched_ = pending_.size();
    return std::nullopt;
  }
  auto line = pending_.substr(begin_, newline - begin_);
  begin_ = searched_ = newline + 1;
  if (begin_ == pending_.size() || begin_ > kMostPendingBytes / 2) {
    pending_.erase(0, begin_);
    begin_ = searched_ = 0;
  }
  return line;
}

std::int64_t resident_bytes_of(pid_t process) {
  std::array<char, 128> text{};
  const Descriptor file(::open(("/proc/" + std::to_string(process) + "/statm").c_str(), O_RDONLY | O_CLOEXEC));
  if (!file || ::read(file.number(), text.data(), text.size() - 1) <= 0) return 0;
  long long total = 0, resident = 0;
  if (std::sscanf(text.data(), "%lld %lld", &total, &resident) != 2) return 0;
  return resident * ::sysconf(_SC_PAGESIZE);
}

std::string describe(const ChildExit& exit) {
  if (exit.exited) return "exited with code " + std::to_string(exit.code);
  const char* name = ::sigabbrev_np(exit.signal);
  return name != nullptr ? "crashed with SIG" + std::string(name) : "crashed with signal " + std::to_string(exit.signal);
}

}  // namespace inferometer
