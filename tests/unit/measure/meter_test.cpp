#include "measure/meter.h"

#include <algorithm>
#include <cerrno>
#include <map>

#include <gtest/gtest.h>

#include "base/error.h"
#include "measure/meter_nvml.h"
#include "measure/meter_readers.h"
#include "samples.h"

namespace inferometer::measure {
namespace {

MeterPlaces places_of(const TemporaryFolder& folder) {
  MeterPlaces places;
  places.root = folder.root();
  return places;
}

/// Files of the tree as they are, but these paths fail with an errno.
ReadFile failing(std::map<std::string, int> failures) {
  return [failures](const std::string& path) {
    const auto found = failures.find(path);
    return found == failures.end() ? read_small_file(path) : FileText{{}, found->second};
  };
}

const MeterFound* find(const std::vector<MeterFound>& all, const std::string& name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const MeterFound& m) { return m.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> names_of(const std::vector<MeterFound>& all) {
  std::vector<std::string> names;
  for (const MeterFound& meter : all) names.push_back(meter.name);
  return names;
}

/// Two packages, one of them with memory; core and psys, which must not be counted twice.
void make_rapl(const TemporaryFolder& folder) {
  const auto domain = [&](const std::string& name, const std::string& title, const std::string& energy) {
    folder.write("sys/class/powercap/" + name + "/name", title + "\n");
    folder.write("sys/class/powercap/" + name + "/energy_uj", energy + "\n");
    folder.write("sys/class/powercap/" + name + "/max_energy_range_uj", "262143328850\n");
  };
  domain("intel-rapl:0", "package-0", "1000000");
  domain("intel-rapl:0:0", "core", "900000");
  domain("intel-rapl:0:1", "dram", "50000000");
  domain("intel-rapl:1", "package-1", "7000000");
  domain("intel-rapl:2", "psys", "99000000");
  domain("intel-rapl-mmio:0", "package-0", "1000000");
  folder.write("sys/class/powercap/intel-rapl/enabled", "1\n");
}

void set_energy(const TemporaryFolder& folder, const std::string& name, std::int64_t microjoules) {
  folder.write("sys/class/powercap/" + name + "/energy_uj", std::to_string(microjoules) + "\n");
}

std::vector<PowerSample> sample(Meter& meter, double now_s) {
  std::vector<PowerSample> samples;
  meter.sample(now_s, samples);
  return samples;
}

TEST(Rapl, finds_packages_memory_and_the_platform) {
  const TemporaryFolder folder;
  make_rapl(folder);
  const auto found = find_rapl(places_of(folder));
  EXPECT_EQ(names_of(found), (std::vector<std::string>{"rapl", "rapl:package-0", "rapl:package-0/dram", "rapl:package-1", "rapl:psys"}));
  EXPECT_TRUE(std::all_of(found.begin(), found.end(), [](const MeterFound& m) { return m.readable && m.reason.empty(); }));
  EXPECT_EQ(found[0].covers, "2 processors and a part of the memory");
}

TEST(Rapl, adds_packages_and_memory_once) {
  const TemporaryFolder folder;
  make_rapl(folder);
  const auto meter = open_rapl("rapl", places_of(folder));
  ASSERT_TRUE(meter);
  EXPECT_EQ(meter->info().quantity, PowerQuantity::joules);
  EXPECT_DOUBLE_EQ(sample(*meter, 1).at(0).value, 0);
  set_energy(folder, "intel-rapl:0", 3'500'000);
  set_energy(folder, "intel-rapl:0:0", 3'000'000);
  set_energy(folder, "intel-rapl:0:1", 50'250'000);
  set_energy(folder, "intel-rapl:1", 8'000'000);
  set_energy(folder, "intel-rapl:2", 199'000'000);
  const auto samples = sample(*meter, 2);
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_DOUBLE_EQ(samples[0].time_s, 2);
  EXPECT_DOUBLE_EQ(samples[0].value, 2.5 + 0.25 + 1);
  EXPECT_EQ(meter->problem(), "");

  const auto psys = open_rapl("rapl:psys", places_of(folder));
  ASSERT_TRUE(psys);
  sample(*psys, 1);
  set_energy(folder, "intel-rapl:2", 200'000'000);
  EXPECT_DOUBLE_EQ(sample(*psys, 2).at(0).value, 1);
  EXPECT_EQ(open_rapl("rapl:package-7", places_of(folder)), nullptr);
}

TEST(Rapl, one_counter_that_wraps_around) {
  const TemporaryFolder folder;
  make_rapl(folder);
  set_energy(folder, "intel-rapl:0", 262'143'328'850 - 1'000'000);
  const auto meter = open_rapl("rapl", places_of(folder));
  sample(*meter, 1);
  set_energy(folder, "intel-rapl:0", 2'000'000);
  set_energy(folder, "intel-rapl:1", 7'500'000);
  EXPECT_DOUBLE_EQ(sample(*meter, 2).at(0).value, 3.5);
  EXPECT_EQ(meter->problem(), "");
}

TEST(Rapl, a_counter_that_falls_without_a_known_range_is_a_problem) {
  const TemporaryFolder folder;
  folder.write("sys/class/powercap/intel-rapl:0/name", "package-0\n");
  set_energy(folder, "intel-rapl:0", 500);
  const auto meter = open_rapl("rapl", places_of(folder));
  sample(*meter, 1);
  set_energy(folder, "intel-rapl:0", 100);
  sample(*meter, 2);
  EXPECT_NE(meter->problem().find("range is not known"), std::string::npos);
}

TEST(Rapl, without_memory_it_says_so) {
  const TemporaryFolder folder;
  folder.write("sys/class/powercap/intel-rapl:0/name", "package-0\n");
  set_energy(folder, "intel-rapl:0", 500);
  EXPECT_EQ(find_rapl(places_of(folder)).at(0).covers, "the processor, without memory");
}

TEST(Rapl, a_permission_error_says_how_to_allow_it) {
  const TemporaryFolder folder;
  make_rapl(folder);
  MeterPlaces places = places_of(folder);
  const std::string path = folder.root() + "sys/class/powercap/intel-rapl:0/energy_uj";
  places.read = failing({{path, EACCES}});
  const auto found = find_rapl(places);
  EXPECT_FALSE(find(found, "rapl")->readable);
  EXPECT_FALSE(find(found, "rapl:package-0")->readable);
  EXPECT_TRUE(find(found, "rapl:package-1")->readable);
  EXPECT_NE(found[0].reason.find("sudo chmod a+r " + path), std::string::npos);
  try {
    choose_meter("rapl", "cpu", places);
    FAIL() << "it was opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_NE(std::string(error.what()).find("--power rapl: " + path), std::string::npos) << error.what();
    EXPECT_NE(error.hint().find("rapl:package-1"), std::string::npos) << error.hint();
  }
  const MeterChoice choice = choose_meter("auto", "cpu", places);
  EXPECT_EQ(choice.meter, nullptr);
  EXPECT_NE(choice.reason.find("chmod a+r"), std::string::npos) << choice.reason;
}

TEST(Rapl, a_counter_that_can_no_longer_be_read) {
  const TemporaryFolder folder;
  make_rapl(folder);
  MeterPlaces places = places_of(folder);
  auto broken = std::make_shared<bool>(false);
  places.read = [broken](const std::string& path) {
    return *broken && path.ends_with("intel-rapl:0:1/energy_uj") ? FileText{{}, EIO} : read_small_file(path);
  };
  const auto meter = open_rapl("rapl", places);
  EXPECT_EQ(sample(*meter, 1).size(), 1u);
  *broken = true;
  EXPECT_TRUE(sample(*meter, 2).empty());
  EXPECT_NE(meter->problem().find("Input/output error"), std::string::npos) << meter->problem();
}

TEST(Hwmon, jetson_rails_by_the_boards_labels) {
  const TemporaryFolder folder;
  const std::string chip = "sys/class/hwmon/hwmon3/";
  folder.write(chip + "name", "ina3221\n");
  folder.write(chip + "in1_label", "VDD_IN\n");
  folder.write(chip + "in1_input", "5040\n");
  folder.write(chip + "curr1_input", "1250\n");
  folder.write(chip + "in2_label", "VDD_CPU_GPU_CV\n");
  folder.write(chip + "in2_input", "5000\n");
  folder.write(chip + "curr2_input", "400\n");
  folder.write(chip + "in4_input", "5\n");       // a shunt's voltage
  folder.write(chip + "curr4_input", "1650\n");  // the sum of the currents
  folder.write(chip + "update_interval", "40\n");
  const auto found = find_hwmon(places_of(folder));
  EXPECT_EQ(names_of(found), (std::vector<std::string>{"ina3221:VDD_IN", "ina3221:VDD_CPU_GPU_CV"}));
  EXPECT_EQ(found[0].covers, "the whole board");
  EXPECT_EQ(found[1].covers, "one rail of the board");
  EXPECT_GT(found[0].rank, 0);
  EXPECT_EQ(found[1].rank, 0);
  const auto meter = choose_meter("auto", "cpu", places_of(folder)).meter;
  ASSERT_TRUE(meter);
  EXPECT_EQ(meter->info().name, "ina3221:VDD_IN");
  EXPECT_DOUBLE_EQ(meter->info().update_period_s, 0.04);
  EXPECT_DOUBLE_EQ(sample(*meter, 4).at(0).value, 5.04 * 1.25);
}

TEST(Hwmon, jetsons_older_driver) {
  const TemporaryFolder folder;
  const std::string device = "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/";
  folder.write(device + "rail_name_0", "POM_5V_IN\n");
  folder.write(device + "in_power0_input", "2345\n");
  folder.write(device + "rail_name_1", "POM_5V_GPU\n");
  folder.write(device + "in_power1_input", "40\n");
  const auto found = find_hwmon(places_of(folder));
  EXPECT_EQ(names_of(found), (std::vector<std::string>{"ina3221:POM_5V_IN", "ina3221:POM_5V_GPU"}));
  EXPECT_EQ(found[0].covers, "the whole board");
  EXPECT_DOUBLE_EQ(sample(*open_hwmon("ina3221:POM_5V_IN", places_of(folder)), 1).at(0).value, 2.345);
}

TEST(Hwmon, any_sensor_of_power_by_its_label_or_number) {
  const TemporaryFolder folder;
  folder.write("sys/class/hwmon/hwmon0/name", "amdgpu\n");
  folder.write("sys/class/hwmon/hwmon0/power1_label", "PPT\n");
  folder.write("sys/class/hwmon/hwmon0/power1_average", "31500000\n");
  folder.write("sys/class/hwmon/hwmon0/power1_average_interval", "1000\n");
  folder.write("sys/class/hwmon/hwmon0/power1_cap", "220000000\n");
  for (const char* chip : {"1", "10"}) {
    folder.write(std::string("sys/class/hwmon/hwmon") + chip + "/name", "ina226\n");
    folder.write(std::string("sys/class/hwmon/hwmon") + chip + "/power1_input", std::string(chip) + "000000\n");
  }
  folder.write("sys/class/hwmon/hwmon2/name", "nvme\n");
  folder.write("sys/class/hwmon/hwmon2/temp1_input", "40000\n");
  const auto found = find_hwmon(places_of(folder));
  EXPECT_EQ(names_of(found), (std::vector<std::string>{"hwmon:amdgpu:PPT", "ina226:power1", "ina226:power1#2"}));
  const auto gpu = open_hwmon("hwmon:amdgpu:PPT", places_of(folder));
  EXPECT_DOUBLE_EQ(gpu->info().update_period_s, 1);
  EXPECT_DOUBLE_EQ(sample(*gpu, 1).at(0).value, 31.5);
  EXPECT_DOUBLE_EQ(sample(*open_hwmon("ina226:power1#2", places_of(folder)), 1).at(0).value, 10);
  // None is known to be the machine's: none is taken by itself.
  EXPECT_EQ(choose_meter("auto", "cpu", places_of(folder)).meter, nullptr);
}

TEST(Hwmon, a_sensor_that_cannot_be_read) {
  const TemporaryFolder folder;
  folder.write("sys/class/hwmon/hwmon0/name", "chip\n");
  folder.write("sys/class/hwmon/hwmon0/power1_input", "1\n");
  MeterPlaces places = places_of(folder);
  places.read = failing({{folder.root() + "sys/class/hwmon/hwmon0/power1_input", ENODATA}});
  EXPECT_FALSE(find_hwmon(places).at(0).readable);
  const auto meter = open_hwmon("hwmon:chip:power1", places);
  EXPECT_TRUE(sample(*meter, 1).empty());
  EXPECT_NE(meter->problem().find("power1_input"), std::string::npos);
}

TEST(Battery, gives_what_it_is_discharged_with) {
  const TemporaryFolder folder;
  const std::string supply = "sys/class/power_supply/BAT0/";
  folder.write("sys/class/power_supply/AC/type", "Mains\n");
  folder.write("sys/class/power_supply/hid-mouse/type", "Battery\n");
  folder.write("sys/class/power_supply/hid-mouse/scope", "Device\n");
  folder.write(supply + "type", "Battery\n");
  folder.write(supply + "status", "Discharging\n");
  folder.write(supply + "power_now", "12345000\n");
  auto found = find_batteries(places_of(folder));
  EXPECT_EQ(names_of(found), std::vector<std::string>{"battery:BAT0"});
  const auto meter = choose_meter("auto", "cpu", places_of(folder)).meter;
  ASSERT_TRUE(meter);
  EXPECT_DOUBLE_EQ(sample(*meter, 1).at(0).value, 12.345);

  folder.write(supply + "status", "Charging\n");
  found = find_batteries(places_of(folder));
  EXPECT_FALSE(found.at(0).readable);
  EXPECT_NE(found.at(0).reason.find("not discharging (charging)"), std::string::npos);
  EXPECT_TRUE(sample(*meter, 2).empty());
  EXPECT_NE(meter->problem().find("not discharging"), std::string::npos);
}

TEST(Battery, current_times_voltage) {
  const TemporaryFolder folder;
  const std::string supply = "sys/class/power_supply/BAT1/";
  folder.write(supply + "type", "Battery\n");
  folder.write(supply + "status", "Discharging\n");
  folder.write(supply + "current_now", "-1500000\n");
  folder.write(supply + "voltage_now", "11400000\n");
  EXPECT_DOUBLE_EQ(sample(*open_battery("battery:BAT1", places_of(folder)), 1).at(0).value, 17.1);
}

/// Unix time is ahead of the steady clock by `ahead` seconds.
struct FileClock {
  double steady = 0, ahead = 1'769'860'800;
  MeterPlaces places() {
    MeterPlaces places;
    places.unix_now = [this] { return steady + ahead; };
    return places;
  }
};

void append(const std::filesystem::path& file, const std::string& text) { std::ofstream(file, std::ios::app) << text; }

TEST(PowerFile, gives_whole_lines_as_they_come_on_the_steady_clock) {
  const TemporaryFolder folder;
  FileClock clock;
  const auto file = folder.write("power.csv", "unix_time_s,watts\n1769860790,8\n1769860790.5,9\n1769860791,9.5\n");
  const auto meter = open_power_file("file:" + file.string(), clock.places());
  EXPECT_DOUBLE_EQ(meter->info().update_period_s, 0.5);
  EXPECT_EQ(meter->info().quantity, PowerQuantity::watts);
  clock.steady = 3;
  auto samples = sample(*meter, 3);  // the last of the old lines may lie before the first edge
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_NEAR(samples[0].time_s, -9, 1e-6);
  EXPECT_DOUBLE_EQ(samples[0].value, 9.5);
  append(file, "1769860801,10\r\n1769860802,1");
  samples = sample(*meter, 3);
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_NEAR(samples[0].time_s, 1, 1e-6);
  append(file, "1.5\n1769860803,12\n");  // the rest of a line that was half written
  samples = sample(*meter, 3);
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_DOUBLE_EQ(samples[0].value, 11.5);
  EXPECT_NEAR(samples[1].time_s, 3, 1e-6);
  EXPECT_TRUE(sample(*meter, 3).empty());
  EXPECT_EQ(meter->problem(), "");
}

TEST(PowerFile, the_offset_is_added_to_its_times) {
  const TemporaryFolder folder;
  FileClock clock;
  const auto file = folder.write("power.csv", "unix_time_s,watts\n1769860801,10\n");
  const auto meter = open_power_file("file:" + file.string() + ":offset_s=-0.25", clock.places());
  EXPECT_NEAR(sample(*meter, 0).at(0).time_s, 0.75, 1e-6);
  EXPECT_THROW(open_power_file("file:" + file.string() + ":offset_s=soon", clock.places()), Error);
}

TEST(PowerFile, a_clock_that_jumps_is_a_problem) {
  const TemporaryFolder folder;
  FileClock clock;
  const auto file = folder.write("power.csv", "unix_time_s,watts\n1769860800,10\n");
  const auto meter = open_power_file("file:" + file.string(), clock.places());
  sample(*meter, 0);
  clock.steady = 5;
  clock.ahead += 0.01;  // what a time server corrects
  sample(*meter, 5);
  EXPECT_EQ(meter->problem(), "");
  clock.ahead += 2;
  sample(*meter, 5);
  EXPECT_NE(meter->problem().find("clock jumped by 2.01 s"), std::string::npos) << meter->problem();
}

TEST(PowerFile, what_is_no_such_file_is_refused) {
  const TemporaryFolder folder;
  FileClock clock;
  try {
    choose_meter("file:" + folder.root() + "missing.csv", "cpu", clock.places());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_NE(std::string(error.what()).find("missing.csv: No such file"), std::string::npos) << error.what();
    EXPECT_NE(error.hint().find("unix_time_s,watts"), std::string::npos);
  }
  EXPECT_THROW(choose_meter("file:" + folder.root(), "cpu", clock.places()), Error);
  EXPECT_THROW(choose_meter("file:/dev/zero", "cpu", clock.places()), Error);
  const auto bad = folder.write("bad.csv", "unix_time_s,watts\n1,2\n3;4\n");
  EXPECT_THROW(choose_meter("file:" + bad.string(), "cpu", clock.places()), Error);
  const auto later = folder.write("later.csv", "unix_time_s,watts\n1,2\n");
  const auto meter = open_power_file("file:" + later.string(), clock.places());
  append(later, "oops\n");
  sample(*meter, 0);
  EXPECT_NE(meter->problem().find("'oops'"), std::string::npos);
  const auto cut = folder.write("cut.csv", "unix_time_s,watts\n1,2\n2,2\n");
  const auto shortened = open_power_file("file:" + cut.string(), clock.places());
  folder.write("cut.csv", "1,2\n");
  sample(*shortened, 0);
  EXPECT_NE(shortened->problem().find("cut or replaced"), std::string::npos);
}

/// Two GPUs: the first counts energy, the second tells power alone.
std::shared_ptr<NvmlFunctions> made_nvml(unsigned long long* millijoules, unsigned* milliwatts) {
  auto nvml = std::make_shared<NvmlFunctions>();
  nvml->device_count = [] { return NvmlFunctions::Answer<unsigned>{0, 2}; };
  nvml->name = [](unsigned device) { return NvmlFunctions::Answer<std::string>{0, device == 0 ? "New One" : "Old One"}; };
  nvml->energy_mj = [millijoules](unsigned device) { return NvmlFunctions::Answer<unsigned long long>{device == 0 ? 0 : 3, *millijoules}; };
  nvml->power_mw = [milliwatts](unsigned) { return NvmlFunctions::Answer<unsigned>{*milliwatts == 0 ? 15 : 0, *milliwatts}; };
  nvml->error_text = [](int status) { return status == 15 ? "GPU is lost" : "Not Supported"; };
  return nvml;
}

TEST(Nvml, energy_where_the_board_counts_it_else_power) {
  const TemporaryFolder folder;
  unsigned long long millijoules = 5000;
  unsigned milliwatts = 71'500;
  MeterPlaces places = places_of(folder);
  places.nvml = made_nvml(&millijoules, &milliwatts);
  const auto found = find_nvml(places);
  EXPECT_EQ(names_of(found), (std::vector<std::string>{"nvml:0", "nvml:1"}));
  EXPECT_EQ(found[0].covers, "GPU 0: New One, its whole board");
  const auto newer = open_nvml("nvml:0", places), older = open_nvml("nvml:1", places);
  EXPECT_EQ(newer->info().quantity, PowerQuantity::joules);
  EXPECT_DOUBLE_EQ(sample(*newer, 1).at(0).value, 5);
  EXPECT_EQ(older->info().quantity, PowerQuantity::watts);
  EXPECT_DOUBLE_EQ(sample(*older, 1).at(0).value, 71.5);
  EXPECT_EQ(open_nvml("nvml:2", places), nullptr);
  EXPECT_EQ(open_nvml("nvml:x", places), nullptr);

  EXPECT_EQ(choose_meter("auto", "cuda:1", places).meter->info().name, "nvml:1");
  EXPECT_EQ(choose_meter("auto", "CUDA", places).meter->info().name, "nvml:0");
  // A GPU's figure says nothing of what runs on the processor, nor one GPU's of another.
  EXPECT_EQ(choose_meter("auto", "cpu", places).meter, nullptr);
  EXPECT_EQ(choose_meter("auto", "cuda:2", places).meter, nullptr);
  EXPECT_EQ(choose_meter("auto", "cuda:2", places).reason, "no power meter here can be read: nvml:2 is not here");

  milliwatts = 0;
  EXPECT_TRUE(sample(*older, 2).empty());
  EXPECT_EQ(older->problem(), "NVIDIA's library: GPU is lost");
  EXPECT_FALSE(find(find_nvml(places), "nvml:1")->readable);
}

TEST(Nvml, a_library_that_is_not_here_says_why) {
  EXPECT_EQ(open_nvml_library("no-such-library.so.1").functions, nullptr);
  EXPECT_NE(open_nvml_library("no-such-library.so.1").reason.find("no-such-library.so.1"), std::string::npos);
  EXPECT_NE(open_nvml_library("libm.so.6").reason.find("lacks a function"), std::string::npos);
}

TEST(FindMeters, an_empty_machine_says_what_is_missing) {
  const TemporaryFolder folder;
  const auto found = find_meters(places_of(folder));
  EXPECT_EQ(names_of(found), (std::vector<std::string>{"rapl", "hwmon", "nvml", "battery"}));
  for (const MeterFound& meter : found) {
    EXPECT_FALSE(meter.readable);
    EXPECT_FALSE(meter.reason.empty()) << meter.name;
  }
  const MeterChoice choice = choose_meter("auto", "cpu", places_of(folder));
  EXPECT_EQ(choice.meter, nullptr);
  for (const char* part : {"no power meter here", "intel-rapl", "ina3221", "no battery"})
    EXPECT_NE(choice.reason.find(part), std::string::npos) << choice.reason;
  EXPECT_EQ(choose_meter("none", "cpu", places_of(folder)).reason, "");
  try {
    choose_meter("wattmeter", "cpu", places_of(folder));
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "--power wattmeter: there is no such meter");
  }
}

TEST(FindMeters, the_whole_board_comes_before_the_processor_and_that_before_a_battery) {
  const TemporaryFolder folder;
  folder.write("sys/class/power_supply/BAT0/type", "Battery\n");
  folder.write("sys/class/power_supply/BAT0/status", "Discharging\n");
  folder.write("sys/class/power_supply/BAT0/power_now", "1000000\n");
  EXPECT_EQ(choose_meter("auto", "cpu", places_of(folder)).meter->info().name, "battery:BAT0");
  make_rapl(folder);
  EXPECT_EQ(choose_meter("auto", "cpu", places_of(folder)).meter->info().name, "rapl");
  folder.write("sys/class/hwmon/hwmon0/name", "ina3221\n");
  folder.write("sys/class/hwmon/hwmon0/in1_label", "VDD_IN\n");
  folder.write("sys/class/hwmon/hwmon0/in1_input", "5000\n");
  folder.write("sys/class/hwmon/hwmon0/curr1_input", "1000\n");
  EXPECT_EQ(choose_meter("auto", "cpu", places_of(folder)).meter->info().name, "ina3221:VDD_IN");
}

}  // namespace
}  // namespace inferometer::measure
