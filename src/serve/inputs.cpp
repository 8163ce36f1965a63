#include "serve/inputs.h"

#include <algorithm>
#include <array>
#include <climits>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "dataset/data_set.h"
#include "dataset/decoders.h"
#include "serve/model_repository.h"
#include "serve/resolved_file.h"
#include "serve/status_error.h"

namespace inferometer::serve {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShown = 200;  // of an item, in messages

StatusError unreadable(std::string_view item, std::string_view cause) {
  return {400, DdCode::service_input, fmt::format("Could not read image(s): {}: {}", one_line(to_utf8(item), kShown), cause)};
}

/// The one answer for what lies elsewhere, is not there, or is no picture: it must not tell which files exist.
StatusError neither(std::string_view item) {
  return unreadable(item, "neither a file or folder below the readable folders nor a JPEG or PNG in base64 (padded, without line breaks)");
}

StatusError too_many(const InputLimits& limits) {
  return {413, DdCode::none, fmt::format("a call may hold {} pictures at most", limits.items)};
}

bool is_url(std::string_view text) {
  constexpr std::array<std::string_view, 3> kSchemes{"http://", "https://", "file://"};
  return std::any_of(kSchemes.begin(), kSchemes.end(),
                     [&](std::string_view scheme) { return lower(text.substr(0, scheme.size())) == scheme; });
}

bool is_picture(std::string_view bytes) {
  const std::span<const std::uint8_t> view{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
  return dataset::is_jpeg(view) || dataset::is_png(view);
}

/// The pictures of a folder that is resolved already.
void add_folder(const std::string& given, const fs::path& folder, const InputLimits& limits, std::vector<DataItem>& items) {
  std::error_code failure;
  std::vector<DataItem> found;
  std::string prefix = given;
  while (prefix.size() > 1 && prefix.back() == '/') prefix.pop_back();
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end; entry.increment(failure)) {
    const fs::path name = entry->path().filename();
    if (!dataset::is_picture_name(name)) continue;
    const std::string uri = fmt::format("{}/{}", prefix == "/" ? "" : prefix, to_utf8(name.native()));
    const std::optional<fs::path> file = resolve_below(limits.folders, entry->path().string());
    if (!file) throw neither(uri);
    std::error_code gone;
    if (!fs::is_regular_file(*file, gone)) continue;
    found.push_back({uri, *file, {}});
    if (items.size() + found.size() > limits.items) throw too_many(limits);
  }
  if (failure) throw unreadable(given, "the folder cannot be read");
  if (found.empty()) throw unreadable(given, "the folder holds no picture");
  std::sort(found.begin(), found.end(), [](const DataItem& a, const DataItem& b) { return a.uri < b.uri; });
  std::move(found.begin(), found.end(), std::back_inserter(items));
}

DataItem from_base64(const std::string& text, std::size_t index) {
  std::optional<std::string> bytes = decode_base64(text);
  if (!bytes || !is_picture(*bytes)) throw neither(text);
  return {std::to_string(index), {}, std::move(*bytes)};
}

}  // namespace

std::vector<DataItem> resolve_items(const std::vector<std::string>& data, const InputLimits& limits) {
  std::vector<DataItem> items;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::string& text = data[i];
    if (is_url(text)) throw unreadable(text, "URLs are not fetched here; send a file's path or its content in base64");
    const std::optional<fs::path> path = resolve_below(limits.folders, text);
    std::error_code gone;
    const fs::file_status status = path ? fs::status(*path, gone) : fs::file_status(fs::file_type::not_found);
    if (fs::is_directory(status)) {
      add_folder(text, *path, limits, items);
    } else if (fs::is_regular_file(status)) {
      items.push_back({text, *path, {}});
    } else {
      items.push_back(from_base64(text, i));
    }
    if (items.size() > limits.items) throw too_many(limits);
  }
  return items;
}

void prepare_item(const DataItem& item, const dataset::Preprocessor& preprocessor, const InputLimits& limits, std::span<float> out) {
  const std::string name = item.file.empty() ? "base64 item " + item.uri : one_line(item.uri, kShown);
  std::string content;
  if (!item.file.empty()) {
    switch (read_resolved_file(item.file, limits.file_bytes, content)) {
      case ReadOutcome::well: break;
      case ReadOutcome::not_readable: throw neither(item.uri);
      case ReadOutcome::too_large:
        throw StatusError(413, DdCode::none,
                          fmt::format("{}: the file is larger than {} bytes, which is the limit", name, limits.file_bytes));
    }
  }
  const std::string& bytes = item.file.empty() ? item.bytes : content;
  try {
    const dataset::Picture picture =
        dataset::decode_picture({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, name, {.pixels = limits.pixels});
    preprocessor.run(picture, name, out);
  } catch (const dataset::PictureTooLarge& error) {
    throw StatusError(413, DdCode::none, error.what());
  } catch (const Error& error) {
    if (error.code() != ErrorCode::input) throw StatusError(500, DdCode::internal_error, error.what());
    throw StatusError(400, DdCode::service_input, fmt::format("Could not read image(s): {}", error.what()));
  }
}

}  // namespace inferometer::serve
