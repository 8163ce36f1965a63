#include "store/import.h"

#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/lists.h"
#include "cli/open_store.h"
#include "cli/subcommands.h"

namespace inferometer::cli {
namespace {

struct ImportArguments {
  std::vector<std::string> files, maps;
  std::string source;
};

store::ImportOptions options_of(const ImportArguments& arguments) {
  constexpr const char* kHint = "write the column of a row, =, the file's column: --map per_image_ms=ms_per_image";
  store::ImportOptions options;
  options.source = arguments.source;
  if (arguments.maps.empty()) return options;
  for (const std::string& word : parse_words(join(arguments.maps, ","), "--map")) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == word.size()) {
      throw Error(ErrorCode::usage, fmt::format("--map: '{}' is not of the form COLUMN=NAME", one_line(word, 80)), kHint);
    }
    if (!options.columns.emplace(word.substr(0, equals), word.substr(equals + 1)).second) {
      throw Error(ErrorCode::usage, fmt::format("--map: the column '{}' stands twice", one_line(word.substr(0, equals), 60)), kHint);
    }
  }
  return options;
}

void import_files(const ImportArguments& arguments, const Context& context) {
  const store::ImportOptions options = options_of(arguments);
  // Before a store is made for them: a file that is not there must leave none behind.
  for (const std::string& file : arguments.files) store::read_import(file, options);

  store::Store store = open_to_write(context);
  Table table;
  table.columns = {"file", "source", "rows", "new_rows", "lines_left_out"};
  for (const std::string& file : arguments.files) {
    const store::ImportOutcome outcome = store::import_file(store, file, options);
    table.rows.push_back({file, outcome.file.source, static_cast<std::int64_t>(outcome.file.rows.size()),
                          static_cast<std::int64_t>(outcome.inserted), static_cast<std::int64_t>(outcome.file.left_out)});
    if (!outcome.file.noted_columns.empty()) {
      context.say(fmt::format("{}: kept as notes: {}", file, join(outcome.file.noted_columns, ", ")));
    }
  }
  context.write(table);
}

}  // namespace

void add_import(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("import", "Take rows that were measured elsewhere from CSV files, marked with their source");
  const auto arguments = std::make_shared<ImportArguments>();
  command->add_option("FILE", arguments->files, "CSV files")->required()->type_name("FILE.csv");
  command->add_option("--map", arguments->maps, "Which column of the file holds which column of a row; repeatable")
      ->type_name("COLUMN=NAME")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--source", arguments->source, "Where the rows come from (default: the file's name)")->type_name("NAME");
  command->footer(example_footer("inferometer import colab.csv --map per_image_ms=ms_per_image --source 'Colab, PyTorch 1.9'"));
  command->callback([arguments, &context] { import_files(*arguments, context); });
}

}  // namespace inferometer::cli
