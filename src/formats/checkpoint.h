/// Read and write weights by tensor name: torch checkpoints and safetensors.
///
/// A checkpoint is data from outside: its pickle is read by a small machine that knows tensors, dictionaries, lists, tuples,
/// numbers and text, and refuses everything else. Nothing of it is ever executed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace inferometer::formats {

/// Tensors of a file by name, as stored (f16, bf16, i8, ... keep their type).
struct Checkpoint {
  graph::Weights tensors;
  std::string format;          ///< "torch zip", "torch legacy", "safetensors"
  std::filesystem::path path;  ///< for messages
};

/// Read .pth, .pt, .th (zip or legacy pickle) or .safetensors; the content decides, not the ending.
/// A dictionary that holds the state under "state_dict", "model_state_dict", "model" or "net" is opened, and a prefix "module."
/// that every name has is dropped. Memory: the tensors and one storage; files that ask for more than eight times their size are
/// refused. Throws Error{input} naming the file and what is wrong with it; Error{unsupported} naming an element type that Graph
/// lacks, or a form of file that is not read (tar, big-endian).
Checkpoint read_checkpoint(const std::filesystem::path& path);

/// Write a checkpoint that `torch.load` (weights only) reads. The file appears whole or not at all. Throws Error{io}.
void write_torch_checkpoint(const graph::Weights& tensors, const std::filesystem::path& path);
void write_safetensors(const graph::Weights& tensors, const std::filesystem::path& path);

/// Give a graph the tensors of a checkpoint, by name: parameters and buffers as f32 (f16, bf16 and f64 are converted).
/// Constants keep the graph's own values, and a buffer that is a table must be the graph's. Every tensor is accounted for: throws
/// Error{input} naming each one that is missing, extra, of another shape, of whole numbers or another table (at most five, then
/// a count), with the nearest name for a renamed one, and a hint where only the number of classes differs.
/// A BatchNorm's `num_batches_tracked` and names that begin with one of `training_only` may be there or not.
graph::Weights assign_weights(const graph::Graph& graph, Checkpoint checkpoint, const std::vector<std::string>& training_only);

/// The tensors that a checkpoint of this model holds: parameters, buffers, and a `num_batches_tracked` (0) for every BatchNorm
/// whose statistics are named as torch names them. Values are moved, not copied: state_of(std::move(model)).
/// Throws Error{input} naming a tensor that has no values.
graph::Weights state_of(graph::Model model);

}  // namespace inferometer::formats
