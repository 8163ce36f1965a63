#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "cli/context.h"
#include "cli/lists.h"
#include "cli/model_argument.h"
#include "cli/subcommands.h"
#include "graph/cost.h"

namespace inferometer::cli {
namespace {

struct ShowOptions {
  std::string model;
  std::string input = "default", classes = "default";
  bool with_auxiliary = false;
};

void show(const ShowOptions& options, const Context& context) {
  const std::vector<ModelArgument> models = resolve_models({options.model});
  if (models.size() != 1) {
    throw Error(ErrorCode::usage, fmt::format("'{}' means {} networks, show takes one", options.model, models.size()),
                "`inferometer cost` takes several");
  }
  const std::int64_t input = parse_integer_or_default(options.input, kInputLimits, "--input");
  const std::int64_t classes = parse_integer_or_default(options.classes, kClassLimits, "--classes");
  const graph::Graph network =
      graph_of(models.front(), {.height = input, .width = input, .classes = classes, .with_auxiliary = options.with_auxiliary});
  const graph::CostTable cost = cost_of(models.front(), network);

  Table table;
  table.columns = {"name", "operator", "output_shape", "parameters", "macs"};
  for (const graph::LayerCost& layer : cost.layers) {
    table.rows.push_back({layer.layer, layer.op, to_string(layer.output_shape), layer.cost.parameters, layer.cost.macs});
  }
  const InputSize size = input_size(network);
  table.notes = {
      fmt::format("total: {} parameters, {} MACs, {} layers; {}, input {}x{}, one image, MACs without bias, normalisation and activations",
                  cost.total.parameters, cost.total.macs, cost.layers.size(), models.front().name, size.height, size.width)};
  context.write(table);
}

}  // namespace

void add_show(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("show", "List every layer of a network with its shape, parameters and MACs");
  const auto options = std::make_shared<ShowOptions>();
  command->add_option("MODEL", options->model, "A zoo network, an .onnx or a .prototxt file")->required()->type_name("MODEL");
  command->add_option("--input", options->input, "Height and width of the input (default: the network's own)")->type_name("N|default");
  command->add_option("--classes", options->classes, "Classes of a zoo network (default: its own)")->type_name("N|default");
  command->add_flag("--with-auxiliary", options->with_auxiliary, "With the heads that only train: their parameters, no MACs");
  command->footer(example_footer("inferometer show squeezenet1_1"));
  command->callback([options, &context] { show(*options, context); });
}

}  // namespace inferometer::cli
