#include "base/child_process.h"

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace inferometer {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

// This program is its own child: with the variable set it plays a part instead of running tests.
constexpr const char* kPart = "INFEROMETER_TEST_PART";

void echo_lines() {
  ParentChannel channel;
  while (const auto line = channel.receive_line()) channel.send_line("echo " + *line);
}

/// A worker that computes for ever and never looks at its channel. The signal of the parent's death is taken away, so that
/// only the watcher can end it.
void hang_with_watcher_only() {
  ParentChannel channel;
  prctl(PR_SET_PDEATHSIG, 0);
  channel.send_line("ready " + std::to_string(getpid()));
  volatile bool forever = true;
  while (forever) {
  }
}

/// Starts a worker, tells its number, then waits to be killed.
void be_parent_of(const std::string& part) {
  ParentChannel channel;
  ChildProcess::Options options;
  options.arguments = {executable_path().string()};
  options.environment = {{kPart, part}};
  ChildProcess worker(options);
  channel.send_line(worker.receive_line(10s).value_or("the worker said nothing"));
  while (true) pause();
}

void be_shell_parent() {
  ParentChannel channel;
  ChildProcess worker({.arguments = {"/bin/sh", "-c", "echo ready $$ >&3; exec sleep 100"}, .environment = {}, .cpus = {}});
  channel.send_line(worker.receive_line(10s).value_or("the worker said nothing"));
  while (true) pause();
}

void count_signals() {
  ParentChannel channel;
  install_interrupt_handler();
  channel.send_line(interrupt_requested() ? "already" : "ready");
  while (!interrupt_requested()) std::this_thread::sleep_for(1ms);
  channel.send_line("first");
  while (true) pause();
}

/// Part of a line, then the end.
void end_in_mid_line() { [[maybe_unused]] auto sent = send(3, "whole\nhal", 9, 0); }

void send_to_a_parent_that_is_gone() {
  ParentChannel channel;
  channel.send_line("ready");
  for (int i = 0; i < 1'000'000; ++i) channel.send_line(std::string(1000, 'x'));
}

/// Leaves a line unread for a while and tells how much processor time waiting took.
void idle_with_unread_line() {
  ParentChannel channel;
  channel.send_line("ready");
  std::this_thread::sleep_for(300ms);
  channel.send_line(std::to_string(std::clock() * 1000 / CLOCKS_PER_SEC));
}

const std::map<std::string, std::function<void()>>& parts() {
  static const std::map<std::string, std::function<void()>> all{
      {"echo", echo_lines},
      {"hang", hang_with_watcher_only},
      {"parent_of_hang", [] { be_parent_of("hang"); }},
      {"parent_of_shell", be_shell_parent},
      {"signals", count_signals},
      {"mid_line", end_in_mid_line},
      {"idle", idle_with_unread_line},
      {"flood", send_to_a_parent_that_is_gone},
  };
  return all;
}

[[maybe_unused]] const bool played = [] {
  if (const char* part = std::getenv(kPart)) {
    parts().at(part)();
    _exit(0);
  }
  return true;
}();

ChildProcess::Options part(const std::string& name) {
  ChildProcess::Options options;
  options.arguments = {executable_path().string()};
  options.environment = {{kPart, name}};
  return options;
}

ChildProcess::Options shell(const std::string& script) {
  ChildProcess::Options options;
  options.arguments = {"/bin/sh", "-c", script};
  return options;
}

bool process_runs(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(status)), {});
  const auto name_end = text.rfind(')');
  return name_end != std::string::npos && text.at(name_end + 2) != 'Z' && text.at(name_end + 2) != 'X';
}

bool ends_within(pid_t pid, std::chrono::milliseconds limit) {
  for (const auto deadline = steady_clock::now() + limit; steady_clock::now() < deadline; std::this_thread::sleep_for(2ms)) {
    if (!process_runs(pid)) return true;
  }
  return false;
}

pid_t number_after_ready(const std::optional<std::string>& line) {
  if (!line || !line->starts_with("ready ")) return -1;
  return static_cast<pid_t>(parse_integer(line->substr(6)).value_or(-1));
}

TEST(ChildProcess, LinesGoBothWays) {
  ChildProcess child(part("echo"));
  for (const std::string line : {"one", "", "three words here", "\xC3\xA9 \x01"}) {
    ASSERT_TRUE(child.send_line(line));
    EXPECT_EQ(child.receive_line(10s), "echo " + line);
  }
  EXPECT_FALSE(child.closed());
  EXPECT_FALSE(child.wait(0ms).has_value());
  EXPECT_THROW(child.send_line("two\nlines"), Error);
}

