/// Do something in a child process, which may give up rights or set itself limits.
#pragma once

#include <cstdlib>
#include <string>
#include <type_traits>

#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

namespace inferometer::store {

/// The administrator may do everything; a test of rights needs somebody else. In a child only.
inline void become_nobody() {
  if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(9);
}

/// What `act` returned in the child, if it returns text; its Error comes back as "CODE: what". Else empty.
template <typename Act>
std::string said_in_child(Act act) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  const pid_t child = fork();
  if (child == 0) {
    std::string text;
    try {
      if constexpr (std::is_void_v<decltype(act())>)
        act();
      else
        text = act();
    } catch (const Error& error) {
      text = std::string(name_of(error.code())) + ": " + error.what() + (error.hint().empty() ? " (no hint)" : "");
    } catch (...) {
      text = "another exception";
    }
    const bool written = write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
    _exit(written ? 0 : 1);
  }
  close(ends[1]);
  std::string text;
  char buffer[1024];
  for (ssize_t count = 0; (count = read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(count));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return "the child died";
  return text;
}

}  // namespace inferometer::store
