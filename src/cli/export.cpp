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
#include "cli/stopped.h"
#include "cli/subcommands.h"
#include "formats/caffe.h"
#include "formats/checkpoint.h"
#include "formats/onnx.h"
#include "measure/models.h"
#include "measure/weights.h"

namespace inferometer::cli {
namespace {

struct ExportOptions {
  std::string model, output;
  std::string input = "default", classes = "default";
  std::string weights = "random:1";
  std::string batch = "dynamic";
  std::string precision = "fp32";
};

/// What is written of a model, and where.
struct Asked {
  std::int64_t batch;
  ElementType floats;
  std::filesystem::path path;
};

/// A kind of file: its ending, that of a second file beside it, the batch that it has where none is asked for (0: it says no
/// batch), and what writes it. The model may be used up.
struct Kind {
  std::string_view extension;
  std::string_view companion;
  std::int64_t default_batch;
  void (*write)(graph::Model& model, const Asked& asked);
};

void write_onnx_file(graph::Model& model, const Asked& asked) {
  formats::write_onnx(model, asked.path, {.batch = asked.batch, .producer_version = INFEROMETER_VERSION, .floats = asked.floats});
}
void write_torch_file(graph::Model& model, const Asked& asked) {
  formats::write_torch_checkpoint(formats::state_of(std::move(model)), asked.path);
}
void write_safetensors_file(graph::Model& model, const Asked& asked) {
  formats::write_safetensors(formats::state_of(std::move(model)), asked.path);
}

void write_caffe_files(graph::Model& model, const Asked& asked) {
  formats::write_caffe(model, asked.path, std::filesystem::path(asked.path).replace_extension(".caffemodel"), asked.batch);
}

constexpr Kind kKinds[] = {{".onnx", "", graph::kBatch, write_onnx_file},
                           {".prototxt", ".caffemodel", 1, write_caffe_files},
                           {".pth", "", 0, write_torch_file},
                           {".pt", "", 0, write_torch_file},
                           {".safetensors", "", 0, write_safetensors_file}};

const Kind& kind_of(const std::string& output) {
  const std::string extension = lower(std::filesystem::path(output).extension().string());
  std::vector<std::string> known;
  for (const Kind& kind : kKinds) {
    if (extension == kind.extension) return kind;
    known.emplace_back(kind.extension);
  }
  if (extension == ".caffemodel") {
    throw Error(ErrorCode::usage, fmt::format("{}: a caffemodel is written beside its prototxt", one_line(output)),
                "give the name of the .prototxt");
  }
  throw Error(ErrorCode::usage, fmt::format("{}: the name of what to write must end in one of {}", one_line(output), join(known, " ")),
              "for example: -o resnet18.onnx");
}

/// A file of the user's, read whole. Only a prototxt has its weights in another file, which may be named.
graph::Model read_model(const std::string& path, const std::string& weights) {
  if (measure::is_prototxt(path)) return formats::read_caffe(path, measure::caffemodel_of(path, weights));
  if (!weights.empty()) throw Error(ErrorCode::usage, fmt::format("{}: --weights: an .onnx file has its own", one_line(path)));
  return formats::read_onnx(path);
}

graph::Model model_of(const ModelArgument& argument, const ExportOptions& options, const Kind& kind) {
  const std::int64_t input = parse_integer_or_default(options.input, kInputLimits, "--input");
  const std::int64_t classes = parse_integer_or_default(options.classes, kClassLimits, "--classes");
  const measure::WeightsChoice weights = parse_weights(options.weights, "--weights");
  if (argument.network != nullptr) {
    graph::Model model{graph_of(argument, {.height = input, .width = input, .classes = classes}), {}};
    model.weights = measure::weights_of(*argument.network, model.graph, weights);
    return model;
  }
  const ExportOptions plain;
  if (lower(std::filesystem::path(argument.name).extension().string()) == kind.extension && options.precision == plain.precision) {
    throw Error(ErrorCode::usage, fmt::format("{}: is a {} file already", one_line(argument.name), kind.extension));
  }
  const bool random = weights.path.empty() && options.weights != plain.weights;
  if (input != 0 || classes != 0 || random) {
    throw Error(ErrorCode::usage, fmt::format("{}: --input, --classes and --weights random are for zoo networks, a file is as it is",
                                              one_line(argument.name)));
  }
  return read_model(argument.name, weights.path);
}

ElementType float_type(const std::string& precision) {
  if (precision == "fp32") return ElementType::f32;
  if (precision == "fp16") return ElementType::f16;
  throw Error(ErrorCode::usage, fmt::format("--precision '{}': a file is written in fp32 or fp16", one_line(precision, 40)),
              precision == "int8" ? "inferometer quantize writes int8 files" : "");
}

void export_model(const ExportOptions& options, const Context& context) {
  const Kind& kind = kind_of(options.output);
  const std::vector<ModelArgument> models = resolve_models({options.model});
  if (models.size() != 1)
    throw Error(ErrorCode::usage, fmt::format("'{}' means {} networks, export takes one", options.model, models.size()));
  const bool asked = options.batch != "dynamic";
  if (asked && kind.default_batch == 0) {
    throw Error(ErrorCode::usage, fmt::format("--batch: a {} file holds tensors alone, no batch", kind.extension), "leave --batch out");
  }
  const std::int64_t batch = asked ? parse_limited_integer(options.batch, kBatchLimits, "--batch") : kind.default_batch;

  const ElementType floats = float_type(options.precision);
  if (floats != ElementType::f32 && kind.extension != ".onnx") {
    throw Error(ErrorCode::usage, fmt::format("--precision {}: only an .onnx file is written so", options.precision));
  }

  install_interrupt_handler();
  graph::Model model = model_of(models.front(), options, kind);
  const InputSize size = input_size(model.graph);
  // Once begun, a file is written to its end.
  told_when_stopped(end_if_stopped, [] { return "nothing was written"; });
  kind.write(model, {batch, floats, options.output});

  auto bytes = std::filesystem::file_size(options.output);
  std::string files = options.output;
  if (!kind.companion.empty()) {
    const std::filesystem::path companion = std::filesystem::path(options.output).replace_extension(kind.companion);
    bytes += std::filesystem::file_size(companion);
    files += " and " + companion.string();
  }
  const std::string batch_text = batch == 0 ? "" : (batch == graph::kBatch ? "N" : std::to_string(batch)) + "x";
  const zoo::Network* network = models.front().network;
  const std::int64_t classes = parse_integer_or_default(options.classes, kClassLimits, "--classes");
  const std::string weights =
      network != nullptr ? fmt::format(", {} classes, weights {}", classes == 0 ? network->classes : classes, options.weights) : "";
  context.say(fmt::format("wrote {}: {:.1f} MB, {}, input {}{}x{}x{}{}", files, static_cast<double>(bytes) / 1e6, models.front().name,
                          batch_text, size.channels, size.height, size.width, weights));
}

}  // namespace

void add_export(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("export", "Write a network as an ONNX or Caffe file, or its weights as a checkpoint");
  const auto options = std::make_shared<ExportOptions>();
  command->add_option("MODEL", options->model, "A zoo network, or an .onnx or .prototxt file to convert")->required()->type_name("MODEL");
  command
      ->add_option("-o,--output", options->output,
                   "What to write, by its ending: .onnx, .prototxt (with a .caffemodel), .pth (torch), .safetensors")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--weights", options->weights,
                   "Synthetic weights, or a file of them: .pth, .safetensors, .caffemodel (default: random:1)")
      ->type_name("random:SEED|FILE");
  command->add_option("--batch", options->batch, "Images a request: a number, or dynamic (default; a .prototxt then says 1)")
      ->type_name("N|dynamic");
  command->add_option("--input", options->input, "Height and width of the input (default: the network's own)")->type_name("N|default");
  command->add_option("--classes", options->classes, "Classes (default: the network's own)")->type_name("N|default");
  command->add_option("--precision", options->precision, "Weights and activations of an .onnx file: fp32 or fp16 (default: fp32)")
      ->type_name("fp32|fp16");
  command->footer(example_footer("inferometer export resnet18 -o resnet18.onnx --batch 1"));
  command->callback([options, &context] { export_model(*options, context); });
}

}  // namespace inferometer::cli
