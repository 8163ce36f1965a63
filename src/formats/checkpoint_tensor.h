/// What the formats of checkpoints share: tensors, and errors about them.
///
/// Internal to formats.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "graph/graph.h"

namespace inferometer::formats {

/// Dimensions that a tensor may have; torch's own limit is 64.
inline constexpr std::size_t kMostDimensions = 64;

/// Elements between neighbours along each dimension of a row-major tensor. Throws as element_count() does.
Shape contiguous_strides(const Shape& shape);

/// Refuse to write what could not be read: a name that is no UTF-8, bytes that do not fit the shape. Throws Error{input}.
void require_whole(std::string_view name, const graph::Array& array, const std::filesystem::path& path);

inline constexpr std::string_view kRunningMean = "running_mean";
inline constexpr std::string_view kBatchCounter = "num_batches_tracked";
/// Name of the counter of training steps that torch keeps beside a running mean ("bn1.running_mean"); no inference needs it.
/// nullopt when the mean has another name: then its author's checkpoints have no counter.
std::optional<std::string> batch_counter_of(std::string_view running_mean);

/// "net.pth: message" as one line, in an Error{input}; Error{unsupported}.
[[noreturn]] void fail_checkpoint(const std::filesystem::path& path, std::string_view message, std::string_view hint = {});
[[noreturn]] void fail_checkpoint_unsupported(const std::filesystem::path& path, std::string_view message, std::string_view hint = {});

}  // namespace inferometer::formats
