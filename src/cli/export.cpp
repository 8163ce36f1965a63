#include <filesystem>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/lists.h"
#include "cli/model_argument.h"
#include "cli/subcommands.h"
#include "formats/onnx.h"
#include "zoo/synthetic_weights.h"

namespace inferometer::cli {
namespace {

struct ExportOptions {
  std::string model, output;
  std::string input = "default", classes = "1000";
  std::string weights = "random:1";
  std::string batch = "dynamic";
};

void require_onnx_name(const std::string& output) {
  const std::string extension = lower(std::filesystem::path(output).extension().string());
  if (extension == ".onnx") return;
  if (extension == ".prototxt" || extension == ".caffemodel") {
    throw Error(ErrorCode::usage, fmt::format("{}: this version does not write Caffe files", one_line(output)),
                "give a name that ends in .onnx");
  }
  throw Error(ErrorCode::usage, fmt::format("{}: the name of what to write must end in .onnx", one_line(output)),
              "for example: -o resnet18.onnx");
}

void export_model(const ExportOptions& options, const Context& context) {
  require_onnx_name(options.output);
  const std::vector<ModelArgument> models = resolve_models({options.model});
  if (models.size() != 1)
    throw Error(ErrorCode::usage, fmt::format("'{}' means {} networks, export takes one", options.model, models.size()));
  if (models.front().network == nullptr) {
    throw Error(ErrorCode::usage, fmt::format("{}: is a file already, export writes zoo networks", one_line(options.model)),
                "`inferometer models` lists them");
  }
  const std::int64_t input = options.input == "default" ? 0 : parse_limited_integer(options.input, {1, 65536}, "--input");
  const std::int64_t classes = parse_limited_integer(options.classes, {1, 1000000}, "--classes");
  const std::uint64_t seed = parse_weights(options.weights, "--weights");
  formats::OnnxWriteOptions write_options;
  write_options.producer_version = INFEROMETER_VERSION;
  if (options.batch != "dynamic") write_options.batch = parse_limited_integer(options.batch, kBatchLimits, "--batch");

  graph::Model model{graph_of(models.front(), input, classes), {}};
  model.weights = zoo::synthetic_weights(model.graph, seed);
  formats::write_onnx(model, options.output, write_options);

  const InputSize size = input_size(model.graph);
  context.say(fmt::format("wrote {}: {:.1f} MB, {}, input {}x3x{}x{}, {} classes, weights random:{}", options.output,
                          static_cast<double>(std::filesystem::file_size(options.output)) / 1e6, models.front().name,
                          options.batch == "dynamic" ? "N" : options.batch, size.height, size.width, classes, seed));
}

}  // namespace

void add_export(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("export", "Write a zoo network as an ONNX file");
  const auto options = std::make_shared<ExportOptions>();
  command->add_option("MODEL", options->model, "A zoo network")->required()->type_name("MODEL");
  command->add_option("-o,--output", options->output, "The file to write or to replace, whole or not at all")
      ->required()
      ->type_name("FILE");
  command->add_option("--weights", options->weights, "Synthetic weights (default: random:1)")->type_name("random:SEED");
  command->add_option("--batch", options->batch, "Images a request: a number, or dynamic (default)")->type_name("N|dynamic");
  command->add_option("--input", options->input, "Height and width of the input (default: the network's own)")->type_name("N|default");
  command->add_option("--classes", options->classes, "Classes (default: 1000)")->type_name("N");
  command->footer(example_footer("inferometer export resnet18 -o resnet18.onnx --batch 1"));
  command->callback([options, &context] { export_model(*options, context); });
}

}  // namespace inferometer::cli
