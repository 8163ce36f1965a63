// Any record in a training's file is one that can be gone on from, or an Error{input} of one line that names the file. The bytes are the
// record; the file around it is whole: the reader of safetensors has a target of its own.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <unistd.h>

#include "formats/checkpoint.h"
#include "memory_file.h"
#include "train/training_state.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inferometer;
  static const std::string path = (std::filesystem::temp_directory_path() / ("fuzz-" + std::to_string(getpid()) + ".safetensors")).string();
  train::TrainTask task;
  task.model = "lenet5";
  task.engine = "torch";
  task.epochs = 3;
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  const graph::Array record{ElementType::u8, {static_cast<std::int64_t>(size)}, {bytes, bytes + size}};
  formats::write_safetensors({{train::kRecordTensor, record}}, path);
  try {
    const auto saved = train::read_state(path, task);
    if (!saved || saved->progress.epoch > task.epochs) std::abort();
    train::write_state(path, task, saved->progress, {});
    if (train::read_state(path, task)->progress.epochs.size() != saved->progress.epochs.size()) std::abort();
  } catch (const Error& error) {
    require_good_error(error, path);
  }
  return 0;
}
