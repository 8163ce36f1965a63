#include "measure/meter_readers.h"

#include <cmath>

#include <fmt/format.h>

#include "base/text.h"

namespace inferometer::measure {
namespace {

/// One counter: energy_uj counts up to max_energy_range_uj and begins again at 0.
struct Domain {
  std::string folder;   ///< ends without a slash
  std::string name;     ///< "package-0", "dram", "psys"
  std::string package;  ///< of a memory domain: the package it lies beside
  bool is_memory = false;
  bool in_sum = false;  ///< psys holds the packages already; core and uncore lie within one

  std::string path() const { return folder + "/energy_uj"; }
  std::string meter_name() const { return is_memory ? fmt::format("rapl:{}/{}", package, name) : "rapl:" + name; }
};

/// intel-rapl:0 is a package or psys, intel-rapl:0:1 a part of it; intel-rapl-mmio repeats the packages and is left out.
std::vector<Domain> domains_of(const MeterPlaces& places) {
  const std::string folder = places.root + "sys/class/powercap/";
  std::vector<Domain> domains;
  const auto name_of_folder = [&](const std::string& name) { return places.read(folder + name + "/name").text; };
  const std::vector<std::string> names = names_in(folder);
  for (const std::string& name : names) {
    const std::vector<std::string> parts = split(name, ':');
    if (parts.size() != 2 || parts[0] != "intel-rapl") continue;
    Domain top{folder + name, name_of_folder(name), "", false, false};
    if (top.name.empty()) continue;
    top.in_sum = top.name.starts_with("package");
    domains.push_back(top);
    for (const std::string& inner : names) {
      if (!inner.starts_with(name + ":")) continue;
      const std::string inner_name = name_of_folder(inner);
      if (inner_name == "dram") domains.push_back({folder + inner, inner_name, top.name, true, top.in_sum});
    }
  }
  return domains;
}

class Rapl final : public Meter {
 public:
  Rapl(std::string name, std::string covers, std::vector<Domain> domains, const MeterPlaces& places)
      : name_(std::move(name)), covers_(std::move(covers)), read_(places.read) {
    for (Domain& domain : domains) {
      const auto range = number_in(places, domain.folder + "/max_energy_range_uj");
      counters_.push_back({std::move(domain), range.value_or(0), std::nullopt});
    }
  }

  // Intel's documents give about a millisecond.
  MeterInfo info() const override { return {name_, covers_, PowerQuantity::joules, 0.001}; }
  std::string problem() const override { return problem_; }

  void sample(double now_s, std::vector<PowerSample>& samples) override {
    for (Counter& counter : counters_) {
      const std::string path = counter.domain.path();
      const FileText file = read_(path);
      const auto value = file.error == 0 ? parse_integer(file.text) : std::nullopt;
      if (!value) {
        if (problem_.empty()) problem_ = why_unreadable(path, file.error);
        return;
      }
      if (counter.last) add(counter, *value);
      counter.last = *value;
    }
    samples.push_back({now_s, static_cast<double>(total_uj_) * 1e-6});
  }

 private:
  struct Counter {
    Domain domain;
    std::int64_t range_uj = 0;  ///< 0: unknown
    std::optional<std::int64_t> last;
  };

  void add(const Counter& counter, std::int64_t value) {
    std::int64_t step = value - *counter.last;
    if (step < 0) {
      // Begun again at 0. Once at most between two samples: at 250 W a range of 262 kJ lasts a quarter of an hour.
      if (counter.range_uj <= 0 || *counter.last > counter.range_uj) {
        if (problem_.empty()) problem_ = fmt::format("{} fell, and its range is not known", counter.domain.path());
        return;
      }
      step += counter.range_uj;
    }
    total_uj_ += step;
  }

  std::string name_, covers_, problem_;
  ReadFile read_;
  std::vector<Counter> counters_;
  std::int64_t total_uj_ = 0;
};

std::string covers_of(const Domain& domain) {
  if (domain.is_memory) return "memory beside " + domain.package;
  if (domain.name.starts_with("package")) return "processor " + domain.name + " without its memory";
  if (domain.name == "psys") return "the whole platform, as its maker has wired it";
  return domain.name;
}

std::string covers_all(const std::vector<Domain>& domains) {
  std::size_t packages = 0, memories = 0;
  for (const Domain& domain : domains) ++(domain.is_memory ? memories : packages);
  std::string text = packages == 1 ? "the processor" : fmt::format("{} processors", packages);
  // Said plainly, since figures with and without memory are not comparable.
  return text + (memories == 0 ? ", without memory" : memories == packages ? " and memory" : " and a part of the memory");
}

std::vector<Domain> in_sum(const std::vector<Domain>& all) {
  std::vector<Domain> chosen;
  for (const Domain& domain : all) {
    if (domain.in_sum) chosen.push_back(domain);
  }
  return chosen;
}

/// Why these cannot all be read; empty when they can.
std::string problem_of(const std::vector<Domain>& domains, const MeterPlaces& places) {
  for (const Domain& domain : domains) {
    const FileText file = places.read(domain.path());
    if (file.error != 0 || !parse_integer(file.text)) return why_unreadable(domain.path(), file.error);
  }
  return {};
}

MeterFound found(std::string name, std::string covers, std::string problem, int rank) {
  const bool readable = problem.empty();
  return {std::move(name), std::move(covers), readable, std::move(problem), rank};
}

}  // namespace

std::vector<MeterFound> find_rapl(const MeterPlaces& places) {
  constexpr int kRank = 2;
  const std::vector<Domain> all = domains_of(places);
  std::vector<MeterFound> meters;
  if (const std::vector<Domain> sum = in_sum(all); !sum.empty())
    meters.push_back(found("rapl", covers_all(sum), problem_of(sum, places), kRank));
  for (const Domain& domain : all) meters.push_back(found(domain.meter_name(), covers_of(domain), problem_of({domain}, places), 0));
  return meters;
}

std::unique_ptr<Meter> open_rapl(std::string_view name, const MeterPlaces& places) {
  const std::vector<Domain> all = domains_of(places);
  if (name == "rapl") {
    const std::vector<Domain> sum = in_sum(all);
    if (sum.empty()) return nullptr;
    return std::make_unique<Rapl>("rapl", covers_all(sum), sum, places);
  }
  for (const Domain& domain : all) {
    if (domain.meter_name() == name)
      return std::make_unique<Rapl>(domain.meter_name(), covers_of(domain), std::vector<Domain>{domain}, places);
  }
  return nullptr;
}

}  // namespace inferometer::measure
