/// Turn what a framework throws into Error; a plugin adds only what its framework's words mean. Header only.
#pragma once

#include <exception>
#include <new>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace inferometer::engine {

/// Words of a framework's message and what they mean.
struct Meaning {
  std::string_view text;
  ErrorCode code;
};

/// The code of the first meaning whose words are in the message. @param otherwise  when none is
inline ErrorCode meaning_of(std::string_view message, std::span<const Meaning> meanings, ErrorCode otherwise) {
  for (const Meaning& meaning : meanings)
    if (message.find(meaning.text) != std::string_view::npos) return meaning.code;
  return otherwise;
}

/// Run `action`. An Error passes as it is, a failed allocation is Error{out_of_memory}, anything else is what
/// `translate(const std::exception&)`, which returns an Error, makes of it.
template <typename Action, typename Translate>
auto run_translated(const std::string& subject, Action action, Translate translate) -> decltype(action()) {
  try {
    return action();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::out_of_memory, subject + ": out of memory");
  } catch (const std::exception& exception) {
    throw translate(exception);
  }
}

}  // namespace inferometer::engine
