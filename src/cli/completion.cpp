#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/subcommands.h"
#include "zoo/zoo.h"

namespace inferometer::cli {
namespace {

// Both scripts are made from the application's own tree, so a new subcommand or option is in them at once.

/// What follows an option or stands as an argument.
enum class Values { none, models, files, choices, anything };

struct Word {
  std::string name;  ///< "--format"; "" for an argument without an option
  Values values = Values::anything;
  std::vector<std::string> choices;
};

struct Command {
  std::string name;
  std::vector<Word> options;
  Values arguments = Values::none;
  std::vector<std::string> choices;
};

/// Type names of options say what they take: MODEL, FILE, or words with | between them.
Values values_of(const CLI::Option& option, std::vector<std::string>& choices) {
  if (option.get_items_expected_max() == 0) return Values::none;
  const std::string type = option.get_type_name();
  if (type == "MODEL" || type == "MODELS") return Values::models;
  if (type.find("FILE") != std::string::npos || type.find(".toml") != std::string::npos) return Values::files;
  if (type.find('|') == std::string::npos) return Values::anything;
  for (const std::string& word : split(type, '|')) {
    if (word == lower(word)) choices.push_back(word);
  }
  return Values::choices;
}

Command describe(const CLI::App& app) {
  Command command{app.get_name(), {}, Values::none, {}};
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) {
      command.arguments = values_of(*option, command.choices);
      continue;
    }
    Word word;
    word.values = values_of(*option, word.choices);
    for (const std::string& name : option->get_lnames()) {
      word.name = "--" + name;
      command.options.push_back(word);
    }
    for (const std::string& name : option->get_snames()) {
      word.name = "-" + name;
      command.options.push_back(word);
    }
  }
  return command;
}

std::vector<Command> describe_subcommands(const CLI::App& app) {
  std::vector<Command> commands;
  for (const CLI::App* subcommand : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (subcommand->get_group().empty()) continue;
    Command command = describe(*subcommand);
    // `analyze anova`: the name of one of its own, and the options of any of these.
    for (const Command& inner : describe_subcommands(*subcommand)) {
      command.arguments = Values::choices;
      command.choices.push_back(inner.name);
      for (const Word& word : inner.options) {
        const auto same = [&](const Word& known) { return known.name == word.name; };
        if (std::none_of(command.options.begin(), command.options.end(), same)) command.options.push_back(word);
      }
    }
    commands.push_back(std::move(command));
  }
  return commands;
}

std::string names_text(const std::vector<Word>& words) {
  std::vector<std::string> names;
  for (const Word& word : words) names.push_back(word.name);
  return join(names, " ");
}

std::string subcommands_text(const std::vector<Command>& commands) {
  std::vector<std::string> names;
  for (const Command& command : commands) names.push_back(command.name);
  return join(names, " ");
}

std::string models_text() {
  std::vector<std::string> names;
  for (const zoo::Network& network : zoo::networks()) names.push_back(network.name);
  return join(names, " ");
}

/// How each shell spells an offer of words, models or files.
struct Shell {
  std::string (*words)(const std::string& list);
  std::string models, files, nothing;
};

std::string offer(const Shell& shell, Values values, const std::vector<std::string>& choices) {
  switch (values) {
    case Values::models: return shell.models;
    case Values::files: return shell.files;
    case Values::choices: return shell.words(join(choices, " "));
    case Values::none:
    case Values::anything: return shell.nothing;
  }
  return shell.nothing;
}

/// Lines of a case statement on "COMMAND OPTION": what may follow that option.
std::string option_cases(const Shell& shell, const std::vector<Command>& commands, const Command& global, const std::string& indent) {
  std::string text;
  const auto append = [&](const std::string& pattern, const Word& word) {
    if (word.values != Values::none) text += fmt::format("{}{}) {}; return ;;\n", indent, pattern, offer(shell, word.values, word.choices));
  };
  for (const Command& command : commands) {
    for (const Word& word : command.options) append(fmt::format("'{} {}'", command.name, word.name), word);
  }
  for (const Word& word : global.options) append(fmt::format("*' {}'", word.name), word);
  return text;
}

/// Lines of a case statement on the command: its options.
std::string command_cases(const std::vector<Command>& commands) {
  std::string text;
  for (const Command& command : commands) text += fmt::format("    {}) options='{}' ;;\n", command.name, names_text(command.options));
  return text;
}

