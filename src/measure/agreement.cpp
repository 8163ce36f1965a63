#include "measure/agreement.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "measure/pictures.h"

namespace inferometer::measure {
namespace {

constexpr std::string_view kMagic = "inferometer expected outputs 1\n";

std::size_t best_class(std::span<const float> values) {
  return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

/// Smallest difference of any two images' known outputs, in the same measure as the error.
double least_pair_difference(const ExpectedOutputs& expected) {
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < expected.images.size(); ++i) {
    for (std::size_t j = 0; j < expected.images.size(); ++j) {
      if (i == j) continue;
      double largest = 0;  // over outputs: one that differs is enough
      const std::size_t outputs = std::min(expected.images[i].outputs.size(), expected.images[j].outputs.size());
      for (std::size_t o = 0; o < outputs; ++o) {
        const double difference = relative_error(expected.images[j].outputs[o], expected.images[i].outputs[o]);
        if (std::isfinite(difference)) largest = std::max(largest, difference);
      }
      least = std::min(least, largest);
    }
  }
  return least;
}

}  // namespace

std::size_t agreement_images(const Entry& entry, bool quantized) {
  return quantized && entry.pictures.count >= kInt8Pictures ? kInt8Pictures : kAgreementImages;
}

double relative_error(std::span<const float> a, std::span<const float> b) {
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  if (a.size() != b.size() || b.empty()) return kInfinite;
  const double mean = std::accumulate(b.begin(), b.end(), 0.0) / static_cast<double>(b.size());
  double spread = 0, difference = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) return kInfinite;
    spread = std::max(spread, std::abs(static_cast<double>(b[i]) - mean));
    difference = std::max(difference, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return spread > 0 ? difference / spread : kInfinite;
}

double tolerance_of(const std::string& precision) {
  constexpr std::array<std::pair<std::string_view, double>, 3> kTolerances{{{"fp32", 1e-3}, {"fp16", 2e-2}, {"bf16", 5e-2}}};
  for (const auto& [name, tolerance] : kTolerances) {
    if (name == precision) return tolerance;
  }
  return 0;
}

void judge_alone(const std::vector<GotOutputs>& got, Agreement& agreement) {
  bool some_value = false, some_row = false, rows_are_flat = true, zero = true;
  for (const GotOutputs& image : got) {
    for (const std::vector<float>& output : image.outputs.outputs) {
      some_value = some_value || !output.empty();
      some_row = some_row || output.size() > 1;  // a single value is always equal to itself
      for (const float value : output) {
        if (!std::isfinite(value)) agreement.not_finite = true;
        if (value != 0) zero = false;
        if (value != output.front()) rows_are_flat = false;
      }
    }
  }
  // The same answer to every picture is a constant too.
  const bool same_for_all = some_value && got.size() > 1 && std::all_of(got.begin(), got.end(), [&](const GotOutputs& image) {
                              return image.outputs.outputs == got.front().outputs.outputs;
                            });
  agreement.all_zero = some_value && zero;
  agreement.constant = (some_row && rows_are_flat) || same_for_all;
}

std::string agreement_precision(const std::string& obtained, bool half) {
  const bool is_finer = obtained != "int8" && tolerance_of(obtained) < tolerance_of("fp16");
  return half && is_finer ? "fp16" : obtained;
}

Agreement judge_agreement(const std::vector<GotOutputs>& got, const ExpectedOutputs& expected, const std::string& precision) {
  Agreement agreement;
  agreement.against = expected.against;
  judge_alone(got, agreement);
  const bool is_int8 = precision == "int8";
  if (is_int8 && expected.images.size() < kInt8Pictures) {
    agreement.note = kInt8Note;
    return agreement;
  }
  agreement.tolerance = tolerance_of(precision);
  if (agreement.tolerance == 0 && !is_int8) {
    agreement.note = fmt::format("no tolerance is known for precision '{}'", precision);
    return agreement;
  }
  if (got.empty() || expected.images.empty() || got.front().outputs.outputs.empty()) {
    agreement.note = "no outputs to compare";
    return agreement;
  }
  // Of real pictures two may be alike, and the best class says enough.
  if (const double difference = is_int8 ? 0 : least_pair_difference(expected); difference < 5 * agreement.tolerance) {
    agreement.note =
        fmt::format("outputs hardly depend on input: two pictures differ by {:.2g}, {:.2g} is needed", difference, 5 * agreement.tolerance);
    return agreement;
  }
  double largest = 0;
  std::size_t same_class = 0;
  for (const GotOutputs& image : got) {
    const ImageOutputs& known = expected.images.at(image.image);
    if (known.outputs.size() != image.outputs.outputs.size() || known.outputs.empty()) {
      agreement.note = fmt::format("{} outputs, {} has {}", image.outputs.outputs.size(), expected.against, known.outputs.size());
      return agreement;
    }
    for (std::size_t o = 0; o < known.outputs.size(); ++o) {
      largest = std::max(largest, relative_error(image.outputs.outputs[o], known.outputs[o]));
    }
    if (best_class(image.outputs.outputs.front()) == best_class(known.outputs.front())) ++same_class;
  }
  // JSON has no infinity; the largest double says the same and stays a number that disagrees.
  if (!is_int8) agreement.max_error = std::min(largest, std::numeric_limits<double>::max());
  agreement.top1_ratio = static_cast<double>(same_class) / static_cast<double>(got.size());
  return agreement;
}

void write_expected(const ExpectedOutputs& expected, const std::filesystem::path& path) {
  nlohmann::json header{{"against", expected.against}, {"images", nlohmann::json::array()}};
  std::string numbers;
  for (const ImageOutputs& image : expected.images) {
    nlohmann::json sizes = nlohmann::json::array();
    for (const std::vector<float>& output : image.outputs) {
      sizes.push_back(output.size());
      numbers.append(reinterpret_cast<const char*>(output.data()), output.size() * sizeof(float));
    }
    header["images"].push_back(sizes);
  }
  write_file_atomically(path, fmt::format("{}{}\n{}", kMagic, header.dump(), numbers));
}

ExpectedOutputs read_expected(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  const Error broken(ErrorCode::input, fmt::format("{}: not a file of expected outputs", path.string()), "delete it; it is made again");
  if (!text.starts_with(kMagic)) throw broken;
  const std::size_t end = text.find('\n', kMagic.size());
  if (end == std::string::npos) throw broken;
  ExpectedOutputs expected;
  std::size_t at = end + 1;
  try {
    const auto header = nlohmann::json::parse(text.substr(kMagic.size(), end - kMagic.size()));
    header.at("against").get_to(expected.against);
    for (const auto& sizes : header.at("images")) {
      ImageOutputs image;
      for (const auto& size : sizes) {
        if (!size.is_number_unsigned() || size.get<std::uint64_t>() > (text.size() - at) / sizeof(float)) throw broken;
        std::vector<float> output(size.get<std::size_t>());
        const std::size_t bytes = output.size() * sizeof(float);
        if (bytes > 0) std::memcpy(output.data(), text.data() + at, bytes);
        at += bytes;
        image.outputs.push_back(std::move(output));
      }
      expected.images.push_back(std::move(image));
    }
  } catch (const nlohmann::json::exception&) {
    throw broken;
  }
  if (at != text.size()) throw broken;
  return expected;
}

}  // namespace inferometer::measure
