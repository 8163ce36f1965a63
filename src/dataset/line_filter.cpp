#include "dataset/line_filter.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace inferometer::dataset {
namespace {

constexpr std::int32_t kHalf = 1 << (kFractionBits - 1);

std::uint8_t to_byte(std::int32_t sum) { return static_cast<std::uint8_t>(std::clamp(sum >> kFractionBits, 0, 255)); }

template <std::size_t kChannels>
void filter_row(const std::uint8_t* row, const LineFilter& filter, std::uint8_t* out) {
  for (std::size_t x = 0; x < filter.first.size(); ++x) {
    const LineFilter::Run run = filter.run(x);
    const std::uint8_t* source = row + static_cast<std::size_t>(run.first) * kChannels;
    std::int32_t sums[kChannels];
    std::fill_n(sums, kChannels, kHalf);
    for (std::size_t k = 0; k < run.count; ++k) {
      for (std::size_t c = 0; c < kChannels; ++c) sums[c] += run.weights[k] * source[k * kChannels + c];
    }
    for (std::size_t c = 0; c < kChannels; ++c) *out++ = to_byte(sums[c]);
  }
}

/// Bytes [from, bytes) of a sum of rows.
void sum_bytes(const std::uint8_t* rows, std::size_t bytes, const LineFilter::Run& run, std::size_t from, std::uint8_t* out) {
  for (std::size_t i = from; i < bytes; ++i) {
    std::int32_t sum = kHalf;
    for (std::size_t k = 0; k < run.count; ++k) sum += run.weights[k] * rows[k * bytes + i];
    out[i] = to_byte(sum);
  }
}

#if defined(__x86_64__)

/// Four bytes of each of two rows, as eight numbers.
__attribute__((target("avx2"))) inline __m256i pixels_of_two(const std::uint8_t* first, const std::uint8_t* second) {
  std::int32_t low, high;
  std::memcpy(&low, first, sizeof low);
  std::memcpy(&high, second, sizeof high);
  return _mm256_cvtepu8_epi32(_mm_insert_epi32(_mm_cvtsi32_si128(low), high, 1));
}

/// Two rows of three channels side by side. Reads one byte beyond the last pixel of each.
__attribute__((target("avx2"))) void filter_two_rows(const std::uint8_t* row, std::size_t row_bytes, const LineFilter& filter,
                                                     std::uint8_t* out) {
  const std::size_t targets = filter.first.size();
  std::uint8_t* const second_out = out + targets * 3;
  for (std::size_t x = 0; x < targets; ++x) {
    const LineFilter::Run run = filter.run(x);
    const std::uint8_t* source = row + static_cast<std::size_t>(run.first) * 3;
    __m256i sums = _mm256_set1_epi32(kHalf);
    for (std::size_t k = 0; k < run.count; ++k, source += 3) {
      sums = _mm256_add_epi32(sums, _mm256_mullo_epi32(pixels_of_two(source, source + row_bytes), _mm256_set1_epi32(run.weights[k])));
    }
    const __m256i whole = _mm256_srai_epi32(sums, kFractionBits);
    const __m256i words = _mm256_packs_epi32(whole, whole);  // packing clamps, here and below
    const __m256i bytes = _mm256_packus_epi16(words, words);
    const int low = _mm256_extract_epi32(bytes, 0), high = _mm256_extract_epi32(bytes, 4);
    std::memcpy(out + 3 * x, &low, 3);
    std::memcpy(second_out + 3 * x, &high, 3);
  }
}

/// The first bytes of a sum of rows, sixteen at a time. @return how many
__attribute__((target("avx2"))) std::size_t sum_sixteens(const std::uint8_t* rows, std::size_t bytes, const LineFilter::Run& run,
                                                         std::uint8_t* out) {
  std::size_t i = 0;
  for (; i + 16 <= bytes; i += 16) {
    __m256i low = _mm256_set1_epi32(kHalf), high = low;
    for (std::size_t k = 0; k < run.count; ++k) {
      const __m128i pixels = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows + k * bytes + i));
      const __m256i weight = _mm256_set1_epi32(run.weights[k]);
      low = _mm256_add_epi32(low, _mm256_mullo_epi32(_mm256_cvtepu8_epi32(pixels), weight));
      high = _mm256_add_epi32(high, _mm256_mullo_epi32(_mm256_cvtepu8_epi32(_mm_srli_si128(pixels, 8)), weight));
    }
    const __m256i words = _mm256_packs_epi32(_mm256_srai_epi32(low, kFractionBits), _mm256_srai_epi32(high, kFractionBits));
    const __m256i in_order = _mm256_permute4x64_epi64(words, 0xD8);  // packing goes by halves of 128 bits
    const __m128i packed = _mm_packus_epi16(_mm256_castsi256_si128(in_order), _mm256_extracti128_si256(in_order, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), packed);
  }
  return i;
}

#endif

}  // namespace

Arithmetic best_arithmetic() {
#if defined(__x86_64__)
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (has_avx2) return Arithmetic::avx2;
#endif
  return Arithmetic::portable;
}

void filter_along_rows(Arithmetic arithmetic, const Rows& rows, const LineFilter& filter, std::size_t channels, std::uint8_t* out) {
  const std::size_t out_bytes = filter.first.size() * channels;
  std::size_t y = 0;
#if defined(__x86_64__)
  // The last row may end where the memory does.
  if (arithmetic == Arithmetic::avx2 && channels == 3) {
    for (; y + 2 < rows.count; y += 2) filter_two_rows(rows.pixels + y * rows.bytes, rows.bytes, filter, out + y * out_bytes);
  }
#else
  (void)arithmetic;
#endif
  for (; y < rows.count; ++y) {
    const std::uint8_t* row = rows.pixels + y * rows.bytes;
    if (channels == 3) {
      filter_row<3>(row, filter, out + y * out_bytes);
    } else {
      filter_row<1>(row, filter, out + y * out_bytes);
    }
  }
}

void sum_rows(Arithmetic arithmetic, const Rows& rows, const LineFilter::Run& run, std::int64_t first_row, std::uint8_t* out) {
  const std::uint8_t* first = rows.pixels + static_cast<std::size_t>(run.first - first_row) * rows.bytes;
  std::size_t done = 0;
#if defined(__x86_64__)
  if (arithmetic == Arithmetic::avx2) done = sum_sixteens(first, rows.bytes, run, out);
#else
  (void)arithmetic;
#endif
  sum_bytes(first, rows.bytes, run, done, out);
}

}  // namespace inferometer::dataset
