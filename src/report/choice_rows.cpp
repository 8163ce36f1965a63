#include "report/choice_rows.h"

#include <utility>

#include "report/network_facts.h"
#include "store/store.h"

namespace inferometer::report {

Frame choice_rows(std::vector<measure::Row> rows) {
  NetworkCatalog catalog;
  for (measure::Row& row : rows) catalog.complete(row, "", Accuracies::of_same_network);
  Frame frame = frame_of(rows);
  std::vector<std::string> origins;
  for (const measure::Row& row : rows) {
    const bool is_measured = row.source.empty() || row.source == store::kMeasured;
    origins.emplace_back(is_measured ? "measured" : row.source == kPredicted ? "predicted" : "published");
  }
  frame.set("origin", std::move(origins));
  return frame;
}

}  // namespace inferometer::report
