/// Open the store that --db names, for a question or to keep figures.
#pragma once

#include <string>

#include "cli/context.h"
#include "store/store.h"

namespace inferometer::cli {

/// For a question, which neither makes a store nor changes one. Throws Error{input} when there is no such file.
store::Store open_existing(const std::string& database);

/// To keep figures in; made where there is none. Says when the file was of an older version.
store::Store open_to_write(const Context& context);

}  // namespace inferometer::cli
