#include "predict/block_channels.h"

namespace inferometer::predict {

std::int64_t block_channels_here() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") != 0 ? kWidestBlock : kNarrowBlock;
#else
  return kWidestBlock;
#endif
}

}  // namespace inferometer::predict
