/// Make small checkpoints, whole and broken, and look at what becomes of them.
#pragma once

#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "formats/checkpoint.h"
#include "formats/zip_writer.h"
#include "onnx_test_model.h"

namespace inferometer::formats {

inline std::filesystem::path checkpoint_seed(const std::string& name) {
  return std::filesystem::path(INFEROMETER_SOURCE_DIR) / "tests/fuzz/seeds/checkpoint" / name;
}

inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void put(const std::filesystem::path& path, const std::string& content) { std::ofstream(path, std::ios::binary) << content; }

template <typename Number>
std::vector<Number> numbers_of(const graph::Array& array) {
  std::vector<Number> numbers(array.bytes.size() / sizeof(Number));
  if (!numbers.empty()) std::memcpy(numbers.data(), array.bytes.data(), array.bytes.size());
  return numbers;
}

template <typename Number>
graph::Array array_of(ElementType type, Shape shape, const std::vector<Number>& numbers) {
  graph::Array array{type, std::move(shape), std::vector<std::byte>(numbers.size() * sizeof(Number))};
  if (!numbers.empty()) std::memcpy(array.bytes.data(), numbers.data(), array.bytes.size());
  return array;
}

inline void expect_same(const graph::Weights& a, const graph::Weights& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, array] : a) {
    const auto found = b.find(name);
    ASSERT_NE(found, b.end()) << name;
    EXPECT_EQ(found->second.type, array.type) << name;
    EXPECT_EQ(found->second.shape, array.shape) << name;
    EXPECT_EQ(found->second.bytes, array.bytes) << name;
  }
}

/// The error of reading a file: one line that names it.
inline Error error_of(const std::filesystem::path& path) {
  try {
    (void)read_checkpoint(path);
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find(path.string()), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return error;
  }
  ADD_FAILURE() << path << " was read";
  return {ErrorCode::internal, ""};
}
inline std::string message_of(const std::filesystem::path& path) { return error_of(path).what(); }

/// A zip checkpoint with this pickle and one storage "0" of four bytes.
inline void put_zip(const std::filesystem::path& path, const std::string& pickle) {
  ZipWriter zip(path);
  zip.add("archive/data.pkl", pickle);
  zip.add("archive/data/0", std::string(4, '\x3F'));
  zip.finish();
}

}  // namespace inferometer::formats
