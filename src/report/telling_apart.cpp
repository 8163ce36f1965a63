#include "report/telling_apart.h"

#include <algorithm>
#include <map>
#include <utility>

namespace inferometer::report {

bool differ_in(const Frame& frame, const std::vector<std::size_t>& rows, const std::vector<std::string>& columns,
               const std::string& setting) {
  if (!frame.has(setting) || std::find(columns.begin(), columns.end(), setting) != columns.end()) return false;
  std::vector<const std::vector<std::string>*> texts;
  for (const std::string& name : columns) texts.push_back(&frame.texts(name));
  const std::vector<std::string>& values = frame.texts(setting);
  std::map<std::vector<std::string>, const std::string*> seen;
  for (const std::size_t row : rows) {
    std::vector<std::string> key;
    for (const auto* column : texts) key.push_back((*column)[row]);
    const auto [found, is_new] = seen.try_emplace(std::move(key), &values[row]);
    if (!is_new && *found->second != values[row]) return true;
  }
  return false;
}

std::vector<std::string> telling_apart(const Frame& frame, const std::vector<std::size_t>& rows, const std::vector<std::string>& place,
                                       std::vector<std::string> series, std::span<const std::string> settings) {
  std::vector<std::string> all = place;
  all.insert(all.end(), series.begin(), series.end());
  for (const std::string& setting : settings) {
    if (setting == "repro" || setting == "started_at" || !differ_in(frame, rows, all, setting)) continue;
    all.push_back(setting);
    series.push_back(setting);
  }
  return series;
}

std::string shown_setting(std::string_view setting, const std::string& value) {
  return setting.ends_with("_sha256") ? value.substr(0, 12) : value;
}

void shorten_hashes(Table& table) {
  for (std::size_t column = 0; column < table.columns.size(); ++column) {
    for (auto& line : table.rows) {
      if (auto* text = std::get_if<std::string>(&line[column])) *text = shown_setting(table.columns[column], *text);
    }
  }
}

}  // namespace inferometer::report
