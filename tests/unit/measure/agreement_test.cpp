#include "measure/agreement.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "samples.h"

namespace inferometer::measure {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinite = std::numeric_limits<float>::infinity();

/// Eight images of ten classes; the best class of image i is i.
ExpectedOutputs known_outputs() {
  ExpectedOutputs expected;
  expected.against = "reference 0.1.0";
  for (std::size_t i = 0; i < kAgreementImages; ++i) {
    std::vector<float> classes(10, 0.0f);
    classes[i] = 10.0f;  // mean 1, spread 9
    expected.images.push_back({{classes}});
  }
  return expected;
}

/// What an engine gives that agrees exactly, `rounds` times over the images.
std::vector<GotOutputs> same_outputs(const ExpectedOutputs& expected, std::size_t rounds = 1) {
  std::vector<GotOutputs> got;
  for (std::size_t n = 0; n < rounds * expected.images.size(); ++n) {
    const std::size_t image = n % expected.images.size();
    got.push_back({image, expected.images[image]});
  }
  return got;
}

TEST(RelativeError, literal_values) {
  struct Case {
    std::vector<float> a, b;
    double error;
  };
  const Case cases[] = {
      {{1, 2, 3}, {1, 2, 6}, 1.0},  // |3 - 6| over |6 - 3|
      {{1, 2, 6}, {1, 2, 3}, 3.0},  // the spread is the known one's
      {{0.5f, 4}, {0, 4}, 0.25},
      {{0, 4}, {0, 4}, 0.0},
      {{101, 102}, {100, 102}, 1.0},  // an offset that both share takes no part
      {{-1, -2, -6.5f}, {-1, -2, -6}, 0.5 / 3},
  };
  for (const Case& c : cases) EXPECT_DOUBLE_EQ(relative_error(c.a, c.b), c.error);
}

TEST(RelativeError, is_infinite_where_nothing_can_be_said) {
  const std::vector<float> none, one{1}, two{1, 2}, three{1, 2, 3}, flat{3, 3, 3}, nan{1, kNan, 3}, infinite{1, 2, kInfinite};
  EXPECT_TRUE(std::isinf(relative_error(none, none)));
  EXPECT_TRUE(std::isinf(relative_error(two, three)));
  EXPECT_TRUE(std::isinf(relative_error(three, two)));
  EXPECT_TRUE(std::isinf(relative_error(three, flat)));
  EXPECT_TRUE(std::isinf(relative_error(one, one)));
  EXPECT_TRUE(std::isinf(relative_error(nan, three)));
  EXPECT_TRUE(std::isinf(relative_error(three, nan)));
  EXPECT_TRUE(std::isinf(relative_error(infinite, three)));
  EXPECT_TRUE(std::isinf(relative_error(three, infinite)));
  EXPECT_DOUBLE_EQ(relative_error(flat, three), 2.0);
}

TEST(Tolerance, by_precision) {
  EXPECT_EQ(tolerance_of("fp32"), 1e-3);
  EXPECT_EQ(tolerance_of("fp16"), 2e-2);
  EXPECT_EQ(tolerance_of("bf16"), 5e-2);
  for (const char* other : {"int8", "tf32", "native", "", "FP32"}) EXPECT_EQ(tolerance_of(other), 0) << other;
}

TEST(Agreement, equal_outputs_agree) {
  const ExpectedOutputs expected = known_outputs();
  for (const std::size_t rounds : {1u, 3u}) {
    const Agreement agreement = judge_agreement(same_outputs(expected, rounds), expected, "fp32");
    EXPECT_EQ(agreement.max_error, 0.0);
    EXPECT_EQ(agreement.top1_ratio, 1.0);
    EXPECT_EQ(agreement.tolerance, 1e-3);
    EXPECT_EQ(agreement.against, "reference 0.1.0");
    EXPECT_EQ(agreement.note, "");
    EXPECT_FALSE(agreement.not_finite || agreement.constant || agreement.all_zero);
  }
}

TEST(Agreement, one_wrong_position_decides_the_error) {
  const ExpectedOutputs expected = known_outputs();
  std::vector<GotOutputs> got = same_outputs(expected, 2);
  got[11].outputs.outputs[0][9] = 0.45f;  // image 3: 0.45 of a spread of 9
  Agreement agreement = judge_agreement(got, expected, "bf16");
  EXPECT_NEAR(*agreement.max_error, 0.05, 1e-7);
  EXPECT_EQ(agreement.top1_ratio, 1.0);
  EXPECT_EQ(agreement.tolerance, 5e-2);

  got[11].outputs.outputs[0][9] = 19;  // now the best class
  agreement = judge_agreement(got, expected, "fp32");
  EXPECT_NEAR(*agreement.max_error, 19.0 / 9, 1e-12);
  EXPECT_EQ(agreement.top1_ratio, 15.0 / 16);
}

TEST(Agreement, outputs_of_other_images_disagree) {
  // What a batch whose positions are mixed up gives.
  const ExpectedOutputs expected = known_outputs();
  std::vector<GotOutputs> got = same_outputs(expected);
  std::swap(got[2].outputs, got[5].outputs);
  const Agreement agreement = judge_agreement(got, expected, "fp16");
  EXPECT_NEAR(*agreement.max_error, 10.0 / 9, 1e-12);
  EXPECT_EQ(agreement.top1_ratio, 6.0 / 8);
}

TEST(Agreement, known_outputs_must_differ_by_five_tolerances) {
  struct Case {
    const char* precision;
    float difference;  ///< of the second output from 1, over a spread of 0.5
    bool proven;
  };
  // {0, 1} and {0, 1 + d} differ by 2 d / (1 + d), the smaller of the two directions.
  const Case cases[] = {{"fp32", 0.0024f, false}, {"fp32", 0.0026f, true}, {"fp16", 0.052f, false},
                        {"fp16", 0.054f, true},   {"bf16", 0.142f, false}, {"bf16", 0.144f, true}};
  for (const Case& c : cases) {
    ExpectedOutputs expected;
    expected.against = "reference 0.1.0";
    expected.images = {{{{0, 1}}}, {{{0, 1 + c.difference}}}};
    const Agreement agreement = judge_agreement(same_outputs(expected), expected, c.precision);
    EXPECT_EQ(agreement.max_error.has_value(), c.proven) << c.precision << " " << c.difference;
    EXPECT_EQ(agreement.note.starts_with("outputs hardly depend on input"), !c.proven) << agreement.note;
  }
}

TEST(Agreement, one_pair_of_equal_images_proves_nothing) {
  ExpectedOutputs expected = known_outputs();
  expected.images[6] = expected.images[1];
  const Agreement agreement = judge_agreement(same_outputs(expected), expected, "fp32");
  EXPECT_EQ(agreement.max_error, std::nullopt);
  EXPECT_EQ(agreement.top1_ratio, std::nullopt);
  EXPECT_TRUE(agreement.note.starts_with("outputs hardly depend on input")) << agreement.note;
}

TEST(Agreement, every_output_of_a_model_counts) {
  ExpectedOutputs expected = known_outputs();
  for (std::size_t i = 0; i < expected.images.size(); ++i) {
    expected.images[i].outputs.insert(expected.images[i].outputs.begin(), {1, 2, 3});  // does not depend on the input
  }
  std::vector<GotOutputs> got = same_outputs(expected);
  EXPECT_EQ(judge_agreement(got, expected, "fp32").max_error, 0.0);  // one output that differs is enough
  got[4].outputs.outputs[0][0] = 1.5f;
  EXPECT_DOUBLE_EQ(*judge_agreement(got, expected, "fp32").max_error, 0.5);
  got = same_outputs(expected);
  got[4].outputs.outputs[1][0] = 4.5f;
  EXPECT_DOUBLE_EQ(*judge_agreement(got, expected, "fp32").max_error, 0.5);
}

TEST(Agreement, wrong_number_of_outputs_is_null_with_a_note) {
  const ExpectedOutputs expected = known_outputs();
  std::vector<GotOutputs> got = same_outputs(expected);
  for (GotOutputs& image : got) image.outputs.outputs.push_back({1, 2});
  const Agreement agreement = judge_agreement(got, expected, "fp32");
  EXPECT_EQ(agreement.max_error, std::nullopt);
  EXPECT_EQ(agreement.note, "2 outputs, reference 0.1.0 has 1");
}

TEST(Agreement, wrong_number_of_elements_disagrees) {
  const ExpectedOutputs expected = known_outputs();
  std::vector<GotOutputs> got = same_outputs(expected);
  got[7].outputs.outputs[0].push_back(0);
  const Agreement agreement = judge_agreement(got, expected, "fp32");
  EXPECT_EQ(agreement.max_error, std::numeric_limits<double>::max());  // JSON has no infinity
}

TEST(Agreement, int8_needs_real_images) {
  const ExpectedOutputs expected = known_outputs();
  const Agreement agreement = judge_agreement(same_outputs(expected), expected, "int8");
  EXPECT_EQ(agreement.max_error, std::nullopt);
  EXPECT_EQ(agreement.top1_ratio, std::nullopt);
  EXPECT_NE(agreement.note.find("32 real images"), std::string::npos);
}

TEST(Agreement, int8_is_judged_by_the_best_class_of_32_images) {
  ExpectedOutputs expected;
  for (std::size_t i = 0; i < 32; ++i) {
    std::vector<float> classes(10, 0.0f);
    classes[i % 10] = 10.0f;
    expected.images.push_back({{classes}});
  }
  std::vector<GotOutputs> got = same_outputs(expected);
  for (GotOutputs& image : got) {
    for (float& value : image.outputs.outputs[0]) value *= 0.25f;  // far from the known ones, in the same order
  }
  EXPECT_EQ(judge_agreement(got, expected, "int8").top1_ratio, 1.0);
  for (std::size_t i = 0; i < 8; ++i) got[i].outputs.outputs[0][9 - i] = 99;
  const Agreement agreement = judge_agreement(got, expected, "int8");
  EXPECT_EQ(agreement.top1_ratio, 0.75);
  EXPECT_EQ(agreement.max_error, std::nullopt);
  EXPECT_EQ(agreement.note, "");
  expected.images.pop_back();
  got.pop_back();
  EXPECT_EQ(judge_agreement(got, expected, "int8").top1_ratio, std::nullopt);
}

TEST(Agreement, more_images_are_run_only_for_int8_with_enough_of_them) {
  Entry entry;
  EXPECT_EQ(agreement_images(entry, true), 8u);
  entry.pictures.count = 31;
  EXPECT_EQ(agreement_images(entry, true), 8u);
  entry.pictures.count = 32;
  EXPECT_EQ(agreement_images(entry, true), 32u);
  EXPECT_EQ(agreement_images(entry, false), 8u);
}

TEST(Agreement, unknown_precision_is_null_with_a_note) {
  const ExpectedOutputs expected = known_outputs();
  for (const char* precision : {"", "tf32"}) {
    const Agreement agreement = judge_agreement(same_outputs(expected), expected, precision);
    EXPECT_EQ(agreement.max_error, std::nullopt);
    EXPECT_EQ(agreement.note, std::string("no tolerance is known for precision '") + precision + "'");
  }
}

TEST(Agreement, nothing_to_compare_is_null_with_a_note) {
  const ExpectedOutputs expected = known_outputs();
  ExpectedOutputs none;
  ExpectedOutputs hollow;
  hollow.images.resize(2);
  EXPECT_EQ(judge_agreement({}, expected, "fp32").note, "no outputs to compare");
  EXPECT_EQ(judge_agreement(same_outputs(expected), none, "fp32").note, "no outputs to compare");
  EXPECT_EQ(judge_agreement(same_outputs(hollow), hollow, "fp32").note, "no outputs to compare");
}

TEST(Agreement, outputs_that_are_wrong_by_themselves) {
  struct Case {
    const char* what;
    std::vector<std::vector<float>> images;  ///< one output each
    bool not_finite, constant, all_zero;
  };
  const Case cases[] = {
      {"good", {{1, 2}, {3, 4}}, false, false, false},
      {"one NaN", {{1, 2}, {3, kNan}}, true, false, false},
      {"one infinity", {{1, -kInfinite}, {3, 4}}, true, false, false},
      {"flat in each image", {{1, 1}, {2, 2}}, false, true, false},
      {"the same for each image", {{1, 2}, {1, 2}}, false, true, false},
      {"flat in one image alone", {{1, 1}, {2, 3}}, false, false, false},
      {"zeros", {{0, 0}, {0, -0.0f}}, false, true, true},
      {"a zero image alone", {{0, 0}, {1, 2}}, false, false, false},
      {"one value an image", {{0.2f}, {0.7f}}, false, false, false},
      {"one value, always the same", {{0.2f}, {0.2f}}, false, true, false},
      {"one image", {{1, 2}}, false, false, false},
      {"no values", {{}, {}}, false, false, false},
  };
  for (const Case& c : cases) {
    std::vector<GotOutputs> got;
    for (std::size_t i = 0; i < c.images.size(); ++i) got.push_back({i, {{c.images[i]}}});
    Agreement agreement;
    judge_alone(got, agreement);
    EXPECT_EQ(agreement.not_finite, c.not_finite) << c.what;
    EXPECT_EQ(agreement.constant, c.constant) << c.what;
    EXPECT_EQ(agreement.all_zero, c.all_zero) << c.what;
  }
  Agreement agreement;
  judge_alone({}, agreement);
  EXPECT_FALSE(agreement.not_finite || agreement.constant || agreement.all_zero);
}

TEST(Agreement, judging_against_known_outputs_finds_what_is_wrong_by_itself) {
  const ExpectedOutputs expected = known_outputs();
  std::vector<GotOutputs> got = same_outputs(expected);
  for (GotOutputs& image : got) image.outputs.outputs[0].assign(10, kNan);
  Agreement agreement = judge_agreement(got, expected, "fp32");
  EXPECT_TRUE(agreement.not_finite);
  EXPECT_EQ(agreement.max_error, std::numeric_limits<double>::max());
  for (GotOutputs& image : got) image.outputs.outputs[0].assign(10, 0.0f);
  agreement = judge_agreement(got, expected, "int8");
  EXPECT_TRUE(agreement.all_zero && agreement.constant);
}

TEST(ExpectedOutputsFile, comes_back_bit_by_bit) {
  const TemporaryFolder folder;
  ExpectedOutputs expected;
  expected.against = "open\"vino\" 2026.1\nsecond line";
  expected.images = {{{{1.5f, -0.0f, kNan, kInfinite, 1e-45f}, {}}}, {{}}, {{{3}}}};
  const std::filesystem::path path = folder.path() / "sub" / "outputs.bin";
  write_expected(expected, path);
  const ExpectedOutputs back = read_expected(path);
  EXPECT_EQ(back.against, expected.against);
  ASSERT_EQ(back.images.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_EQ(back.images[i].outputs.size(), expected.images[i].outputs.size());
    for (std::size_t o = 0; o < back.images[i].outputs.size(); ++o) {
      const std::vector<float>&a = back.images[i].outputs[o], &b = expected.images[i].outputs[o];
      ASSERT_EQ(a.size(), b.size());
      EXPECT_TRUE(a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
    }
  }
}

void expect_refused(const std::filesystem::path& path, const std::string& what) {
  try {
    read_expected(path);
    ADD_FAILURE() << "accepted: " << what;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::input) << what;
    EXPECT_NE(std::string(error.what()).find(path.filename().string()), std::string::npos) << error.what();
  }
}

TEST(ExpectedOutputsFile, truncated_or_lengthened_is_refused) {
  const TemporaryFolder folder;
  write_expected(known_outputs(), folder.path() / "whole.bin");
  const std::string whole = read_file(folder.path() / "whole.bin");
  for (std::size_t size = 0; size < whole.size(); size += size < 400 ? 1 : 37) {
    expect_refused(folder.write("part.bin", whole.substr(0, size)), "first " + std::to_string(size) + " bytes");
  }
  expect_refused(folder.write("long.bin", whole + "x"), "one byte more");
}

TEST(ExpectedOutputsFile, what_is_not_ours_is_refused) {
  const TemporaryFolder folder;
  const std::string magic = "inferometer expected outputs 1\n";
  const std::string cases[] = {
      "",
      "hello",
      magic,
      magic + "\n",
      magic + "not JSON\n",
      magic + "[1, 2]\n",
      magic + "{}\n",
      magic + R"({"against": 5, "images": []})" + "\n",
      magic + R"({"against": "a", "images": [[-1]]})" + "\n",
      magic + R"({"against": "a", "images": [[0.5]]})" + "\nabcd",
      magic + R"({"against": "a", "images": [["x"]]})" + "\nabcd",
      magic + R"({"against": "a", "images": [[4611686018427387904]]})" + "\nabcd",
      magic + R"({"against": "a", "images": [[18446744073709551615]]})" + "\nabcd",
      magic + R"({"against": "a", "images": [[2]]})" + "\nabcd",
      magic + R"({"against": "a", "images": 7})" + "\n",
  };
  for (const std::string& text : cases) expect_refused(folder.write("wrong.bin", text), text);
  std::mt19937 random(1);
  for (int i = 0; i < 50; ++i) {
    std::string noise = i % 2 == 0 ? magic : "";
    for (int n = 0; n < 300; ++n) noise.push_back(static_cast<char>(random() & 0xff));
    expect_refused(folder.write("noise.bin", noise), "noise");
  }
  EXPECT_THROW(read_expected(folder.path() / "absent.bin"), Error);
}

TEST(Agreement, a_file_of_half_floats_has_their_tolerance_at_least) {
  const struct {
    const char* obtained;
    bool half;
    const char* expected;
  } cases[] = {{"fp32", false, "fp32"}, {"fp32", true, "fp16"}, {"fp16", true, "fp16"}, {"mixed", true, "fp16"},
               {"", true, "fp16"},      {"bf16", true, "bf16"}, {"int8", true, "int8"}, {"", false, ""}};
  for (const auto& c : cases) EXPECT_EQ(agreement_precision(c.obtained, c.half), c.expected) << c.obtained << c.half;
}

}  // namespace
}  // namespace inferometer::measure
