/// Calculate element by element.
#pragma once

#include <cstdint>

#include "graph/graph.h"
#include "kernel.h"

namespace inferometer::reference {

/// NaN stays NaN in every kind. y may be x. @param slope  one element, for prelu_shared; else absent
void activate(const graph::Activation& activation, Source x, Source slope, Target y, const Workspace& workspace);

enum class Arithmetic : std::uint8_t { add, subtract, multiply, divide };

/// y = a op b, broadcasting as NumPy does.
void combine(Arithmetic arithmetic, Source a, Source b, Target y, const Workspace& workspace);

/// Means over some axes, summed in double.
void reduce_mean(const graph::ReduceMean& reduce, Source x, Target y, const Workspace& workspace);

}  // namespace inferometer::reference
