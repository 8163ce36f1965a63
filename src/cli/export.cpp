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
#include "formats/checkpoint.h"
#include "formats/onnx.h"
#include "measure/weights.h"

namespace inferometer::cli {
namespace {

struct ExportOptions {
  std::string model, output;
  std::string input = "default", classes = "default";
  std::string weights = "random:1";
  std::string batch = "dynamic";
};

/// A kind of file: its ending, whether it says a batch, and what writes it. The model may be used up.
struct Kind {
  std::string_view extension;
  bool has_batch;
  void (*write)(graph::Model& model, std::int64_t batch, const std::filesystem::path& path);
};

void write_onnx_file(graph::Model& model, std::int64_t batch, const std::filesystem::path& path) {
  formats::write_onnx(model, path, {.batch = batch, .producer_version = INFEROMETER_VERSION});
}
void write_torch_file(graph::Model& model, std::int64_t, const std::filesystem::path& path) {
  formats::write_torch_checkpoint(formats::state_of(std::move(model)), path);
}
void write_safetensors_file(graph::Model& model, std::int64_t, const std::filesystem::path& path) {
  formats::write_safetensors(formats::state_of(std::move(model)), path);
}

constexpr Kind kKinds[] = {{".onnx", true, write_onnx_file},
                           {".pth", false, write_torch_file},
                           {".pt", false, write_torch_file},
                           {".safetensors", false, write_safetensors_file}};

const Kind& kind_of(const std::string& output) {
  const std::string extension = lower(std::filesystem::path(output).extension().string());
  std::vector<std::string> known;
  for (const Kind& kind : kKinds) {
    if (extension == kind.extension) return kind;
    known.emplace_back(kind.extension);
  }
  if (extension == ".prototxt" || extension == ".caffemodel") {
    throw Error(ErrorCode::usage, fmt::format("{}: this version does not write Caffe files", one_line(output)),
                "give a name that ends in .onnx");
  }
  throw Error(ErrorCode::usage, fmt::format("{}: the name of what to write must end in one of {}", one_line(output), join(known, " ")),
              "for example: -o resnet18.onnx");
}

void export_model(const ExportOptions& options, const Context& context) {
  const Kind& kind = kind_of(options.output);
  const std::vector<ModelArgument> models = resolve_models({options.model});
  if (models.size() != 1)
    throw Error(ErrorCode::usage, fmt::format("'{}' means {} networks, export takes one", options.model, models.size()));
  if (models.front().network == nullptr) {
    throw Error(ErrorCode::usage, fmt::format("{}: is a file already, export writes zoo networks", one_line(options.model)),
                "`inferometer models` lists them");
  }
  const std::int64_t input = parse_integer_or_default(options.input, kInputLimits, "--input");
  const std::int64_t classes = parse_integer_or_default(options.classes, kClassLimits, "--classes");
  const measure::WeightsChoice weights = parse_weights(options.weights, "--weights");
  if (options.batch != "dynamic" && !kind.has_batch) {
    throw Error(ErrorCode::usage, fmt::format("--batch: a {} file holds tensors alone, no batch", kind.extension), "leave --batch out");
  }
  const std::int64_t batch = options.batch == "dynamic" ? graph::kBatch : parse_limited_integer(options.batch, kBatchLimits, "--batch");

  graph::Model model{graph_of(models.front(), {.height = input, .width = input, .classes = classes}), {}};
  const InputSize size = input_size(model.graph);
  model.weights = measure::weights_of(*models.front().network, model.graph, weights);
  kind.write(model, batch, options.output);

  const std::string batch_text = kind.has_batch ? (options.batch == "dynamic" ? "N" : options.batch) + "x" : "";
  context.say(fmt::format("wrote {}: {:.1f} MB, {}, input {}{}x{}x{}, {} classes, weights {}", options.output,
                          static_cast<double>(std::filesystem::file_size(options.output)) / 1e6, models.front().name, batch_text,
                          size.channels, size.height, size.width, classes == 0 ? models.front().network->classes : classes,
                          to_string(weights)));
}

}  // namespace

void add_export(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("export", "Write a zoo network as an ONNX file, or its weights as a checkpoint");
  const auto options = std::make_shared<ExportOptions>();
  command->add_option("MODEL", options->model, "A zoo network")->required()->type_name("MODEL");
  command->add_option("-o,--output", options->output, "What to write, by its ending: .onnx, .pth (torch), .safetensors")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--weights", options->weights,
                   "Synthetic weights, or a file of them: .pth, .safetensors, .caffemodel (default: random:1)")
      ->type_name("random:SEED|FILE");
  command->add_option("--batch", options->batch, "Images a request, .onnx only: a number, or dynamic (default)")->type_name("N|dynamic");
  command->add_option("--input", options->input, "Height and width of the input (default: the network's own)")->type_name("N|default");
  command->add_option("--classes", options->classes, "Classes (default: the network's own)")->type_name("N|default");
  command->footer(example_footer("inferometer export resnet18 -o resnet18.onnx --batch 1"));
  command->callback([options, &context] { export_model(*options, context); });
}

}  // namespace inferometer::cli
