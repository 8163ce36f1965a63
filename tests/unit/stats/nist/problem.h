/// Read a problem of NIST's Statistical Reference Datasets (public domain) as it stands in this folder.
#pragma once

#include <cstddef>
#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace inferometer::stats::nist {

struct Problem {
  std::map<std::string, std::vector<double>> figures;  ///< certified, deviation, residual_ss, ...
  std::vector<double> y;
  std::vector<std::vector<double>> x;  ///< of each observation, its predictors

  const std::vector<double>& operator[](const std::string& name) const { return figures.at(name); }
};

/// Comment lines begin with #; named figures up to the line "data", then y and the predictors.
inline Problem read_problem(const std::string& name) {
  std::ifstream file(std::string(INFEROMETER_SOURCE_DIR) + "/tests/unit/stats/nist/" + name + ".txt");
  if (!file) throw std::runtime_error("cannot read the problem " + name);
  Problem problem;
  std::string line;
  bool in_data = false;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    if (line == "data") {
      in_data = true;
      continue;
    }
    std::string key;
    if (!in_data) words >> key;
    std::vector<double> values;
    for (std::string word; words >> word;) values.push_back(std::stod(word));
    if (in_data) {
      problem.y.push_back(values.at(0));
      problem.x.emplace_back(values.begin() + 1, values.end());
    } else {
      problem.figures[key] = values;
    }
  }
  if (problem.y.empty()) throw std::runtime_error("no data in the problem " + name);
  return problem;
}

/// How many digits of `certified` `value` has: -log10 of the relative error, 16 at most.
inline double agreeing_digits(double value, double certified) {
  if (value == certified) return 16;
  const double error = certified == 0 ? std::abs(value) : std::abs(value - certified) / std::abs(certified);
  return std::isfinite(error) ? std::min(16.0, -std::log10(error)) : -16.0;
}

}  // namespace inferometer::stats::nist