TEST(ChildProcess, LinesFromShellInOneBurstComeOneByOneAndThenClosed) {
  ChildProcess child(shell("echo a >&3; echo b >&3; printf 'c\\n\\nlast is cut' >&3"));
  EXPECT_EQ(child.receive_line(10s), "a");
  const auto end = child.wait(10s);
  ASSERT_TRUE(end.has_value());
  EXPECT_TRUE(end->exited);
  EXPECT_EQ(end->code, 0);
  EXPECT_FALSE(child.closed()) << "three lines are still to be received";
  EXPECT_EQ(child.receive_line(0ms), "b");
  EXPECT_EQ(child.receive_line(0ms), "c");
  EXPECT_EQ(child.receive_line(0ms), "");
  EXPECT_TRUE(child.closed());
  EXPECT_EQ(child.receive_line(10s), std::nullopt);
  EXPECT_FALSE(child.send_line("too late"));
}

TEST(ChildProcess, PartialLinesAreJoinedAndTimeOut) {
  ChildProcess child(shell("printf 'first ' >&3; read answer <&3; printf '%s\\n' \"$answer\" >&3"));
  EXPECT_EQ(child.receive_line(50ms), std::nullopt);
  EXPECT_FALSE(child.closed());
  ASSERT_TRUE(child.send_line("second"));
  EXPECT_EQ(child.receive_line(10s), "first second");
}

TEST(ChildProcess, UnfinishedLineIsDropped) {
  ChildProcess child(part("mid_line"));
  EXPECT_EQ(child.receive_line(10s), "whole");
  EXPECT_EQ(child.receive_line(10s), std::nullopt);
  EXPECT_TRUE(child.closed());
}

TEST(ChildProcess, HugeLinesPassBothWaysAtOnce) {
  ChildProcess child(part("echo"));
  const std::string huge(20'000'000, 'h');
  ASSERT_TRUE(child.send_line(huge));
  ASSERT_TRUE(child.send_line(huge)) << "while the child is busy sending the first one back";
  for (int i = 0; i < 2; ++i) {
    const auto line = child.receive_line(20s);
    ASSERT_TRUE(line.has_value());
    EXPECT_TRUE(*line == "echo " + huge);
  }
}

TEST(ChildProcess, EndlessLineClosesTheChannel) {
  ChildProcess child(shell("exec cat /dev/zero >&3"));
  EXPECT_EQ(child.receive_line(60s), std::nullopt);
  EXPECT_TRUE(child.closed());
}

TEST(ChildProcess, ChildThatDoesNotReadIsGivenUp) {
  ChildProcess child(shell("sleep 100"));
  EXPECT_TRUE(child.send_line("fits into the socket's buffer"));
  EXPECT_FALSE(child.send_line(std::string(4'000'000, 'x'), 100ms));
  EXPECT_TRUE(child.closed());
}

TEST(ChildProcess, SendingToOneThatJustEndedIsFalse) {
  ChildProcess child(shell("exit 0"));
  ASSERT_TRUE(ends_within(child.pid(), 10s));
  EXPECT_FALSE(child.send_line("anybody there?"));
}

TEST(ChildProcess, OutputIsCapturedInOrderWhileWaiting) {
  ChildProcess child(shell("echo out; echo err >&2; cat; echo end; exit 7"));  // cat: stdin is empty
  const auto end = child.wait(10s);
  ASSERT_TRUE(end.has_value());
  EXPECT_TRUE(end->exited);
  EXPECT_EQ(end->code, 7);
  EXPECT_EQ(child.captured_output(), "out\nerr\nend\n");
}

TEST(ChildProcess, OnlyTheLast64KilobytesOfOutputAreKept) {
  ChildProcess child(shell("head -c 3000000 /dev/zero; printf the-end; echo done >&3; sleep 100"));
  EXPECT_EQ(child.receive_line(20s), "done") << "a full pipe must not block the child";
  child.kill();
  ASSERT_TRUE(child.wait(10s).has_value());
  EXPECT_EQ(child.captured_output().size(), 64U * 1024U);
  EXPECT_TRUE(child.captured_output().ends_with("the-end"));
}

TEST(ChildProcess, EndlessOutputDoesNotHoldTheCaller) {
  ChildProcess child(shell("yes"));
  const auto before = steady_clock::now();
  EXPECT_EQ(child.receive_line(100ms), std::nullopt);
  EXPECT_LT(steady_clock::now() - before, 10s);
  EXPECT_FALSE(child.captured_output().empty());
}

TEST(ChildProcess, SignalThatEndsItIsTold) {
  ChildProcess child(shell("kill -ABRT $$"));
  const auto end = child.wait(10s);
  ASSERT_TRUE(end.has_value());
  EXPECT_FALSE(end->exited);
  EXPECT_EQ(end->signal, SIGABRT);
  EXPECT_EQ(child.wait(0ms)->signal, SIGABRT) << "told again";
  EXPECT_EQ(child.resident_bytes(), 0);
}

