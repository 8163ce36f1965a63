/// One small graph per operator and per way of using it.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace inferometer::contract {

/// A named family of graphs; every graph's name says what is special about it.
struct OperatorGraphs {
  std::string family;
  std::vector<graph::Model> models;
};

/// All operators of graph::Operator occur.
std::vector<OperatorGraphs> operator_graphs();

}  // namespace inferometer::contract
