#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <poll.h>

#include "base/child_process.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/lists.h"
#include "cli/start_service.h"
#include "cli/subcommands.h"
#include "engine/loader.h"
#include "serve/application.h"
#include "serve/http_server.h"

namespace inferometer::cli {
namespace {

constexpr std::size_t kMib = std::size_t{1} << 20;

struct ServeCommand {
  serve::ServeOptions options;
  serve::HttpServerOptions http;
  std::vector<std::string> model_roots, data_roots, services;
};

// ---- options ----

/// An integer within limits; what is no such number is named with its option.
template <class Set>
void add_integer(CLI::App& command, const std::string& name, IntegerLimits limits, const std::string& description, Set set) {
  command
      .add_option_function<std::string>(
          name, [set, limits, name](const std::string& text) { set(parse_limited_integer(text, limits, name)); }, description)
      ->type_name("N");
}

template <class Set>
void add_number(CLI::App& command, const std::string& name, double lowest, double highest, const std::string& description, Set set) {
  command
      .add_option_function<std::string>(
          name, [=](const std::string& text) { set(parse_limited_number(text, lowest, highest, name)); }, description)
      ->type_name("NUMBER");
}

std::chrono::milliseconds from_seconds(double seconds) { return std::chrono::milliseconds(std::llround(seconds * 1000)); }

void add_network_options(CLI::App& command, ServeCommand& serve) {
  serve::HttpServerOptions& http = serve.http;
  command.add_option("--host", http.host, "Name or address to listen on (default: 127.0.0.1); beyond this machine it takes a token");
  add_integer(command, "--port", {0, 65535}, "Port to listen on (default: 8080); 0: any free one, told on stdout",
              [&http](std::int64_t port) { http.port = static_cast<std::uint16_t>(port); });
  command.add_option("--token", http.token, "What clients must send: as Authorization: Bearer, or as the password of Basic")
      ->envname("INFEROMETER_TOKEN")
      ->type_name("TEXT");
  add_integer(command, "--handlers", {1, 1024}, "Calls that are worked on at once (default: 32)",
              [&http](std::int64_t handlers) { http.handler_threads = static_cast<int>(handlers); });
  add_integer(command, "--queue", {0, 100'000}, "Calls that wait for one of them (default: 256); beyond: 503",
              [&http](std::int64_t calls) { http.queued_calls = static_cast<std::size_t>(calls); });
  add_integer(command, "--max-connections", {1, 1'000'000}, "Connections at once (default: 20000); beyond: 503",
              [&http](std::int64_t connections) { http.connections = static_cast<std::size_t>(connections); });
  add_integer(command, "--max-body-mib", {1, 4096}, "Largest body of a request in MiB, also unpacked (default: 64); beyond: 413",
              [&http](std::int64_t mib) { http.body_bytes = static_cast<std::size_t>(mib) * kMib; });
  add_number(command, "--receive-timeout-s", 0.1, 86'400, "Time for a request, from its first byte to its last (default: 30); beyond: 408",
             [&http](double seconds) { http.receive_timeout = from_seconds(seconds); });
  add_number(command, "--idle-timeout-s", 0.1, 86'400, "Time that a connection may rest between requests (default: 300)",
             [&http](double seconds) { http.idle_timeout = from_seconds(seconds); });
}

void add_service_options(CLI::App& command, ServeCommand& serve) {
  serve::ServeOptions& options = serve.options;
  command
      .add_option("--model-root", serve.model_roots, "Folder with model repositories, readable too; repeatable. None: zoo networks alone")
      ->type_name("DIR");
  command.add_option("--data-root", serve.data_roots, "Folder whose pictures may be named in calls; repeatable")->type_name("DIR");
  command.add_option("--service", serve.services, "Create this one at the start; keys: engine, width, height; repeatable")
      ->type_name("NAME=REPOSITORY[,KEY=VALUE...]");
  command.add_option("--engine", options.default_engine, "Engine of services that name none (default: onnxruntime)")->type_name("NAME");
  add_integer(command, "--threads", kThreadLimits, "Threads of each service's engine (default: one a physical core)",
              [&options](std::int64_t threads) { options.threads = static_cast<int>(threads); });
  add_integer(command, "--streams", kThreadLimits, "Inferences of a service at once (default: 1)",
              [&options](std::int64_t streams) { options.streams = static_cast<int>(streams); });
  add_integer(command, "--max-batch", {0, 4096}, "Merge calls of a service into inferences of up to so many items (default: 0, never)",
              [&options](std::int64_t batch) { options.max_batch = batch; });
  add_number(command, "--max-delay-ms", 0, 10'000, "How long a call waits for others to merge with (default: 2)",
             [&options](double ms) { options.max_delay = std::chrono::microseconds(std::llround(ms * 1000)); });
  add_integer(command, "--max-items", {1, 1'000'000}, "Pictures of one call (default: 1024); beyond: 413",
              [&options](std::int64_t items) { options.inputs.items = static_cast<std::size_t>(items); });
  add_integer(command, "--max-pixels", {1, 1'000'000'000}, "Pixels of one picture (default: 50000000); beyond: 413",
              [&options](std::int64_t pixels) { options.inputs.pixels = pixels; });
  add_integer(command, "--max-services", {1, 10'000}, "Services at once (default: 64); beyond: 503",
              [&options](std::int64_t services) { options.services = static_cast<std::size_t>(services); });
  add_number(command, "--call-timeout-s", 0.1, 86'400, "Time of one predict call (default: 60); beyond: 500",
             [&options](double seconds) { options.call_timeout = from_seconds(seconds); });
}

// ---- running ----

std::vector<std::filesystem::path> folders(const std::vector<std::string>& given, const char* option) {
  std::vector<std::filesystem::path> result;
  for (const std::string& each : given) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(each, error);
    if (error) throw Error(ErrorCode::usage, fmt::format("{} {}: {}", option, one_line(each, 200), error.message()));
    if (!std::filesystem::is_directory(status))
      throw Error(ErrorCode::usage, fmt::format("{} {}: is no folder", option, one_line(each, 200)));
    result.push_back(std::filesystem::absolute(each));  // links in it stay: clients spell paths as they were given here
  }
  return result;
}

void require_engine(const measure::EngineCatalog& engines, const std::string& name) {
  const measure::EngineHere* engine = engines.find(name);
  std::vector<std::string> names;
  for (const measure::EngineHere& each : engines.engines) names.push_back(each.info.name);
  if (engine == nullptr)
    throw Error(ErrorCode::missing_engine, fmt::format("--engine: there is no engine '{}'", one_line(name, 60)), did_you_mean(name, names));
  if (!engine->info.usable)
    throw Error(ErrorCode::missing_engine, fmt::format("--engine {}: {}", name, engine->info.reason),
                "inferometer engines lists what is here");
}

void run_server(ServeCommand& command, Context& context) {
  install_interrupt_handler();
  serve::ServeOptions& options = command.options;
  options.model_roots = folders(command.model_roots, "--model-root");
  options.data_roots = folders(command.data_roots, "--data-root");
  options.inputs.folders = options.model_roots;
  options.inputs.folders.insert(options.inputs.folders.end(), options.data_roots.begin(), options.data_roots.end());
  std::vector<ServiceToStart> services;
  for (const std::string& text : command.services) services.push_back(parse_service(text));

  serve::Shared shared{
      .options = options, .engines = measure::ask_engines(engine::plugin_folder()), .registry = serve::Registry(options.services)};
  require_engine(shared.engines, options.default_engine);
  const std::unique_ptr<serve::Application> application = serve::make_application(shared);
  serve::HttpServer server(command.http, *application);
  shared.counts = [&server] { return server.counts(); };
  for (const ServiceToStart& service : services) {
    if (interrupt_requested()) return;
    start_service(*application, service);
    context.say(fmt::format("service {} is ready", service.name));
  }
  const std::string address = fmt::format(
      "http://{}:{}", command.http.host.find(':') == std::string::npos ? command.http.host : "[" + command.http.host + "]", server.port());
  context.out << "serving on " << address << std::endl;
  if (options.model_roots.empty()) context.say("without --model-root only networks of the zoo can be served");
  if (services.empty())
    context.say(fmt::format(
        "try: curl -X PUT {}/services/net -d "
        "'{{\"mllib\":\"caffe\",\"parameters\":{{\"input\":{{\"connector\":\"image\"}}}},\"model\":{{\"repository\":\"squeezenet1_1\"}}}}'",
        address));
  else
    context.say(fmt::format("try: curl {}/services/{}", address, services.front().name));
  // A signal wakes this thread at once unless another one took it.
  while (!interrupt_requested()) ::poll(nullptr, 0, 100);
  context.say("stopping: calls in flight end first");
  server.stop();
}

}  // namespace

void add_serve(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("serve", "Answer predict calls over HTTP: DeepDetect's interface, and KServe's v2");
  const auto options = std::make_shared<ServeCommand>();
  add_network_options(*command, *options);
  add_service_options(*command, *options);
  command->footer(example_footer("inferometer serve --port 8080 --model-root models --data-root pictures --service net=squeezenet1_1"));
  command->callback([options, &context] { run_server(*options, context); });
}

}  // namespace inferometer::cli
