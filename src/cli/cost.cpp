#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/lists.h"
#include "cli/model_argument.h"
#include "cli/subcommands.h"
#include "graph/cost.h"

namespace inferometer::cli {
namespace {

struct CostOptions {
  std::vector<std::string> models;
  std::string input = "default", classes = "default";
  std::string convention = "macs";
  bool layers = false;
  bool with_auxiliary = false;
};

graph::Convention convention_of(const CostOptions& options) {
  if (options.convention == "macs") return graph::Convention::macs;
  if (options.convention == "deepdetect") return graph::Convention::deepdetect;
  throw Error(ErrorCode::usage, fmt::format("--convention: unknown value '{}'", one_line(options.convention, 60)),
              "known: macs, deepdetect");
}

void append_rows(Table& table, const ModelArgument& model, const graph::Graph& network, const CostOptions& options) {
  const graph::CostTable cost = cost_of(model, network, convention_of(options));
  const InputSize size = input_size(network);
  const auto known = [](std::int64_t length) { return length > 0 ? Cell(length) : Cell(); };
  const auto append = [&](const graph::Cost& figures, const graph::LayerCost* layer) {
    std::vector<Cell> row{model.name};
    if (layer != nullptr) row.insert(row.end(), {layer->layer, layer->op, to_string(layer->output_shape)});
    row.insert(row.end(), {options.convention, figures.parameters, figures.macs, 2 * figures.macs, figures.elementwise_operations,
                           figures.activations, known(size.height), known(size.width)});
    table.rows.push_back(std::move(row));
  };
  if (!options.layers) return append(cost.total, nullptr);
  for (const graph::LayerCost& layer : cost.layers) append(layer.cost, &layer);
}

void print_cost(const CostOptions& options, const Context& context) {
  const graph::Convention convention = convention_of(options);
  const std::vector<std::int64_t> inputs =
      options.input == "default" ? std::vector<std::int64_t>{0} : parse_integers(options.input, kInputLimits, "--input");
  const std::int64_t classes = parse_integer_or_default(options.classes, kClassLimits, "--classes");

  Table table;
  table.columns = {"model"};
  if (options.layers) table.columns.insert(table.columns.end(), {"layer", "operator", "output_shape"});
  table.columns.insert(table.columns.end(), {"convention", "parameters", "macs", "flops", "elementwise_operations", "activations",
                                             "input_height", "input_width"});
  for (const ModelArgument& model : resolve_models(options.models)) {
    for (const std::int64_t input : inputs) {
      const zoo::BuildOptions build{.height = input, .width = input, .classes = classes, .with_auxiliary = options.with_auxiliary};
      append_rows(table, model, graph_of(model, build), options);
    }
  }
  table.notes = {
      convention == graph::Convention::macs
          ? "macs: multiply-accumulates of convolutions, linear layers and matrix products, per image, without bias; flops = 2 x macs "
            "(docs/cost.md)"
          : "deepdetect: parameters of each layer's first blob only; macs leave out depthwise layers with a type of their own; both for "
            "comparison with published tables, which truncate them (docs/cost.md)"};
  if (options.with_auxiliary) table.notes.push_back("auxiliary heads only train: their parameters are counted, and nothing else");
  context.write(table);
}

}  // namespace

void add_cost(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("cost", "Count parameters, MACs, FLOPs and activations, in total or per layer");
  const auto options = std::make_shared<CostOptions>();
  command->add_option("MODEL", options->models, "Zoo networks, patterns such as 'resnet*', .onnx and .prototxt files")
      ->required()
      ->type_name("MODEL");
  command->add_option("--input", options->input, "Heights and widths of the input: 32,224 (default: each network's own)")
      ->type_name("LIST|default");
  command->add_option("--classes", options->classes, "Classes of zoo networks (default: each network's own)")->type_name("N|default");
  command->add_option("--convention", options->convention, "What counts as an operation (default: macs)")->type_name("macs|deepdetect");
  command->add_flag("--layers", options->layers, "One row for each layer");
  command->add_flag("--with-auxiliary", options->with_auxiliary, "With the heads that only train: their parameters, no MACs");
  command->footer(example_footer("inferometer cost resnet18 'vgg*' --input 32,224"));
  command->callback([options, &context] { print_cost(*options, context); });
}

}  // namespace inferometer::cli
