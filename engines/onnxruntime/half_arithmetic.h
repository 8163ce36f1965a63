/// Find out what ONNX Runtime's CPU provider computes half floats in.
///
/// The provider takes any model of half floats: for operators without a kernel it puts Casts around the fp32 one, silently. Which have
/// one depends on its version and the processor, and no interface tells, so a tiny model is run and its profile read.
#pragma once

#include <string>
#include <vector>

#include "onnxruntime/ort.h"

namespace inferometer::engine {

/// Of Conv, MatMul and Gemm, which take nearly all time of a network, those whose kernels took half floats in a run just now.
/// Takes some milliseconds. Throws Ort::Exception; Error{engine_failure} when the profile does not name all three.
std::vector<std::string> half_operators(const Ort::Env& environment);

/// "fp16" where all three did, "fp32" where none did, else "mixed".
std::string half_precision_of(const std::vector<std::string>& operators);

}  // namespace inferometer::engine
