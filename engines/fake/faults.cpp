#include "faults.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <new>
#include <thread>

#include <unistd.h>

namespace inferometer::fake {

namespace {

constexpr std::size_t kMegabyte = 1'000'000;
constexpr std::size_t kPageBytes = 4096;
constexpr int kExitCode = 3;

/// The default action, so that a handler of the host (or of a sanitizer) does not soften the end.
[[noreturn]] void die_by(int signal) {
  std::signal(signal, SIG_DFL);
  std::raise(signal);
  _exit(128 + signal);
}

[[noreturn]] void hang() {
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

[[noreturn]] void eat_memory() {
  std::vector<Block> eaten;
  while (true) eaten.push_back(take_memory(32 * kMegabyte));
}

}  // namespace

Block take_memory(std::size_t bytes) {
  try {
    Block block = std::make_unique_for_overwrite<std::byte[]>(bytes);
    // Through a volatile pointer: untouched pages would not be resident, and the compiler sees no use of these writes.
    volatile std::byte* cells = block.get();
    for (std::size_t i = 0; i < bytes; i += kPageBytes) cells[i] = std::byte{1};
    return block;
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::out_of_memory, "fake: no more memory for " + std::to_string(bytes) + " bytes");
  }
}

void fail_load(Fault fault) {
  switch (fault) {
    case Fault::load_error: throw Error(ErrorCode::engine_failure, "fake: load fails, as asked (fault=load_error)");
    case Fault::load_hang: hang();
    case Fault::load_crash: die_by(SIGSEGV);
    default: return;
  }
}

void fail_run(Fault fault, std::vector<Block>& leaked) {
  switch (fault) {
    case Fault::crash: die_by(SIGSEGV);
    case Fault::abort: die_by(SIGABRT);
    case Fault::exit: _exit(kExitCode);
    case Fault::hang: hang();
    case Fault::oom: eat_memory();
    case Fault::throws: throw Error(ErrorCode::engine_failure, "fake: run fails, as asked (fault=throw)");
    case Fault::leak: leaked.push_back(take_memory(kMegabyte)); return;
    default: return;
  }
}

}  // namespace inferometer::fake
