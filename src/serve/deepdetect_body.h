/// Read the JSON body of a DeepDetect call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace inferometer::serve {

/// What the member `data` is.
enum class DataKind : std::uint8_t { absent, strings, begins_with_null, mixed, not_an_array };

/// A body taken apart. Of `data`, which may be tens of MB, one copy is made.
struct DeepDetectBody {
  nlohmann::json members = nlohmann::json::object();  ///< all but `data`; members that are null are left out, at any depth
  DataKind data_kind = DataKind::absent;
  std::vector<std::string> data;  ///< kind strings: its items; no more than `most_items` are kept
  std::size_t data_items = 0;     ///< how many there are
};

/// @param most_items  of `data` that are kept
/// Throws StatusError 400 without a dd_code: no JSON, or nested or branched beyond all use (64 levels, 100,000 values beside `data`);
/// 400/400: no object.
DeepDetectBody parse_body(std::string_view body, std::size_t most_items);

}  // namespace inferometer::serve
