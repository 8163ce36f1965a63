#include "cli/parse_error.h"

#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"

namespace inferometer::cli {
namespace {

/// The subcommand that the user chose, or the application.
const CLI::App& chosen(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : *parsed.front();
}

std::string help_hint(const CLI::App& app) {
  const CLI::App& command = chosen(app);
  return &command == &app ? "`inferometer --help` lists the subcommands" : fmt::format("see `inferometer {} --help`", command.get_name());
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* owner : {&chosen(app), &app}) {
    for (const CLI::Option* option : owner->get_options()) {
      if (option->get_positional()) continue;
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
      for (const std::string& name : option->get_snames()) names.push_back("-" + name);
    }
  }
  return names;
}

std::vector<std::string> subcommand_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* subcommand : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!subcommand->get_group().empty()) names.push_back(subcommand->get_name());
  }
  return names;
}

std::string or_else(std::string hint, std::string other) { return hint.empty() ? std::move(other) : std::move(hint); }

Error unknown_word(const CLI::App& app, const std::string& word) {
  const std::string shown = one_line(word, 80);
  if (word.size() > 1 && word.front() == '-') {
    const std::string name = word.substr(0, word.find('='));
    return {ErrorCode::usage, fmt::format("unknown option '{}'", shown), or_else(did_you_mean(name, option_names(app)), help_hint(app))};
  }
  if (&chosen(app) == &app) {
    return {ErrorCode::usage, fmt::format("unknown subcommand '{}'", shown),
            or_else(did_you_mean(word, subcommand_names(app)), help_hint(app))};
  }
  return {ErrorCode::usage, fmt::format("unexpected argument '{}'", shown), help_hint(app)};
}

}  // namespace

Error usage_error(const CLI::App& app, const CLI::ParseError& error) {
  // An unknown option often makes the parser stumble over something else first; the word that nobody knows is the cause. What
  // the chosen subcommand did not take stands with that subcommand, the rest with the application.
  std::vector<std::string> unknown;
  if (&chosen(app) != &app) unknown = chosen(app).remaining();
  for (const std::string& word : app.remaining()) unknown.push_back(word);
  for (const std::string& word : unknown) {
    if (word.size() > 1 && word.front() == '-' && word != "--") return unknown_word(app, word);
  }
  if (!unknown.empty()) return unknown_word(app, unknown.front());
  if (&chosen(app) == &app && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    return {ErrorCode::usage, "a subcommand is missing", help_hint(app)};
  }
  return {ErrorCode::usage, one_line(error.what()), help_hint(app)};
}

}  // namespace inferometer::cli
