#include "measure/cgroup.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <vector>

#include "base/text.h"
#include "measure/meter.h"

namespace inferometer::measure {
namespace {

/// Where one version's hierarchy for the processors stands, and our path in it.
struct Hierarchy {
  std::string mount;  ///< ends without a slash
  std::string path;   ///< "/a/b", or "" for the top
  bool version2 = false;
};

std::vector<Hierarchy> hierarchies(const std::string& root) {
  std::vector<Hierarchy> found;
  const std::string top = root + "sys/fs/cgroup";
  std::ifstream file(root + "proc/self/cgroup");
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t first = line.find(':'), second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    std::string path = line.substr(second + 1);
    if (path == "/") path.clear();
    if (controllers.empty()) {
      found.push_back({top, path, true});
      found.push_back({top + "/unified", path, true});
      continue;
    }
    const std::vector<std::string> names = split(controllers, ',');
    if (std::find(names.begin(), names.end(), "cpu") == names.end()) continue;
    found.push_back({top + "/" + controllers, path, false});
    if (names.size() > 1) found.push_back({top + "/cpu", path, false});
  }
  if (found.empty()) found = {{top, "", true}, {top + "/cpu", "", false}};
  return found;
}

/// Cores' worth that one group allows; 0: no limit, or no such file.
double quota_of(const std::string& folder, bool version2) {
  if (version2) {
    std::istringstream text(read_small_file(folder + "/cpu.max").text);
    std::string quota;
    double period = 0;
    return text >> quota >> period && quota != "max" && period > 0 ? parse_number(quota).value_or(0) / period : 0;
  }
  const double quota = parse_number(read_small_file(folder + "/cpu.cfs_quota_us").text).value_or(0);
  const double period = parse_number(read_small_file(folder + "/cpu.cfs_period_us").text).value_or(0);
  return quota > 0 && period > 0 ? quota / period : 0;
}

std::optional<double> throttled_of(const std::string& folder, bool version2) {
  std::istringstream lines(read_small_file(folder + "/cpu.stat").text);
  std::string key;
  double value = 0;
  while (lines >> key >> value) {
    if (version2 && key == "throttled_usec") return value * 1e-6;
    if (!version2 && key == "throttled_time") return value * 1e-9;
  }
  return std::nullopt;
}

}  // namespace

CgroupCpu read_cgroup_cpu(const std::string& root) {
  CgroupCpu result;
  for (const Hierarchy& hierarchy : hierarchies(root)) {
    // From our group up to the top: each may set a limit.
    std::string path = hierarchy.path;
    for (;;) {
      const std::string folder = hierarchy.mount + path;
      const double quota = quota_of(folder, hierarchy.version2);
      const bool limits_more = quota > 0 && (result.quota_cpus == 0 || quota < result.quota_cpus);
      if (limits_more) result.quota_cpus = quota;
      if (const auto throttled = throttled_of(folder, hierarchy.version2); throttled && (limits_more || !result.throttled_s))
        result.throttled_s = throttled;
      if (path.empty()) break;
      path.resize(path.rfind('/'));
    }
  }
  return result;
}

}  // namespace inferometer::measure
