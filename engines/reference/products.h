/// Multiply matrices.
#pragma once

#include "kernel.h"

namespace inferometer::reference {

/// y [..., O] = x [..., I] times the transpose of weight [O, I], plus bias [O] or nothing.
void linear(Source x, Source weight, Source bias, Target y, const Workspace& workspace);

/// NumPy's matmul: batches broadcast, a vector counts as one row or one column.
void matrix_product(Source a, Source b, Target y, const Workspace& workspace);

}  // namespace inferometer::reference
