#include <CLI/CLI.hpp>

#include <memory>

#include "base/error.h"
#include "cli/context.h"
#include "cli/subcommands.h"
#include "graph/cost.h"
#include "measure/models.h"
#include "zoo/zoo.h"

namespace inferometer::cli {
namespace {

std::vector<Cell> row_of(const zoo::Network& network) {
  const graph::Cost cost = graph::compute_cost(network.build({})).total;
  const bool has_top5 = network.published && network.published->top5;
  return {network.name,
          network.family,
          std::int64_t{network.year},
          cost.parameters,
          cost.macs,
          static_cast<double>(cost.macs) / 1e9,
          network.input_size,
          network.published ? Cell(network.published->top1) : Cell(),
          has_top5 ? Cell(*network.published->top5) : Cell(),
          network.published ? Cell(network.published->source) : Cell()};
}

void list_models(const std::string& pattern, const Context& context) {
  Table table;
  table.columns = {"name", "family", "year", "parameters", "macs", "gmacs", "input", "top1", "top5", "source"};
  for (const std::string& name : measure::expand_names({pattern})) {
    const zoo::Network* network = zoo::find(name);
    if (network == nullptr) throw Error(ErrorCode::usage, name + ": is a file, not a zoo network", "`inferometer cost` takes files");
    table.rows.push_back(row_of(*network));
  }
  if (!context.quiet) {
    table.notes = {
        "parameters: learnable ones; macs: multiply-accumulates per image at the input given (FLOPs = 2 x MACs); top1, top5: published, "
        "percent"};
  }
  context.write(table);
}

}  // namespace

void add_models(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("models", "List the networks of the zoo with their cost and published accuracy");
  const auto pattern = std::make_shared<std::string>("*");
  command->add_option("PATTERN", *pattern, "A name, or a pattern such as 'resnet*' (default: all)")->type_name("MODEL");
  command->footer(example_footer("inferometer models 'resnet*' --format markdown"));
  command->callback([pattern, &context] { list_models(*pattern, context); });
}

}  // namespace inferometer::cli
