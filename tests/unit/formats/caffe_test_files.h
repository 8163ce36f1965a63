/// Write small Caffe files for a test.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "formats/caffe.h"
#include "graph/graph.h"
#include "inferometer_caffe.pb.h"

namespace inferometer::formats {

/// A file of this test program that is gone afterwards.
class TestFile {
 public:
  TestFile(const std::string& name, const std::string& content)
      : path_(std::filesystem::temp_directory_path() / ("inferometer_caffe_" + std::to_string(getpid()) + "_" + name)) {
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TestFile() { std::filesystem::remove(path_); }
  TestFile(const TestFile&) = delete;
  TestFile& operator=(const TestFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// An image input "data" of 1x4x9x8 in front of the layers.
inline std::string with_input(const std::string& layers) {
  return "name: 'net' layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: 5 dim: 4 dim: 9 dim: 8 } } }\n" + layers;
}

inline graph::Graph graph_of(const std::string& prototxt) { return read_caffe(TestFile("net.prototxt", prototxt).path()).graph; }

/// The error that reading ends in, as "code: message"; fails the test when it does not.
inline std::string error_of(const std::string& prototxt) {
  try {
    graph_of(prototxt);
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("_net.prototxt: "), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    const std::size_t colon = message.find("_net.prototxt: ");
    return std::string(name_of(error.code())) + ": " + (colon == std::string::npos ? message : message.substr(colon + 15));
  }
  ADD_FAILURE() << "was read: " << prototxt;
  return {};
}

/// A blob of these values, 1, 2, 3, ...
inline void add_blob(inferometer_caffe::WeightsLayer& layer, const Shape& shape, const std::vector<float>& values) {
  auto& blob = *layer.add_blobs();
  for (const std::int64_t size : shape) blob.mutable_shape()->add_dim(size);
  for (const float value : values) blob.add_data(value);
}

}  // namespace inferometer::formats
