/// Give the rows of a table what the zoo knows of their networks: features for predictions.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "report/frame.h"

namespace inferometer::report {

/// The columns that add_network_columns() can fill: family, parameters, macs, gmacs, activations, operators, weight_layers.
const std::vector<std::string>& network_feature_columns();

/// Fill the cells that are empty in those of `wanted` that are network_feature_columns(); columns that the frame lacks are added. A row's
/// network is the one that its cell in `net` names. Operations and outputs are counted at the row's own input, as its columns input_height
/// and input_width say, and for the network's own number of classes; where the input is not known or not square, they stay empty, as all
/// does for what is no network of the zoo.
/// A frame without the column `net` is left as it is.
void add_network_columns(Frame& frame, const std::string& net, const std::set<std::string>& wanted);

}  // namespace inferometer::report
