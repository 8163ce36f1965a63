#include "measure/entry.h"

#include <functional>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "samples.h"

namespace inferometer::measure {
namespace {

struct Change {
  const char* field;
  std::function<void(Entry&)> make;
};

TEST(Identity, changes_with_everything_that_decides_the_figures) {
  const Change changes[] = {
      {"model content", [](Entry& e) { e.model.sha256[5] = 'b'; }},
      {"input shape",
       [](Entry& e) {
         e.model.shapes["data"] = {1, 3, 224, 224};
       }},
      {"name of a shaped input",
       [](Entry& e) {
         e.model.shapes["other"] = {1, 5};
       }},
      {"height of a file's input", [](Entry& e) { e.model.height = 224; }},
      {"width of a file's input", [](Entry& e) { e.model.width = 224; }},
      {"engine", [](Entry& e) { e.engine = "beta"; }},
      {"engine version", [](Entry& e) { e.engine_version = "2.5.2"; }},
      {"an engine setting", [](Entry& e) { e.engine_settings["graph"] = "all"; }},
      {"one setting more", [](Entry& e) { e.engine_settings["more"] = "1"; }},
      {"one setting less", [](Entry& e) { e.engine_settings.erase("spin"); }},
      {"device", [](Entry& e) { e.device = "gpu.1"; }},
      {"precision", [](Entry& e) { e.precision = "fp32"; }},
      {"threads", [](Entry& e) { e.threads = 3; }},
      {"streams", [](Entry& e) { e.streams = 2; }},
      {"requests", [](Entry& e) { e.requests = 3; }},
      {"batch", [](Entry& e) { e.batch = 9; }},
      {"protocol", [](Entry& e) { e.protocol = Protocol::dd; }},
      {"protocol, default", [](Entry& e) { e.protocol = Protocol::standard; }},
      {"runs", [](Entry& e) { e.stop.runs = 26; }},
      {"least time", [](Entry& e) { e.stop.min_time_s = 0.11; }},
      {"most time", [](Entry& e) { e.stop.max_time_s = 1.51; }},
      {"interval target", [](Entry& e) { e.stop.interval_target_ratio = 0.021; }},
      {"percentiles",
       [](Entry& e) {
         e.stop.percentiles = {90, 99};
       }},
      {"no percentiles", [](Entry& e) { e.stop.percentiles = {}; }},
      {"starts", [](Entry& e) { e.starts = 6; }},
      {"pinning",
       [](Entry& e) {
         e.cpus = {0, 1};
       }},
      {"no pinning", [](Entry& e) { e.cpus = {}; }},
      {"pause", [](Entry& e) { e.pause_s = 0.5; }},
      {"power meter", [](Entry& e) { e.power = "auto"; }},
      {"no power meter", [](Entry& e) { e.power = "none"; }},
      {"input seed", [](Entry& e) { e.input_seed = 12; }},
  };
  std::set<std::string> seen{identity(full_entry(), "machine")};
  EXPECT_EQ(seen.begin()->size(), 64u);
  for (const Change& change : changes) {
    Entry entry = full_entry();
    change.make(entry);
    EXPECT_TRUE(seen.insert(identity(entry, "machine")).second) << change.field;
  }
  EXPECT_TRUE(seen.insert(identity(full_entry(), "another machine")).second);
}

TEST(Identity, does_not_change_with_what_decides_nothing) {
  const Change changes[] = {
      {"load limit", [](Entry& e) { e.limits.load_timeout_s = 5; }},
      {"request limit", [](Entry& e) { e.limits.request_timeout_s = 5; }},
      {"memory limit", [](Entry& e) { e.limits.memory_limit_mib = 5; }},
      {"what the model is called", [](Entry& e) { e.model.name = "another name"; }},
      {"where the model lies", [](Entry& e) { e.model.path = "elsewhere.onnx"; }},
      {"a device's spelling", [](Entry& e) { e.device = "GPU.0"; }},
  };
  for (const Change& change : changes) {
    Entry entry = full_entry();
    change.make(entry);
    EXPECT_EQ(identity(entry, "machine"), identity(full_entry(), "machine")) << change.field;
  }
}

TEST(Identity, of_a_zoo_net_is_its_content) {
  // Size, classes and seed are in the hash of a zoo net already.
  Entry entry = full_entry();
  entry.model.zoo = true;
  Entry other = entry;
  other.model.height = other.model.width = 224;
  EXPECT_EQ(identity(entry, "machine"), identity(other, "machine"));
  other.model.sha256[0] = 'c';
  EXPECT_NE(identity(entry, "machine"), identity(other, "machine"));
}

void expect_equal(const Entry& a, const Entry& b) {
  EXPECT_EQ(a.model.name, b.model.name);
  EXPECT_EQ(a.model.zoo, b.model.zoo);
  EXPECT_EQ(a.model.path, b.model.path);
  EXPECT_EQ(a.model.weights_path, b.model.weights_path);
  EXPECT_EQ(a.model.sha256, b.model.sha256);
  EXPECT_EQ(a.model.seed, b.model.seed);
  EXPECT_EQ(a.model.height, b.model.height);
  EXPECT_EQ(a.model.width, b.model.width);
  EXPECT_EQ(a.model.classes, b.model.classes);
  EXPECT_EQ(a.model.shapes, b.model.shapes);
  EXPECT_EQ(a.engine, b.engine);
  EXPECT_EQ(a.engine_version, b.engine_version);
  EXPECT_EQ(a.engine_settings, b.engine_settings);
  EXPECT_EQ(a.device, b.device);
  EXPECT_EQ(a.precision, b.precision);
  EXPECT_EQ(a.threads, b.threads);
  EXPECT_EQ(a.streams, b.streams);
  EXPECT_EQ(a.requests, b.requests);
  EXPECT_EQ(a.batch, b.batch);
  EXPECT_EQ(a.mode, b.mode);
  EXPECT_EQ(a.protocol, b.protocol);
  EXPECT_EQ(a.stop.runs, b.stop.runs);
  EXPECT_EQ(a.stop.min_time_s, b.stop.min_time_s);
  EXPECT_EQ(a.stop.max_time_s, b.stop.max_time_s);
  EXPECT_EQ(a.stop.interval_target_ratio, b.stop.interval_target_ratio);
  EXPECT_EQ(a.stop.percentiles, b.stop.percentiles);
  EXPECT_EQ(a.starts, b.starts);
  EXPECT_EQ(a.cpus, b.cpus);
  EXPECT_EQ(a.pause_s, b.pause_s);
  EXPECT_EQ(a.power, b.power);
  EXPECT_EQ(a.input_seed, b.input_seed);
  EXPECT_EQ(a.limits.load_timeout_s, b.limits.load_timeout_s);
  EXPECT_EQ(a.limits.request_timeout_s, b.limits.request_timeout_s);
  EXPECT_EQ(a.limits.memory_limit_mib, b.limits.memory_limit_mib);
}

TEST(Entry, comes_back_from_json) {
  for (Entry entry : {full_entry(), Entry{}}) {
    entry.model.zoo = !entry.model.zoo;
    entry.model.seed += 18'446'744'073'709'551'000u;
    const Entry back = nlohmann::json::parse(nlohmann::json(entry).dump()).get<Entry>();
    expect_equal(back, entry);
    EXPECT_EQ(identity(back, "machine"), identity(entry, "machine"));
  }
}

TEST(Protocol, names_come_back) {
  const std::pair<Protocol, const char*> cases[] = {{Protocol::standard, "default"}, {Protocol::dd, "dd"}, {Protocol::ten, "ten"}};
  for (const auto& [value, name] : cases) {
    EXPECT_EQ(name_of(value), name);
    EXPECT_EQ(protocol(name), value);
  }
  EXPECT_EQ(protocol("mlperf"), std::nullopt);
}

TEST(Mode, names_come_back_and_belong_to_the_entry) {
  const std::pair<Mode, const char*> cases[] = {{Mode::latency, "latency"}, {Mode::served, "served"}, {Mode::throughput, "throughput"}};
  for (const auto& [value, name] : cases) {
    EXPECT_EQ(name_of(value), name);
    EXPECT_EQ(mode(name), value);
  }
  EXPECT_EQ(mode("stream"), std::nullopt);
  Entry entry, served;
  served.mode = Mode::served;
  EXPECT_NE(identity(entry, "machine"), identity(served, "machine"));
  EXPECT_EQ(nlohmann::json(served).get<Entry>().mode, Mode::served);
  EXPECT_EQ(repro_command(entry).find("--mode "), std::string::npos);
  EXPECT_NE(repro_command(served).find("--mode served"), std::string::npos);
  EXPECT_NE(describe(served), describe(entry));
}

TEST(Mode, throughput_has_longer_windows_and_names_its_streams_and_requests) {
  Entry entry;
  entry.mode = Mode::throughput;
  entry.stop = default_stop_rule(entry.mode);
  entry.streams = 2;
  entry.requests = 4;
  EXPECT_EQ(entry.stop.min_time_s, 1);
  EXPECT_EQ(entry.stop.max_time_s, 10);
  EXPECT_NE(repro_command(entry).find("--mode throughput --streams 2 --requests 4"), std::string::npos) << repro_command(entry);
  EXPECT_EQ(repro_command(entry).find("time-s"), std::string::npos) << repro_command(entry);
  EXPECT_TRUE(describe(entry).ends_with(" t1 s2 r4")) << describe(entry);
  entry.requests = 2;
  EXPECT_EQ(repro_command(entry).find("--requests"), std::string::npos);
  entry.requests = 1;  // fewer than streams must be said: as many are the default
  EXPECT_NE(repro_command(entry).find("--requests 1"), std::string::npos);
  entry.stop = default_stop_rule(Mode::latency);
  EXPECT_NE(repro_command(entry).find("--min-time-s 0.3 --max-time-s 2"), std::string::npos) << repro_command(entry);
}

Entry zoo_entry() {
  Entry entry;
  entry.model.name = "resnet18";
  entry.model.zoo = true;
  entry.engine = "onnxruntime";
  entry.device = "cpu";
  return entry;
}

TEST(Entry, words_for_people) {
  Entry entry = zoo_entry();
  entry.batch = 4;
  entry.threads = 2;
  EXPECT_EQ(describe(entry), "resnet18 onnxruntime cpu fp32 b4 t2");
  EXPECT_EQ(engine_text(entry), "onnxruntime");
  entry.engine_settings = {{"spin", "0"}, {"graph", "basic"}};
  entry.model.height = entry.model.width = 192;
  EXPECT_EQ(engine_text(entry), "onnxruntime:graph=basic:spin=0");
  EXPECT_EQ(describe(entry), "resnet18 192x192 onnxruntime:graph=basic:spin=0 cpu fp32 b4 t2");
}

TEST(Entry, a_file_of_low_precision_is_not_called_fp32) {
  Entry entry;
  entry.model.name = "f.onnx";
  entry.engine = "onnxruntime";
  entry.device = "cpu";
  struct Case {
    const char *stored_as, *asked, *told;
  };
  for (const Case& each : {Case{"", "fp32", "fp32"}, Case{"", "bf16", "bf16"}, Case{"int8", "fp32", "int8"}, Case{"int8", "bf16", "int8"},
                           Case{"fp16", "fp32", "fp16-file"}, Case{"fp16", "fp16", "fp16"}, Case{"fp16", "bf16", "bf16"}}) {
    entry.model.stored_as = each.stored_as;
    entry.precision = each.asked;
    EXPECT_EQ(describe(entry), fmt::format("f.onnx onnxruntime cpu {} b1 t1", each.told));
  }
  Entry plain = entry;
  plain.model.stored_as.clear();
  EXPECT_EQ(identity(plain, "here"), identity(entry, "here"));
}

TEST(ReproCommand, says_what_is_needed_and_no_more) {
  EXPECT_EQ(repro_command(zoo_entry()),
            "inferometer run --again --model resnet18 --engine onnxruntime --device cpu --precision fp32 --batch 1 --threads 1 "
            "--protocol default --starts 3");
}

TEST(ReproCommand, repeats_every_option) {
  EXPECT_EQ(repro_command(full_entry()),
            "inferometer run --again --model 'nets/own net.onnx' --engine alpha:graph=basic:spin=1 --device gpu.0 --precision bf16 "
            "--batch 8 --threads 2 --protocol ten --starts 5 --streams 3 --requests 4 --shape data=1x3x192x160 --shape mask=1x5 "
            "--runs 25 --min-time-s 0.1 --max-time-s 1.5 --interval-target-ratio 0.02 --percentiles 90,99.9 --cpus 0,2 --pause-s 0.25 "
            "--power battery:BAT0 --input-seed 11");
  Entry entry = zoo_entry();
  entry.model.height = entry.model.width = 192;
  entry.model.classes = 10;
  entry.model.seed = 7;
  const std::string command = repro_command(entry);
  EXPECT_TRUE(command.ends_with("--starts 3 --input 192 --classes 10 --weights random:7")) << command;
  entry.model.seed = 1;
  entry.model.weights_path = "/nets/own weights.pth";
  EXPECT_TRUE(repro_command(entry).ends_with("--classes 10 --weights '/nets/own weights.pth'")) << repro_command(entry);
}

}  // namespace
}  // namespace inferometer::measure
