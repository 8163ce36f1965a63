/// Run a child process that speaks JSON lines over a private descriptor.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/descriptor.h"

namespace inferometer {

/// How a child ended.
struct ChildExit {
  bool exited = false;  ///< by itself, with `code`
  int code = 0;
  int signal = 0;  ///< that killed it, when not exited
};
/// "exited with code 3", "crashed with SIGSEGV".
std::string describe(const ChildExit& exit);

/// Resident bytes of a process, from /proc/PID/statm; 0 when it is gone. Cheap enough for every 50 ms.
std::int64_t resident_bytes_of(pid_t process);

/// A child of this process. Its stdin is /dev/null, its stdout and stderr are captured (last 64 kB, together, in order of
/// arrival), descriptor 3 is a socket that both sides write lines to; of other descriptors only those of Options::inherit are
/// inherited, no signal is ignored or blocked. It leads a session and process group of its own, so a terminal's Ctrl-C reaches the parent
/// alone, and kill() takes its descendants too.
/// It dies with its parent, and (PDEATHSIG) with the thread that made it: make it from a thread that lives as long.
/// Descendants go with it when kill(), wait() or the destructor see its end; not surely when the parent itself is killed.
/// One thread at a time. The destructor kills and reaps.
class ChildProcess {
 public:
  struct Options {
    std::vector<std::string> arguments;              ///< arguments[0] is the program's path; PATH is not searched
    std::map<std::string, std::string> environment;  ///< added to ours
    int oom_score_adj = 0;                           ///< 1000: the kernel kills it first; below ours needs privileges, else no effect
    std::vector<int> cpus;                           ///< affinity; empty: inherited
    std::vector<int> inherit;                        ///< descriptors of ours that the child finds as 4, 5, ...; they stay ours too
  };
  /// Returns once the program runs. Throws Error{io} naming program and cause when it cannot be started, or the processors
  /// when none of them can be used; Error{internal} without arguments.
  explicit ChildProcess(const Options& options);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Send one line (newline added; it must hold none). False when the child is gone, or does not take the line within `wait`:
  /// then the channel is closed. Meanwhile what the child sends is kept.
  bool send_line(const std::string& line, std::chrono::milliseconds wait = std::chrono::seconds(60));
  /// Wait at most this long for the next line of the child. nullopt: nothing came in time, or the channel is closed (see closed()).
  /// A line above 256 MB closes the channel. An unfinished last line is dropped. Meanwhile stdout and stderr are drained.
  std::optional<std::string> receive_line(std::chrono::milliseconds wait);
  /// No line will come any more: the child ended or closed its side, and every line of it has been received.
  bool closed() const;

  pid_t pid() const { return pid_; }
  std::int64_t resident_bytes() const;  ///< resident_bytes_of() it; 0 when it is gone
  /// SIGKILL to the whole group. Follow with wait() to see the end.
  void kill();
  /// Wait at most this long for the end; nullopt when it still runs. Lines that arrive meanwhile are kept for receive_line().
  std::optional<ChildExit> wait(std::chrono::milliseconds wait);
  /// What it printed, as far as receive_line(), send_line() and wait() have seen it; bytes, maybe no UTF-8.
  const std::string& captured_output() const { return captured_; }

 private:
  /// Move bytes until something happens, at most this long.
  void pump(std::chrono::milliseconds wait, bool want_to_send);
  bool drain_channel();  ///< true: there may be more at once
  void drain_output();
  void close_channel();
  bool has_ended();
  void reap();
  std::optional<std::string> take_line();

  pid_t pid_ = -1;
  Descriptor channel_, output_;  ///< our ends, non-blocking
  Descriptor process_;           ///< readable once the child has ended; none where the kernel has no such thing
  std::optional<ChildExit> exit_;
  std::string pending_;  ///< received; lines before begin_ are taken, there is no newline in [begin_, searched_)
  std::size_t begin_ = 0, searched_ = 0;
  std::string captured_;
};

/// The child's side of the channel on descriptor 3. Construct once, first thing: marks the descriptor close-on-exec, arms
/// PDEATHSIG, and starts a thread that ends the process (and its group, if it leads one) when the parent's end closes.
/// One thread reads, any thread sends. Throws Error{usage} when descriptor 3 is no socket: the program was started by hand.
class ParentChannel {
 public:
  ParentChannel();
  ~ParentChannel();
  ParentChannel(const ParentChannel&) = delete;
  ParentChannel& operator=(const ParentChannel&) = delete;
  std::optional<std::string> receive_line();  ///< blocks; nullopt at end of file
  void send_line(const std::string& line);    ///< ends the process quietly when the parent is gone

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// True once SIGINT or SIGTERM has arrived since install_interrupt_handler(). A second signal ends the process at once.
/// Usable where a `bool (*)()` is asked for.
bool interrupt_requested();
void install_interrupt_handler();

}  // namespace inferometer
