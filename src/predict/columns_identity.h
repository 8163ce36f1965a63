/// Tell apart the meanings that columns have had.
#pragma once

#include <string>

namespace inferometer::predict {

/// Changes with what networks are charged to columns, so that coefficients are never multiplied with amounts of another kind: 12
/// hexadecimal digits of the amounts of some networks of the zoo that have most kinds of layers between them. Takes milliseconds; any
/// thread.
std::string columns_identity();

}  // namespace inferometer::predict