TEST(ChildProcess, KillTakesTheGroupAndDestructorLeavesNoZombie) {
  pid_t leader = -1, descendant = -1;
  {
    ChildProcess child(shell("sleep 100 & echo ready $! >&3; wait"));
    leader = child.pid();
    descendant = number_after_ready(child.receive_line(10s));
    ASSERT_GT(descendant, 1);
    EXPECT_TRUE(process_runs(descendant));
    EXPECT_GT(child.resident_bytes(), 4096);
  }
  EXPECT_TRUE(ends_within(descendant, 1000ms));
  EXPECT_EQ(::kill(leader, 0), -1) << "a zombie would still answer";
  EXPECT_EQ(waitpid(leader, nullptr, WNOHANG), -1);
}

TEST(ChildProcess, DescendantThatHoldsTheChannelHidesNoEnd) {
  ChildProcess child(shell("sleep 100 & echo ready $! >&3"));
  const pid_t descendant = number_after_ready(child.receive_line(10s));
  ASSERT_GT(descendant, 1);
  EXPECT_EQ(child.receive_line(20s), std::nullopt);
  EXPECT_TRUE(child.closed());
  EXPECT_TRUE(child.wait(10s).has_value());
  EXPECT_TRUE(ends_within(descendant, 1000ms)) << "strays are killed";
}

TEST(ChildProcess, NothingButFourDescriptorsIsInherited) {
  const int leaky = fcntl(0, F_DUPFD, 50);  // without close-on-exec
  ASSERT_GE(leaky, 50);
  ChildProcess child(shell("readlink /proc/$$/fd/0 >&3; exec ls /proc/self/fd"));
  EXPECT_EQ(child.receive_line(10s), "/dev/null");
  ASSERT_TRUE(child.wait(10s).has_value());
  EXPECT_EQ(child.captured_output(), "0\n1\n2\n3\n4\n") << "4 is the folder that ls reads";
  close(leaky);
}

TEST(ChildProcess, NamedDescriptorsAreInheritedAsFourAndUp) {
  const Descriptor first(::open("/dev/null", O_RDONLY | O_CLOEXEC)), second(::open("/proc/self/comm", O_RDONLY | O_CLOEXEC));
  auto options = shell("for d in 4 5 6; do readlink /proc/self/fd/$d || echo none; done");
  options.inherit = {second.number(), first.number()};
  ChildProcess child(options);
  ASSERT_TRUE(child.wait(10s).has_value());
  EXPECT_EQ(child.captured_output(), "/proc/" + std::to_string(getpid()) + "/comm\n/dev/null\nnone\n");
  EXPECT_GE(::fcntl(first.number(), F_GETFD), 0) << "it stays ours too";
  options.inherit = {-1};
  EXPECT_THROW(ChildProcess{options}, Error);
}

TEST(ChildProcess, DescribesEnds) {
  EXPECT_EQ(describe({true, 3, 0}), "exited with code 3");
  EXPECT_EQ(describe({false, 0, SIGSEGV}), "crashed with SIGSEGV");
}

TEST(ChildProcess, LeadsItsOwnGroupWithPlainSignals) {
  struct sigaction before {};
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ASSERT_EQ(sigaction(SIGPIPE, &ignore, &before), 0);
  ChildProcess child(shell("grep -E 'SigBlk|SigIgn' /proc/$$/status | tr -s '\\t\\n' '  ' >&3; echo >&3; sleep 100"));
  EXPECT_EQ(trim(child.receive_line(10s).value_or("")), "SigBlk: 0000000000000000 SigIgn: 0000000000000000");
  EXPECT_EQ(getpgid(child.pid()), child.pid());
  EXPECT_EQ(getsid(child.pid()), child.pid());
  sigaction(SIGPIPE, &before, nullptr);
}

TEST(ChildProcess, ReapsWhereChildSignalsAreIgnored) {
  ASSERT_NE(signal(SIGCHLD, SIG_IGN), SIG_ERR);
  ChildProcess child(shell("exit 5"));
  const auto end = child.wait(10s);
  signal(SIGCHLD, SIG_DFL);
  ASSERT_TRUE(end.has_value());
  EXPECT_TRUE(end->exited);
  EXPECT_EQ(end->code, 5);
}

