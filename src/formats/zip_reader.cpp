#include "formats/zip_reader.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <zlib.h>

#include "base/text.h"
#include "formats/checkpoint_tensor.h"
#include "formats/zip_layout.h"

namespace inferometer::formats {
namespace {

/// Walks over bytes that are there; what is not there reads as an error.
class Fields {
 public:
  Fields(std::string_view bytes, bool& broken) : bytes_(bytes), broken_(broken) {}
  template <typename Number>
  Number take() {
    const std::string_view bytes = take_bytes(sizeof(Number));
    return bytes.empty() ? Number{0} : little_endian_at<Number>(bytes.data());
  }
  std::string_view take_bytes(std::size_t count) {
    if (count > bytes_.size()) broken_ = true;
    if (broken_) return {};
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  bool at_end() const { return broken_ || bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool& broken_;
};

/// Numbers that did not fit their 32 bits stand in the 64-bit field, in this order.
void take_zip64(std::string_view extra, std::initializer_list<std::uint64_t*> numbers, bool& broken) {
  const bool needed = std::any_of(numbers.begin(), numbers.end(), [](const auto* number) { return *number == kSeeZip64; });
  if (!needed) return;
  Fields fields(extra, broken);
  while (!fields.at_end()) {
    const auto kind = fields.take<std::uint16_t>();
    const std::string_view content = fields.take_bytes(fields.take<std::uint16_t>());
    if (kind != kZip64Field) continue;
    Fields values(content, broken);
    for (std::uint64_t* number : numbers) {
      if (*number == kSeeZip64) *number = values.take<std::uint64_t>();
    }
    return;
  }
}

struct Record {
  ZipEntry entry;
  std::uint16_t flags = 0, method = 0;
};

std::optional<Record> take_record(Fields& fields, bool& broken) {
  if (fields.take<std::uint32_t>() != kDirectorySignature) return std::nullopt;
  Record record;
  (void)fields.take<std::uint32_t>();  // versions
  record.flags = fields.take<std::uint16_t>();
  record.method = fields.take<std::uint16_t>();
  (void)fields.take<std::uint32_t>();  // time and date
  record.entry.crc = fields.take<std::uint32_t>();
  record.entry.stored_bytes = fields.take<std::uint32_t>();
  record.entry.bytes = fields.take<std::uint32_t>();
  const auto name_bytes = fields.take<std::uint16_t>();
  const auto extra_bytes = fields.take<std::uint16_t>();
  const auto comment_bytes = fields.take<std::uint16_t>();
  (void)fields.take<std::uint16_t>();  // disk
  (void)fields.take<std::uint16_t>();  // attributes
  (void)fields.take<std::uint32_t>();
  record.entry.header = fields.take<std::uint32_t>();
  record.entry.name = fields.take_bytes(name_bytes);
  take_zip64(fields.take_bytes(extra_bytes), {&record.entry.bytes, &record.entry.stored_bytes, &record.entry.header}, broken);
  (void)fields.take_bytes(comment_bytes);
  record.entry.deflated = record.method == kDeflated;
  if (broken) return std::nullopt;
  return record;
}

}  // namespace

void ZipReader::fail(std::string_view message) const { fail_checkpoint(file_.path(), fmt::format("broken zip archive: {}", message)); }

ZipReader::ZipReader(const InputFile& file, std::uint64_t most_bytes) : file_(file) { read_directory(find_directory(), most_bytes); }

const ZipEntry* ZipReader::find(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &entries_[found->second];
}

ZipReader::Directory ZipReader::find_directory() const {
  // The end record is the last thing but for a comment of at most 65535 bytes.
  const std::uint64_t tail_bytes = std::min<std::uint64_t>(file_.size(), kLocatorBytes + kEndBytes + 0xFFFF);
  const std::string tail = file_.read_text(file_.size() - tail_bytes, tail_bytes);
  const std::size_t at = tail.rfind(std::string_view("PK\x05\x06"));
  if (at == std::string::npos || tail.size() - at < kEndBytes) fail("its directory is missing; the file may be cut off");
  Directory directory{little_endian_at<std::uint32_t>(tail.data() + at + 16), little_endian_at<std::uint32_t>(tail.data() + at + 12)};
  if (at >= kLocatorBytes && little_endian_at<std::uint32_t>(tail.data() + at - kLocatorBytes) == kLocatorSignature) {
    const auto offset = little_endian_at<std::uint64_t>(tail.data() + at - kLocatorBytes + 8);
    if (!file_.holds(offset, kEnd64Bytes)) fail("its directory lies beyond the end");
    const std::string end = file_.read_text(offset, kEnd64Bytes);
    if (little_endian_at<std::uint32_t>(end.data()) != kEnd64Signature) fail("its directory is not where it should be");
    directory = {little_endian_at<std::uint64_t>(end.data() + 48), little_endian_at<std::uint64_t>(end.data() + 40)};
  }
  if (!file_.holds(directory.offset, directory.bytes)) fail("its directory lies beyond the end; the file may be cut off");
  return directory;
}

void ZipReader::read_directory(const Directory& directory, std::uint64_t most_bytes) {
  const std::string text = file_.read_text(directory.offset, directory.bytes);
  bool broken = false;
  Fields fields(text, broken);
  std::uint64_t total = 0;
  while (!fields.at_end()) {
    std::optional<Record> record = take_record(fields, broken);
    if (!record) fail("its directory cannot be read");
    ZipEntry& entry = record->entry;
    const std::string name = one_line(to_utf8(entry.name), 100);
    if ((record->flags & kEncryptedFlag) != 0) fail(fmt::format("{} is encrypted", name));
    if (record->method != kStored && record->method != kDeflated) {
      fail(fmt::format("{} has compression {}, known are stored and deflated", name, record->method));
    }
    if (!entry.deflated && entry.stored_bytes != entry.bytes) fail(fmt::format("{} has two sizes", name));
    if (!file_.holds(entry.header, entry.stored_bytes)) fail(fmt::format("{} lies beyond the end; the file may be cut off", name));
    if (__builtin_add_overflow(total, entry.bytes, &total) || total > most_bytes) {
      fail(fmt::format("its entries hold more than {} bytes, out of proportion to the file's {}", most_bytes, file_.size()));
    }
    if (!by_name_.emplace(entry.name, entries_.size()).second) fail(fmt::format("two entries are called {}", name));
    entries_.push_back(std::move(entry));
  }
}

std::vector<std::byte> ZipReader::read(const ZipEntry& entry) const {
  const std::string header = file_.read_text(entry.header, kLocalHeaderBytes);
  const auto name_bytes = little_endian_at<std::uint16_t>(header.data() + 26);
  const auto extra_bytes = little_endian_at<std::uint16_t>(header.data() + 28);
  const std::uint64_t begin = entry.header + kLocalHeaderBytes + name_bytes + extra_bytes;
  const std::string name = one_line(to_utf8(entry.name), 100);
  if (little_endian_at<std::uint32_t>(header.data()) != kLocalSignature || !file_.holds(begin, entry.stored_bytes) ||
      file_.read_text(entry.header + kLocalHeaderBytes, name_bytes) != entry.name) {
    fail(fmt::format("{} is not where the directory says", name));
  }
  std::vector<std::byte> content = file_.read(begin, entry.stored_bytes);
  if (entry.deflated) {
    std::vector<std::byte> inflated(entry.bytes);
    if (!inflate_exactly(content, inflated)) fail(fmt::format("{} cannot be unpacked", name));
    content = std::move(inflated);
  }
  if (crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()) != entry.crc) {
    fail(fmt::format("{} does not fit its checksum", name));
  }
  return content;
}

bool inflate_exactly(std::span<const std::byte> packed, std::span<std::byte> unpacked) {
  constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;  // zlib counts in 32 bits
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
  std::byte beyond{};  // an output that is too long by one byte shows here
  std::size_t in = 0, out = 0;
  int outcome = Z_OK;
  while (outcome == Z_OK) {
    const std::size_t give = std::min(packed.size() - in, kMostAtOnce), take = std::min(unpacked.size() - out, kMostAtOnce);
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data() + in));
    stream.avail_in = static_cast<uInt>(give);
    stream.next_out = reinterpret_cast<Bytef*>(take > 0 ? unpacked.data() + out : &beyond);
    stream.avail_out = static_cast<uInt>(std::max<std::size_t>(take, 1));
    outcome = inflate(&stream, Z_NO_FLUSH);
    in += give - stream.avail_in;
    if (take == 0 && stream.avail_out == 0) outcome = Z_DATA_ERROR;
    if (take > 0) out += take - stream.avail_out;
  }
  inflateEnd(&stream);
  return outcome == Z_STREAM_END && in == packed.size() && out == unpacked.size();
}

}  // namespace inferometer::formats
