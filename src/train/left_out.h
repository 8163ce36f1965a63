/// Say what of its authors' training a network is trained without here.
#pragma once

#include <string_view>

#include "zoo/zoo.h"

namespace inferometer::train {

/// What the training of a network's authors changes at random or adds, and the graphs of the zoo lack because inference does not need it:
/// "dropout", "stochastic depth" (whole branches dropped), "heads that only train". Empty: nothing is known to be missing.
/// After the papers, and torchvision's definitions where its network is another one's.
std::string_view left_out_of_training(const zoo::Network& network);

}  // namespace inferometer::train