/// Lines of a case statement on the command: what its arguments may be.
std::string argument_cases(const Shell& shell, const std::vector<Command>& commands) {
  std::string text = fmt::format("    '') {} ;;\n", shell.words(subcommands_text(commands)));
  for (const Command& command : commands) {
    if (command.arguments != Values::none)
      text += fmt::format("    {}) {} ;;\n", command.name, offer(shell, command.arguments, command.choices));
  }
  return text;
}

void write_bash(const std::vector<Command>& commands, const Command& global, std::ostream& out) {
  const Shell shell{[](const std::string& list) { return fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$word\"))", list); },
                    "COMPREPLY=($(compgen -W \"$models\" -- \"$word\") $(compgen -f -X '!*.onnx' -- \"$word\") "
                    "$(compgen -f -X '!*.prototxt' -- \"$word\"))",
                    "COMPREPLY=($(compgen -f -- \"$word\"))", "COMPREPLY=()"};
  out << "# bash completion of inferometer; to use it:  source <(inferometer completion bash)\n"
         "_inferometer() {\n"
         "  local word=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\" command='' options='' candidate\n"
         "  local subcommands='"
      << subcommands_text(commands)
      << "'\n"
         "  local models='"
      << models_text()
      << "'\n"
         "  local global='"
      << names_text(global.options)
      << "'\n"
         "  for candidate in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case \" $subcommands \" in *\" $candidate \"*) command=\"$candidate\"; break ;; esac\n"
         "  done\n"
         "  case \"$command $previous\" in\n"
      << option_cases(shell, commands, global, "    ")
      << "  esac\n"
         "  case \"$command\" in\n"
      << command_cases(commands)
      << "  esac\n"
         "  if [[ $word == -* ]]; then COMPREPLY=($(compgen -W \"$options $global\" -- \"$word\")); return; fi\n"
         "  case \"$command\" in\n"
      << argument_cases(shell, commands)
      << "  esac\n"
         "}\n"
         "complete -F _inferometer inferometer\n";
}

void write_zsh(const std::vector<Command>& commands, const Command& global, std::ostream& out) {
  const Shell shell{[](const std::string& list) { return fmt::format("compadd -- {}", list); },
                    "compadd -- $=models; _files -g '*.(onnx|prototxt)'", "_files", ":"};
  out << "#compdef inferometer\n"
         "# zsh completion of inferometer; to use it:  source <(inferometer completion zsh)\n"
         "_inferometer() {\n"
         "  local word=\"${words[CURRENT]}\" previous=\"${words[CURRENT-1]}\" command='' options='' candidate\n"
         "  local subcommands='"
      << subcommands_text(commands)
      << "'\n"
         "  local models='"
      << models_text()
      << "'\n"
         "  local global='"
      << names_text(global.options)
      << "'\n"
         "  for candidate in \"${(@)words[2,CURRENT-1]}\"; do\n"
         "    case \" $subcommands \" in *\" $candidate \"*) command=\"$candidate\"; break ;; esac\n"
         "  done\n"
         "  case \"$command $previous\" in\n"
      << option_cases(shell, commands, global, "    ")
      << "  esac\n"
         "  case \"$command\" in\n"
      << command_cases(commands)
      << "  esac\n"
         "  if [[ $word == -* ]]; then compadd -- $=options $=global; return; fi\n"
         "  case \"$command\" in\n"
      << argument_cases(shell, commands)
      << "  esac\n"
         "}\n"
         "if [[ -n ${functions[compdef]} ]]; then compdef _inferometer inferometer; fi\n";
}

void print_completion(const CLI::App& app, const std::string& shell, std::ostream& out) {
  const std::vector<Command> commands = describe_subcommands(app);
  const Command global = describe(app);
  if (shell == "bash") return write_bash(commands, global, out);
  if (shell == "zsh") return write_zsh(commands, global, out);
  throw Error(ErrorCode::usage, fmt::format("completion: unknown shell '{}'", one_line(shell, 40)), "known: bash, zsh");
}

}  // namespace

void add_completion(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("completion", "Print a completion script for bash or zsh");
  const auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash or zsh")->required()->type_name("bash|zsh");
  command->footer(example_footer("source <(inferometer completion bash)"));
  command->callback([shell, &app, &context] { print_completion(app, *shell, context.out); });
}

}  // namespace inferometer::cli
