/// Open the store for a question.
#pragma once

#include <string>

#include "store/store.h"

namespace inferometer::cli {

/// Opening a store creates a missing one; a question must not. Throws Error{input} when there is no such file.
store::Store open_existing(const std::string& database);

}  // namespace inferometer::cli
