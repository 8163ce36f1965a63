#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/child_process.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/load_command.h"
#include "cli/load_tables.h"
#include "cli/open_store.h"
#include "cli/progress.h"
#include "cli/subcommands.h"
#include "load/find_rate.h"
#include "load/remarks.h"
#include "load/summary.h"
#include "measure/platform.h"
#include "stats/sample.h"
#include "store/store.h"

namespace inferometer::cli {
namespace {

using store::LoadRow;

/// A service that exists for the time of a load.
class CreatedService {
 public:
  CreatedService(const LoadCommand& command, const LoadPlan& plan, const load::Address& address, const Context& context)
      : plan_(plan), address_(address), context_(context) {
    if (command.create.empty()) return;
    load::create_service(plan.target, address, plan.url.path, plan.name, command.library, command.create, command.parameters);
    exists_ = true;
  }
  ~CreatedService() {
    if (!exists_) return;
    try {
      load::delete_service(plan_.target, address_, plan_.url.path, plan_.name);
    } catch (const Error& error) {
      context_.say(fmt::format("the service stays: {}", error.what()));
    }
  }
  CreatedService(const CreatedService&) = delete;
  CreatedService& operator=(const CreatedService&) = delete;

 private:
  const LoadPlan& plan_;
  const load::Address& address_;
  const Context& context_;
  bool exists_ = false;
};

/// One command: a server, its bodies, and the rows that come of them.
class Loader {
 public:
  Loader(const LoadCommand& command, Context& context)
      : command_(command),
        context_(context),
        plan_(load_plan(command)),
        address_(load::find_server(plan_.url.host, plan_.url.port, kConnect)) {}

  void run() {
    const CreatedService service(command_, plan_, address_, context_);
    prepare();
    const measure::Platform platform = measure::read_platform();
    store::Store store = open_to_write(context_);
    const std::int64_t platform_id = store.save_platform(platform.identity, platform.name, platform.details_json);
    const auto keep = [&](LoadRow row) {
      row.platform = platform.name;
      store.save_load(store::identity(row, platform.identity), platform_id, row);
      rows_.push_back(std::move(row));
    };
    {
      Progress progress(context_.messages, progress_style(context_.quiet), command_.find_rate ? kMostWindows : plan_.loads.size());
      if (command_.find_rate) {
        search(progress, keep);
      } else {
        for (const load::LoadOptions& options : plan_.loads) keep(measure(options, progress));
      }
    }
    print();
  }

