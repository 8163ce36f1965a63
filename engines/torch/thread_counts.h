/// Say how many threads libtorch computes with.
#pragma once

namespace inferometer::engine {

/// OpenMP counts threads for every calling thread separately, OpenBLAS for the process. Cheap when nothing changes.
void use_threads(int threads);

}  // namespace inferometer::engine
