#include "formats/zip_writer.h"

#include <zlib.h>

#include "formats/zip_layout.h"

namespace inferometer::formats {
namespace {

constexpr std::uint16_t kPlainVersion = 20, kZip64Version = 45;  ///< of the format that a reader must know
constexpr std::uint16_t kPaddingField = 0x4246;                  ///< "FB", the field that torch pads with
constexpr std::uint16_t kFirstDate = (1 << 5) | 1;               ///< 1 January 1980, the first day that the format knows
constexpr std::uint64_t kFieldHeaderBytes = 4;

/// The fields that a local header and a record of the directory share.
void append_common(std::string& out, bool zip64, std::uint32_t crc, std::uint64_t size, std::size_t name_bytes, std::size_t extra_bytes) {
  append_little_endian(out, zip64 ? kZip64Version : kPlainVersion);
  append_little_endian(out, std::uint16_t{0});  // flags
  append_little_endian(out, kStored);
  append_little_endian(out, std::uint16_t{0});  // time
  append_little_endian(out, kFirstDate);
  append_little_endian(out, crc);
  for (int twice = 0; twice < 2; ++twice) append_little_endian(out, zip64 ? kSeeZip64 : static_cast<std::uint32_t>(size));
  append_little_endian(out, static_cast<std::uint16_t>(name_bytes));
  append_little_endian(out, static_cast<std::uint16_t>(extra_bytes));
}

std::uint32_t crc_of(std::span<const std::byte> data) {
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size()));
}

}  // namespace

ZipWriter::ZipWriter(const std::filesystem::path& path, std::uint64_t zip64_from) : file_(path), zip64_from_(zip64_from) {}

void ZipWriter::add(const std::string& name, std::span<const std::byte> data) {
  const Entry entry{name, crc_of(data), data.size(), file_.position()};
  const bool zip64 = entry.size >= zip64_from_;
  std::string extra;
  if (zip64) {
    append_little_endian(extra, kZip64Field);
    append_little_endian(extra, std::uint16_t{16});
    for (int twice = 0; twice < 2; ++twice) append_little_endian(extra, entry.size);
  }
  const std::uint64_t begin = entry.offset + kLocalHeaderBytes + name.size() + extra.size() + kFieldHeaderBytes;
  const std::uint64_t padding = (kZipAlignment - begin % kZipAlignment) % kZipAlignment;
  append_little_endian(extra, kPaddingField);
  append_little_endian(extra, static_cast<std::uint16_t>(padding));
  extra.append(padding, '\0');

  std::string header;
  append_little_endian(header, kLocalSignature);
  append_common(header, zip64, entry.crc, entry.size, name.size(), extra.size());
  file_.write(header + name + extra);
  file_.write(data);
  entries_.push_back(entry);
}

std::string ZipWriter::directory_record(const Entry& entry) const {
  const bool large = entry.size >= zip64_from_, far = entry.offset >= zip64_from_;
  std::string fields;
  if (large) {
    for (int twice = 0; twice < 2; ++twice) append_little_endian(fields, entry.size);
  }
  if (far) append_little_endian(fields, entry.offset);
  std::string extra;
  if (!fields.empty()) {
    append_little_endian(extra, kZip64Field);
    append_little_endian(extra, static_cast<std::uint16_t>(fields.size()));
    extra += fields;
  }
  std::string record;
  append_little_endian(record, kDirectorySignature);
  append_little_endian(record, kZip64Version);  // written by
  append_common(record, large, entry.crc, entry.size, entry.name.size(), extra.size());
  append_little_endian(record, std::uint16_t{0});  // comment
  append_little_endian(record, std::uint16_t{0});  // disk
  append_little_endian(record, std::uint16_t{0});  // internal attributes
  append_little_endian(record, std::uint32_t{0});  // external attributes
  append_little_endian(record, far ? kSeeZip64 : static_cast<std::uint32_t>(entry.offset));
  return record + entry.name + extra;
}

void ZipWriter::finish() {
  const std::uint64_t begin = file_.position(), count = entries_.size();
  for (const Entry& entry : entries_) file_.write(directory_record(entry));
  const std::uint64_t end = file_.position(), bytes = end - begin;
  const bool zip64 = begin >= zip64_from_ || bytes >= zip64_from_ || count >= 0xFFFF;

  std::string tail;
  if (zip64) {
    append_little_endian(tail, kEnd64Signature);
    append_little_endian(tail, std::uint64_t{kEnd64Bytes - 12});  // bytes that follow in this record
    for (int twice = 0; twice < 2; ++twice) append_little_endian(tail, kZip64Version);
    for (int twice = 0; twice < 2; ++twice) append_little_endian(tail, std::uint32_t{0});  // disks
    for (int twice = 0; twice < 2; ++twice) append_little_endian(tail, count);
    append_little_endian(tail, bytes);
    append_little_endian(tail, begin);
    append_little_endian(tail, kLocatorSignature);
    append_little_endian(tail, std::uint32_t{0});
    append_little_endian(tail, end);
    append_little_endian(tail, std::uint32_t{1});
  }
  append_little_endian(tail, kEndSignature);
  append_little_endian(tail, std::uint32_t{0});  // disks
  for (int twice = 0; twice < 2; ++twice) append_little_endian(tail, zip64 ? std::uint16_t{0xFFFF} : static_cast<std::uint16_t>(count));
  append_little_endian(tail, zip64 ? kSeeZip64 : static_cast<std::uint32_t>(bytes));
  append_little_endian(tail, zip64 ? kSeeZip64 : static_cast<std::uint32_t>(begin));
  append_little_endian(tail, std::uint16_t{0});  // comment
  file_.write(tail);
  file_.finish();
}

}  // namespace inferometer::formats
