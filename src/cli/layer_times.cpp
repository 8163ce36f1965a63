#include "cli/layer_times.h"

#include <utility>

#include <fmt/format.h>

#include "measure/layer_profile.h"
#include "report/layer_tables.h"

namespace inferometer::cli {

LayerTimes time_layers(const std::vector<measure::PlannedEntry>& plan, bool again, const measure::EngineCatalog& catalog,
                       const measure::Platform& platform, std::int64_t platform_id, store::Store& store, const Context& context) {
  LayerTimes layers;
  for (const measure::PlannedEntry& planned : plan) {
    const std::string identity = measure::identity(planned.entry, platform.identity);
    const auto row = store.newest_row(identity);
    if (planned.settled || !row || row->row.status != "passed") continue;
    if (!store.has_layers(identity) || again) {
      const std::string subject = measure::describe(planned.entry);
      context.say(fmt::format("timing the layers of {}", subject));
      const measure::ProfiledEntry profiled =
          measure::profile_entry(planned.entry, catalog, row->row, {[&](const std::string& line) { context.say(line); }});
      if (profiled.status != measure::Status::passed) {
        context.say(fmt::format("{}: layers {}: {}", subject, name_of(profiled.status), profiled.reason));
        layers.failed = layers.failed || profiled.status != measure::Status::unsupported;
        continue;
      }
      store.save_layers(identity, platform_id, profiled.rows);
    }
    store::LayerQuery query;
    query.identities = {identity};
    for (measure::LayerRow& layer : store.layers(query)) layers.rows.push_back(std::move(layer));
  }
  return layers;
}

void print_layers(const LayerTimes& layers, const Context& context) {
  context.write(report::layers_table(layers.rows, context.format()));
  if (!is_for_people(context.format()) || layers.rows.empty()) return;
  context.out << '\n';
  Table operators = report::layers_pivot(layers.rows, "operator", {"engine"}, "time_us");
  operators.title = "Time by operator, us a request";
  context.write(operators);
}

}  // namespace inferometer::cli
