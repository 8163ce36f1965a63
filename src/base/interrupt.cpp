#include <atomic>

#include <signal.h>

#include "base/child_process.h"

namespace inferometer {
namespace {

std::atomic<bool> requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void on_signal(int number) {
  if (!requested.exchange(true)) return;
  // The second one: end as if it had never been caught, so that whoever waits for us sees the signal.
  ::signal(number, SIG_DFL);
  ::raise(number);
}

}  // namespace

bool interrupt_requested() { return requested.load(); }

void install_interrupt_handler() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;  // libraries below us seldom expect interrupted calls
  sigemptyset(&action.sa_mask);
  // Also where they were ignored: shells do that to background jobs of scripts, which then could not be stopped.
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace inferometer
