/// Compare an engine's outputs with known ones.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "measure/entry.h"
#include "measure/start.h"

namespace inferometer::measure {

/// Number of images that every entry is checked with.
inline constexpr std::size_t kAgreementImages = 8;

/// Why an int8 model was not checked.
inline constexpr const char* kInt8Note = "int8 is checked by its best class on at least 32 real images: give them with --images";

/// Images that an entry is checked with: an int8 model with as many real ones as its rule needs, where they are given.
std::size_t agreement_images(const Entry& entry, bool quantized);

/// Outputs of one image: every output of the model, one after the other.
struct ImageOutputs {
  std::vector<std::vector<float>> outputs;
};

/// Known outputs of the agreement's images, and who computed them.
struct ExpectedOutputs {
  std::string against;  ///< "reference 0.1.0"
  std::vector<ImageOutputs> images;
};

/// Largest |a-b| over the spread max|b-mean(b)| of the known output b. Infinity when b has no spread, a length differs or a value is not
/// finite.
double relative_error(std::span<const float> a, std::span<const float> b);

/// Tolerance of relative_error by the precision that was obtained: fp32 1e-3, fp16 2e-2, bf16 5e-2; 0 for others.
double tolerance_of(const std::string& precision);
/// Precision whose tolerance holds. A file of half floats rounds its activations to them on the way, whatever the kernels compute in:
/// fp16's at least. @param obtained  by the engine. @param half  the file stores half floats
std::string agreement_precision(const std::string& obtained, bool half);

/// Judge. `got` are the outputs of image expected[position % expected.size()] for every position of every request.
/// max_error is null, with a note, when the known outputs differ from image to image by less than five tolerances.
/// int8 is judged by top1_ratio alone, over 32 real images or more (agreement_images()); with fewer it is null with a note.
struct GotOutputs {
  std::size_t image = 0;
  ImageOutputs outputs;
};
Agreement judge_agreement(const std::vector<GotOutputs>& got, const ExpectedOutputs& expected, const std::string& precision);

/// Only what can be said without known outputs: finite, constant, all zero.
void judge_alone(const std::vector<GotOutputs>& got, Agreement& agreement);

/// One file: whole or absent. read throws Error{input} when the file is not one of ours.
void write_expected(const ExpectedOutputs& expected, const std::filesystem::path& path);
ExpectedOutputs read_expected(const std::filesystem::path& path);

}  // namespace inferometer::measure
