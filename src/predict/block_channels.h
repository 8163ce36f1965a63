/// How many channels engines put side by side where they lay a map out in blocks.
///
/// As many as a vector of the CPU holds f32: ONNX Runtime's NCHWc and oneDNN's nChw8c and nChw16c take 16 with AVX-512 and 8 with AVX2.
#pragma once

#include <cstdint>

namespace inferometer::predict {

inline constexpr std::int64_t kNarrowBlock = 8, kWidestBlock = 16;

/// Of this machine's CPU: kWidestBlock also where it is not of the x86 kind, which was not tried. Threads: safe.
std::int64_t block_channels_here();

}  // namespace inferometer::predict
