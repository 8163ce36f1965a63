/// Tell who may call.
#pragma once

#include <string_view>

namespace inferometer::serve {

/// @param authorization  value of the header: "Bearer TOKEN", or "Basic" with the token as the password of any user
/// Whether it holds the token. Takes the same time whatever part of it is right.
bool is_authorized(std::string_view authorization, std::string_view token);

}  // namespace inferometer::serve