TEST(ChildProcess, OptionsReachTheChild) {
  setenv("INFEROMETER_TEST_KEPT", "kept", 1);
  setenv("INFEROMETER_TEST_REPLACED", "old", 1);
  auto options = shell(
      "echo $INFEROMETER_TEST_KEPT $INFEROMETER_TEST_REPLACED >&3; cat /proc/$$/oom_score_adj >&3; "
      "grep Cpus_allowed_list /proc/$$/status >&3");
  cpu_set_t allowed;
  ASSERT_EQ(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
  int last = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) last = cpu;
  }
  options.environment = {{"INFEROMETER_TEST_REPLACED", "new"}};
  options.oom_score_adj = 1000;
  options.cpus = {last};
  ChildProcess child(options);
  EXPECT_EQ(child.receive_line(10s), "kept new");
  EXPECT_EQ(child.receive_line(10s), "1000");
  EXPECT_EQ(child.receive_line(10s), "Cpus_allowed_list:\t" + std::to_string(last));
}

TEST(ChildProcess, FailureToStartIsAnErrorThatNamesTheProgram) {
  const auto start = [](ChildProcess::Options options) -> std::string {
    try {
      ChildProcess child(options);
    } catch (const Error& error) {
      return std::string(name_of(error.code())) + ": " + error.what();
    }
    return "started";
  };
  EXPECT_EQ(start({.arguments = {"/no/such/program"}, .environment = {}, .cpus = {}}),
            "io: cannot start /no/such/program: No such file or directory");
  EXPECT_EQ(start({.arguments = {"/"}, .environment = {}, .cpus = {}}), "io: cannot start /: Permission denied");
  EXPECT_EQ(start({.arguments = {"/bin/true"}, .environment = {}, .cpus = {9999}}), "io: cannot pin to processors 9999: Invalid argument");
  EXPECT_EQ(start({.arguments = {"/bin/true"}, .environment = {}, .cpus = {-1}}), "io: no processor -1 here");
  EXPECT_EQ(start({}).substr(0, 9), "internal:");
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "no zombie is left";
}

TEST(ChildProcess, DiesWithinASecondOfItsKilledParent) {
  for (const std::string family : {"parent_of_hang", "parent_of_shell"}) {
    ChildProcess parent(part(family));
    const pid_t worker = number_after_ready(parent.receive_line(10s));
    ASSERT_GT(worker, 1) << family;
    ASSERT_TRUE(process_runs(worker)) << family;
    ASSERT_EQ(::kill(parent.pid(), SIGKILL), 0);
    EXPECT_TRUE(ends_within(worker, 1000ms)) << family;
    ::kill(worker, SIGKILL);
  }
}

TEST(ParentChannel, WatchingCostsNoProcessorTime) {
  ChildProcess child(part("idle"));
  ASSERT_EQ(child.receive_line(10s), "ready");
  ASSERT_TRUE(child.send_line("unread"));
  const auto used_ms = parse_integer(child.receive_line(10s).value_or(""));
  ASSERT_TRUE(used_ms.has_value());
  EXPECT_LT(*used_ms, 50);
}

TEST(ParentChannel, EndsQuietlyWhileSendingToNobody) {
  for (int repeat = 0; repeat < 20; ++repeat) {  // its thread that sends and the one that watches race to notice
    int status = 0;
    pid_t pid = -1;
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid = fork();
    if (pid == 0) {
      dup2(ends[1], 3);
      if (ends[1] == 3) fcntl(3, F_SETFD, 0);
      setenv(kPart, "flood", 1);
      execl("/proc/self/exe", "flood", nullptr);
      _exit(127);
    }
    close(ends[1]);
    char letter = 0;
    ASSERT_EQ(read(ends[0], &letter, 1), 1);
    close(ends[0]);
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), 1);
  }
}

TEST(ParentChannel, RefusesAProcessStartedByHand) {
  const pid_t pid = fork();
  if (pid == 0) {
    close(3);
    try {
      ParentChannel channel;
    } catch (const Error& error) {
      _exit(error.code() == ErrorCode::usage ? 42 : 43);
    }
    _exit(44);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

TEST(Interrupt, FirstSignalIsNotedSecondEnds) {
  const std::pair<int, int> cases[] = {{SIGINT, SIGINT}, {SIGTERM, SIGINT}, {SIGINT, SIGTERM}};
  for (const auto& [first, second] : cases) {
    ChildProcess child(part("signals"));
    ASSERT_EQ(child.receive_line(10s), "ready");
    ASSERT_EQ(::kill(child.pid(), first), 0);
    ASSERT_EQ(child.receive_line(10s), "first");
    EXPECT_FALSE(child.wait(0ms).has_value());
    ASSERT_EQ(::kill(child.pid(), second), 0);
    const auto end = child.wait(10s);
    ASSERT_TRUE(end.has_value());
    EXPECT_EQ(end->signal, second);
  }
}

}  // namespace
}  // namespace inferometer
