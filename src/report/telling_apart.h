/// Find the settings that tell rows apart.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "report/frame.h"
#include "report/settings.h"
#include "report/table.h"

namespace inferometer::report {

/// Whether two rows that are alike in all of `columns` differ in `setting`. False for a setting that the frame has not.
/// @param rows  those in question
bool differ_in(const Frame& frame, const std::vector<std::size_t>& rows, const std::vector<std::string>& columns,
               const std::string& setting);

/// Columns that tell rows apart which would otherwise share a place, after those of `series`; the first setting in which two such rows
/// differ, again and again. Rows alike in every setting share their place: a time of day or a command tells nothing apart.
/// @param rows      those in question
/// @param settings  the most telling first
std::vector<std::string> telling_apart(const Frame& frame, const std::vector<std::size_t>& rows, const std::vector<std::string>& place,
                                       std::vector<std::string> series, std::span<const std::string> settings = setting_columns());

/// What people see of a setting's value: of a hash its first 12 digits.
std::string shown_setting(std::string_view setting, const std::string& value);
/// The same in all lines of a table for people.
void shorten_hashes(Table& table);

}  // namespace inferometer::report
