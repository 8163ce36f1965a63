/// Numbers of the zip format (PKWARE's APPNOTE.TXT 6.3).
///
/// Internal to formats.
#pragma once

#include <cstdint>

namespace inferometer::formats {

inline constexpr std::uint32_t kLocalSignature = 0x04034B50, kDirectorySignature = 0x02014B50;
inline constexpr std::uint32_t kEnd64Signature = 0x06064B50, kLocatorSignature = 0x07064B50, kEndSignature = 0x06054B50;
inline constexpr std::uint64_t kLocalHeaderBytes = 30, kEndBytes = 22, kLocatorBytes = 20, kEnd64Bytes = 56;
inline constexpr std::uint16_t kZip64Field = 0x0001;
inline constexpr std::uint32_t kSeeZip64 = 0xFFFFFFFF;  ///< in place of a number that stands in the 64-bit field
inline constexpr std::uint16_t kStored = 0, kDeflated = 8;
inline constexpr std::uint16_t kEncryptedFlag = 1;

}  // namespace inferometer::formats
