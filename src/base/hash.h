/// Name content by its SHA-256.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace inferometer {

std::string sha256_hex(std::string_view bytes);
std::string sha256_file_hex(const std::filesystem::path& path);  ///< streams; throws Error{io}

/// Piecewise. Feed with update(), then hex() once.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void update(std::string_view bytes);
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace inferometer
