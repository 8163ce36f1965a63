#include "report/frame_grid.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "report/telling_apart.h"

namespace inferometer::report {
namespace {

using Key = std::vector<std::string>;

Key key_of(const Frame& frame, const std::vector<std::string>& columns, std::size_t row) {
  Key key;
  for (const std::string& column : columns) key.push_back(frame.texts(column)[row]);
  return key;
}

std::size_t place_of(std::vector<Key>& keys, Key key) {
  const auto found = std::find(keys.begin(), keys.end(), key);
  if (found != keys.end()) return static_cast<std::size_t>(found - keys.begin());
  keys.push_back(std::move(key));
  return keys.size() - 1;
}

}  // namespace

Table frame_grid(const TableSpec& spec, const Frame& frame, const std::vector<std::size_t>& rows, const std::vector<std::string>& further) {
  const std::vector<std::string> settings = telling_apart(frame, rows, spec.rows, spec.columns);
  const std::vector<std::string> across = telling_apart(frame, rows, spec.rows, settings, further);
  std::vector<Key> down, heads;
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> cells;  // place -> the last line
  std::set<std::pair<std::size_t, std::size_t>> shared;
  for (const std::size_t row : rows) {
    const std::pair place{place_of(down, key_of(frame, spec.rows, row)), place_of(heads, key_of(frame, across, row))};
    if (!cells.insert_or_assign(place, row).second) shared.insert(place);
  }
  Table table;
  table.columns = spec.rows;
  for (const Key& head : heads) {
    Key words = head;
    std::erase(words, std::string());
    table.columns.push_back(join(words, " / "));
  }
  for (std::size_t i = 0; i < down.size(); ++i) {
    std::vector<Cell> line(down[i].begin(), down[i].end());
    for (std::size_t j = 0; j < heads.size(); ++j) {
      const auto found = cells.find({i, j});
      const bool empty = found == cells.end();
      if (const auto value = empty ? std::nullopt : frame.numbers(spec.value)[found->second])
        line.emplace_back(*value);
      else
        line.push_back(empty && !spec.empty.empty() ? Cell(Marked{std::nullopt, spec.empty}) : Cell());
    }
    table.rows.push_back(std::move(line));
  }
  if (!shared.empty()) {
    table.notes.push_back(fmt::format("{} {} several lines that are alike in every setting: the newest is shown.", shared.size(),
                                      shared.size() == 1 ? "cell has" : "cells have"));
  }
  return table;
}

}  // namespace inferometer::report