 private:
  static constexpr std::chrono::milliseconds kConnect{10'000};
  static constexpr int kMostWindows = 30;  ///< of a search, the first look among them

  void prepare() {
    facts_ = load::ask_server(plan_.target, address_, plan_.url.path, plan_.name);
    if (plan_.payload.kind == load::BodyKind::tensor) {
      if (!facts_.geometry) {
        throw Error(ErrorCode::input, fmt::format("--model {}: its first input is no picture of 1 or 3 channels (NCHW)", plan_.name));
      }
      plan_.payload.geometry = *facts_.geometry;
      plan_.payload.tensor_name = facts_.tensor_name;
    }
    bodies_ = load::make_bodies(plan_.payload, plan_.target.interface);
    plan_.target.bodies = bodies_.texts;
    load::require_answer(plan_.target, address_);
  }

  LoadRow measure(const load::LoadOptions& options, Progress& progress) {
    LoadRow row = load_row(command_, plan_, options, bodies_, facts_);
    row.started_at = utc_timestamp();
    const Nanoseconds began = steady_now();
    const double planned = options.warmup_seconds + options.seconds;
    const auto show = [&](std::size_t done) {
      const double elapsed = std::min(planned, static_cast<double>((steady_now() - began).count()) * 1e-9);
      progress.begin(fmt::format("{} requests", done), static_cast<std::size_t>(elapsed * 10), static_cast<std::size_t>(planned * 10) + 1);
    };
    const auto before = load::ask_server(plan_.target, address_, plan_.url.path, plan_.name).counters;
    const load::LoadRun run = load::run_load(plan_.target, options, show);
    const auto after = load::ask_server(plan_.target, address_, plan_.url.path, plan_.name).counters;
    load::summarize(run, options, row);
    load::reconcile(run.whole, before, after, row);
    progress.finish(load_label(row),
                    fmt::format("{} requests/s, p99 {} ms, {} errors{}", rounded_text(row.rate_obtained.value_or(0)),
                                row.latency_p99_ms ? rounded_text(*row.latency_p99_ms) : "unknown", row.errors.value_or(0),
                                row.verdict && *row.verdict != "valid" ? fmt::format(", {}", *row.verdict) : std::string{}));
    return row;
  }

  /// The client's own lag is part of the latency, so a rate that holds in spite of it holds.
  bool holds(const LoadRow& row) const {
    const bool kept = *row.rate_obtained >= load::kKeptShare * static_cast<double>(*row.requests) / *row.seconds;
    return row.status == "passed" && *row.errors == 0 && kept && row.latency_p99_high_ms && *row.latency_p99_high_ms <= command_.p99_ms;
  }

  template <typename Keep>
  void search(Progress& progress, const Keep& keep) {
    load::LoadOptions options = plan_.loads.front();
    const auto needed = static_cast<double>(stats::samples_needed_for_quantile(0.99));
    load::RateSearchOptions search;
    search.most_trials = kMostWindows - 1;
    search.first_rate = first_rate(progress);
    // Below, the window that p99 needs would last for more than ten minutes.
    search.lowest_rate = std::min(search.first_rate, 1.0);
    bool client_failed = false;
    const load::RateSearch found = load::find_rate(search, [&](double rate) {
      options.rate = rate;
      // A fifth more than needed, since of Poisson arrivals a window may hold fewer.
      options.seconds = std::max(command_.duration, 1.2 * needed / rate);
      ++options.seed;  // a fresh window has arrivals of its own
      LoadRow row = measure(options, progress);
      const bool held = holds(row);
      client_failed = client_failed || (!held && row.verdict == "invalid");
      row.notes.push_back(fmt::format("search: {} at p99 (upper bound) {} of {} ms", held ? "held" : "did not hold",
                                      row.latency_p99_high_ms ? rounded_text(*row.latency_p99_high_ms) : "unknown",
                                      rounded_text(command_.p99_ms)));
      keep(std::move(row));
      return held;
    });
    if (!found.rate) {
      context_.exit_code = 1;
      answer_ = fmt::format("no rate was found that keeps p99 within {} ms: {}", rounded_text(command_.p99_ms), found.remark);
    } else {
      LoadRow answer = rows_.back();  // the one that confirmed it
      answer.purpose = "answer";
      answer_ = fmt::format("{} requests/s keep p99 (upper bound) within {} ms, twice{}{}", rounded_text(*found.rate),
                            rounded_text(command_.p99_ms),
                            found.failed ? fmt::format("; {} do not", rounded_text(*found.failed)) : "; no higher rate was asked for",
                            client_failed ? "; in some windows the client was the bottleneck, so the server may keep more" : "");
      answer.notes.push_back(answer_);
      keep(std::move(answer));
    }
  }

  /// What one client obtains: a rate of the right order to begin a search with.
  double first_rate(Progress& progress) {
    load::LoadOptions options = plan_.loads.front();
    options.loop = load::Loop::closed;
    options.concurrency = 1;
    options.seconds = std::min(1.0, command_.duration);
    const LoadRow row = measure(options, progress);
    if (row.rate_obtained.value_or(0) <= 0) {
      throw Error(ErrorCode::input, fmt::format("{}: no request was answered within {} s", address_.text, rounded_text(options.seconds)),
                  row.reasons.empty() ? std::string{} : row.reasons.front());
    }
    return *row.rate_obtained;
  }

  void print() {
    context_.write(loads_table(rows_, context_.format()));
    if (report::is_for_people(context_.format())) {
      if (Table times = load_times_table(rows_); !times.rows.empty()) {
        context_.out << '\n';
        context_.write(times);
      }
    }
    if (!answer_.empty()) context_.say(answer_);
    context_.say(fmt::format("{} loads; kept in {}", rows_.size(), context_.database));
    if (std::any_of(rows_.begin(), rows_.end(), [](const LoadRow& row) { return row.status == "failed"; })) context_.exit_code = 1;
  }

  const LoadCommand& command_;
  Context& context_;
  LoadPlan plan_;
  load::Address address_;
  load::ServerFacts facts_;
  load::Bodies bodies_;
  std::vector<LoadRow> rows_;
  std::string answer_;
};

void run_command_load(const LoadCommand& command, Context& context) {
  install_interrupt_handler();
  Loader(command, context).run();
}

void add_requests(CLI::App& command, LoadCommand& state) {
  command.add_option("URL", state.url, "http://HOST:PORT[/PATH]")->required()->type_name("URL");
  command.add_option("--api", state.api, "Interface: deepdetect (default), kserve, post")->type_name("NAME");
  command.add_option("--service", state.service, "DeepDetect's service")->type_name("NAME");
  command.add_option("--model", state.model, "KServe's model")->type_name("NAME");
  command.add_option("--images", state.images, "Pictures to send, in turn")->type_name("DIR|FILE");
  command.add_option("--send", state.send, "Pictures as path or base64 (deepdetect), as tensor (kserve)")->type_name("KIND");
  command.add_option("--server-folder", state.server_folder, "Where the server has the pictures (default: at the same path)")
      ->type_name("DIR");
  command.add_option("--body", state.bodies, "A file that is a request's body as it is; may be repeated")->type_name("FILE");
  command.add_option("--per-request", state.per_request, "Images in one request (default: 1)")
      ->check(CLI::Range(1, 100'000))
      ->type_name("N");
  command.add_option("--header", state.headers, "A header of every request; may be repeated")->type_name("NAME:VALUE");
  command.add_option("--token", state.token, "Sent as Authorization: Bearer (also: INFEROMETER_TOKEN)")
      ->envname("INFEROMETER_TOKEN")
      ->type_name("TOKEN");
}

void add_loads(CLI::App& command, LoadCommand& state) {
  command.add_option("--concurrency", state.concurrency, "Closed loop: clients, each sends when its answer is there (default: 1)")
      ->type_name("N[,N]");
  command.add_option("--rate", state.rate, "Open loop: requests/s, whatever the server does")->type_name("R[,R]");
  command.add_option("--arrivals", state.arrivals, "Of an open loop: poisson (default), constant")->type_name("KIND");
  command.add_option("--connections", state.connections, "Open loop: connections at most (default: 256)")
      ->check(CLI::Range(1, 20'000))
      ->type_name("N");
  command.add_option("--seed", state.seed, "Of Poisson arrivals (default: 1)")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 53))
      ->type_name("N");
  command.add_option("--duration", state.duration, "Seconds of measuring (default: 10)")->check(CLI::Range(0.1, 86'400.0))->type_name("S");
  command.add_option("--warmup", state.warmup, "Seconds before it that do not count (default: 1)")
      ->check(CLI::Range(0.0, 3600.0))
      ->type_name("S");
  command.add_option("--timeout-s", state.timeout_s, "Of one request, from its intended time (default: 60)")
      ->check(CLI::Range(0.001, 3600.0))
      ->type_name("S");
  command.add_flag("--new-connections", state.new_connections, "A connection for each request, as DeepDetect's client does");
  command.add_flag("--find-rate", state.find_rate, "Find the highest rate whose p99 keeps within --p99-ms");
  command.add_option("--p99-ms", state.p99_ms, "The limit of --find-rate")->check(CLI::Range(0.001, 1e6))->type_name("MS");
  command.add_option("--create", state.create, "Create the service before, from this repository, and delete it afterwards")
      ->type_name("REPOSITORY");
  command.add_option("--mllib", state.library, "Of --create (default: caffe, the server's default engine)")->type_name("NAME");
  command.add_option("--parameters", state.parameters, R"(Of --create: JSON, such as '{"input":{"width":227,"height":227}}')")
      ->type_name("JSON");
}

}  // namespace

void add_load(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("load", "Put load on a server, and measure its latency and throughput");
  const auto state = std::make_shared<LoadCommand>();
  add_requests(*command, *state);
  add_loads(*command, *state);
  add_preprocessing_options(*command, state->preprocessing);
  command->footer(example_footer("inferometer load http://127.0.0.1:8080 --service s --images val --rate 20,40 --duration 30"));
  command->callback([state, &context] { run_command_load(*state, context); });
}

}  // namespace inferometer::cli
