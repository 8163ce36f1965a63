#include "zoo/synthetic_weights.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "graph/fixed_values.h"

namespace inferometer::zoo {

namespace {

constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15u;
constexpr std::size_t kBlock = 4096;                           ///< values made at a time; stays in the first cache level
constexpr std::int64_t kWorthThreads = std::int64_t{1} << 22;  ///< values, below which starting a thread costs more than it saves

/// The output function of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
constexpr std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// FNV-1a, 64 bits.
constexpr std::uint64_t hash_name(std::string_view name) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return hash;
}

/// SplitMix64 at any position: number i is the mix of key + (i + 1) golden. Each gives two values of 24 bits.
class Stream {
 public:
  Stream(std::uint64_t seed, std::string_view name) : key_(mix(mix(seed + kGolden) ^ hash_name(name))) {}

  /// Values [begin, begin + kBlock) as odd integers in (-2^24, 2^24): symmetric, and never 0. `begin` is even.
  void fill(std::uint64_t begin, std::array<std::int32_t, kBlock>& odd) const {
    for (std::size_t i = 0; i < kBlock; i += 2) {
      const std::uint64_t bits = mix(key_ + ((begin + i) / 2 + 1) * kGolden);
      odd[i] = centred(bits >> 40);
      odd[i + 1] = centred(bits >> 16 & 0xFFFFFFu);
    }
  }

 private:
  static std::int32_t centred(std::uint64_t bits24) { return static_cast<std::int32_t>(2 * bits24 + 1) - (1 << 24); }

  std::uint64_t key_;
};

std::vector<std::byte> generate(const graph::Tensor& tensor, std::uint64_t seed) {
  if (!tensor.values.empty()) return graph::fixed_values(tensor);
  const auto count = static_cast<std::size_t>(element_count(tensor.shape));
  const Stream stream(seed, tensor.name);
  // In double the product of 25 and 24 bits is exact, so that compilers which fuse it with the addition change nothing.
  const double centre = static_cast<double>(tensor.initial.centre);
  const double step = static_cast<double>(tensor.initial.radius) / static_cast<double>(1 << 24);
  std::array<std::int32_t, kBlock> odd;
  std::array<float, kBlock> values;
  std::vector<std::byte> bytes;
  bytes.reserve(count * sizeof(float));
  for (std::size_t begin = 0; begin < count; begin += kBlock) {
    stream.fill(begin, odd);
    for (std::size_t i = 0; i < kBlock; ++i) values[i] = static_cast<float>(centre + step * odd[i]);
    // Appending what lies in the cache touches the memory once; resizing first would write it twice.
    const auto* first = reinterpret_cast<const std::byte*>(values.data());
    bytes.insert(bytes.end(), first, first + std::min(kBlock, count - begin) * sizeof(float));
  }
  return bytes;
}

void require_rule(const graph::Graph& graph, const graph::Tensor& tensor) {
  const bool table = !tensor.values.empty();
  if (table && static_cast<std::int64_t>(tensor.values.size()) != element_count(tensor.shape)) {
    throw Error(ErrorCode::input, one_line(fmt::format("{}: {} of {} has {} values", graph.name, tensor.name, to_string(tensor.shape),
                                                       tensor.values.size())));
  }
  if (tensor.type != ElementType::f32 && !(table && tensor.type == ElementType::i64)) {
    throw Error(ErrorCode::unsupported,
                one_line(fmt::format("{}: no synthetic values for {} of type {}", graph.name, tensor.name, name_of(tensor.type))));
  }
  if (tensor.role != graph::Role::constant && !table && !(tensor.initial.radius > 0)) {
    throw Error(ErrorCode::input, one_line(fmt::format("{}: synthetic values of {} would be constant", graph.name, tensor.name)),
                "use the model's own weights");
  }
}

/// One tensor to fill; `array` lies in the map that is returned.
struct Task {
  const graph::Tensor* tensor;
  graph::Array* array;
  std::int64_t count;
};

/// Take tasks until none is left or one fails; the first failure is thrown when all threads have ended.
void run(const std::vector<Task>& tasks, std::uint64_t seed, unsigned threads) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      for (std::size_t i = next++; i < tasks.size(); i = next++) tasks[i].array->bytes = generate(*tasks[i].tensor, seed);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      next = tasks.size();
    }
  };
  {
    std::vector<std::jthread> helpers;
    for (unsigned i = 1; i < threads; ++i) helpers.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

graph::Weights synthetic_weights(const graph::Graph& graph, std::uint64_t seed, unsigned threads) {
  graph::Weights weights;
  std::vector<Task> tasks;
  std::int64_t values = 0;
  for (const graph::Tensor& tensor : graph.tensors) {
    if (!graph::is_stored(tensor.role)) continue;
    require_rule(graph, tensor);
    const std::int64_t count = element_count(tensor.shape);
    const auto [entry, added] = weights.emplace(tensor.name, graph::Array{tensor.type, tensor.shape, {}});
    if (!added) throw Error(ErrorCode::input, one_line(fmt::format("{}: two tensors are named {}", graph.name, tensor.name)));
    tasks.push_back({&tensor, &entry->second, count});
    values += count;
  }
  // Largest first, so that no thread begins a large tensor when the others are done.
  std::stable_sort(tasks.begin(), tasks.end(), [](const Task& a, const Task& b) { return a.count > b.count; });
  run(tasks, seed, values < kWorthThreads ? 1 : threads);
  return weights;
}

}  // namespace inferometer::zoo
