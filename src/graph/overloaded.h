/// Make one visitor of several lambdas, so that a std::visit without a case for an operator does not compile.
#pragma once

namespace inferometer::graph {

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace inferometer::graph
