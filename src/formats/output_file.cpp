#include "formats/output_file.h"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace inferometer::formats {

OutputFile::OutputFile(const std::filesystem::path& path) : path_(path), pending_(path), file_(std::fopen(pending_.path().c_str(), "wb")) {
  if (!file_) fail(errno);
}

void OutputFile::write(std::span<const std::byte> bytes) {
  if (!bytes.empty() && std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) fail(errno);
  position_ += bytes.size();
}

void OutputFile::finish() {
  // The last bytes reach the disk here: a full one shows now.
  if (std::fclose(file_.release()) != 0) fail(errno);
  pending_.commit();
}

void OutputFile::fail(int cause) const {
  throw Error(ErrorCode::io, one_line(fmt::format("cannot write {}: {}", path_.string(), std::system_category().message(cause))),
              cause == ENOSPC || cause == EDQUOT ? "free some space or write elsewhere" : "");
}

}  // namespace inferometer::formats
