#include "torch/thread_counts.h"

#include <ATen/Parallel.h>
#include <cblas.h>

namespace inferometer::engine {

void use_threads(int threads) {
  if (at::get_num_threads() != threads) at::set_num_threads(threads);
  if (openblas_get_num_threads() != threads) openblas_set_num_threads(threads);
}

}  // namespace inferometer::engine
