/// Number the opcodes of pickles, as Python's pickletools names them.
///
/// Internal to formats.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace inferometer::formats {

enum class Opcode : std::uint8_t {
  mark = '(',
  stop = '.',
  pop = '0',
  pop_mark = '1',
  duplicate = '2',
  binary_float = 'G',
  int32 = 'J',
  uint8 = 'K',
  uint16 = 'M',
  none = 'N',
  persistent = 'Q',
  reduce = 'R',
  binary_string = 'T',
  short_string = 'U',
  unicode = 'X',
  append = 'a',
  build = 'b',
  global = 'c',
  dictionary = 'd',
  empty_dictionary = '}',
  appends = 'e',
  get8 = 'h',
  get32 = 'j',
  list = 'l',
  empty_list = ']',
  put8 = 'q',
  put32 = 'r',
  set_item = 's',
  tuple = 't',
  empty_tuple = ')',
  set_items = 'u',
  binary_bytes = 'B',
  short_bytes = 'C',
  protocol = 0x80,
  tuple1 = 0x85,
  tuple2 = 0x86,
  tuple3 = 0x87,
  true_value = 0x88,
  false_value = 0x89,
  long1 = 0x8A,
  long4 = 0x8B,
  short_unicode = 0x8C,
  unicode8 = 0x8D,
  bytes8 = 0x8E,
  stack_global = 0x93,
  memoize = 0x94,
  frame = 0x95,
};

/// Those that are refused and have a name worth telling.
inline constexpr std::array<std::pair<std::uint8_t, std::string_view>, 21> kRefusedOpcodes{{
    {'i', "INST"},        {'o', "OBJ"},          {'P', "PERSID"},
    {'F', "FLOAT"},       {'I', "INT"},          {'L', "LONG"},
    {'S', "STRING"},      {'V', "UNICODE"},      {'g', "GET"},
    {'p', "PUT"},         {0x81, "NEWOBJ"},      {0x82, "EXT1"},
    {0x83, "EXT2"},       {0x84, "EXT4"},        {0x8F, "EMPTY_SET"},
    {0x90, "ADDITEMS"},   {0x91, "FROZENSET"},   {0x92, "NEWOBJ_EX"},
    {0x96, "BYTEARRAY8"}, {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"},
}};

}  // namespace inferometer::formats
