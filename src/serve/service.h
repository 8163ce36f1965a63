/// One service: a model on an engine, how its pictures are prepared, and what it has done.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "dataset/preprocess.h"
#include "measure/engines_here.h"
#include "serve/histogram.h"
#include "serve/inputs.h"
#include "serve/model_repository.h"
#include "serve/work_pool.h"
#include "serve/worker.h"

namespace inferometer::serve {

/// What the whole server was started with.
struct ServeOptions {
  std::vector<std::filesystem::path> model_roots, data_roots;  ///< absolute
  std::string default_engine = "onnxruntime";                  ///< what `caffe` and a missing choice mean
  int threads = 0;                                             ///< of each service's engine; 0: one a physical core
  int streams = 1;
  std::int64_t max_batch = 0;                      ///< dynamic batching; 0: off
  std::chrono::microseconds max_delay{2000};       ///< likewise
  std::size_t services = 64;                       ///< at most: beyond 503
  std::chrono::milliseconds call_timeout{60'000};  ///< of one predict call: beyond 500/1007
  InputLimits inputs;                              ///< folders: model_roots and data_roots
};

/// Figures since creation. Times in ms.
struct ServiceCounts {
  std::uint64_t inference_count = 0, predict_success = 0, predict_failure = 0;
  double total_predict_ms = 0, total_transform_ms = 0, total_inference_ms = 0;  ///< inference: of the engine alone
  DurationHistogram predict_seconds;                                            ///< of calls that succeeded
  BatchHistogram call_images;                                                   ///< likewise
};

struct ServiceDescription {
  std::string name;  ///< ASCII letters in lower case
  std::string description, mllib, engine, type = "supervised", mltype = "classification", repository;
  nlohmann::json parameters = nlohmann::json::object();  ///< echo: input, mllib, output
};

/// The picture that a network takes. Throws StatusError 400/1006 when it takes anything else than one f32 or f16 input of 1 x (1 or 3) x
/// height x width.
dataset::InputGeometry picture_geometry(const WorkerModel& model);

/// A service that answers. Members: any thread; deleting one waits for nobody: calls in flight hold it and end well.
class Service {
 public:
  /// @param changes  of the network's own preprocessing; without one it is DeepDetect's: warp, cubic, blue first, values 0 to 255
  /// Throws StatusError 400/1006 when the network takes no picture.
  Service(ServiceDescription description, RepositoryModel model, std::unique_ptr<Worker> worker, dataset::PreprocessingChanges changes);

  const ServiceDescription& description() const { return description_; }
  const RepositoryModel& model() const { return model_; }
  Worker& worker() const { return *worker_; }
  WorkPool& pool() { return pool_; }  ///< prepares the items of a call side by side
  const dataset::InputGeometry& geometry() const { return geometry_; }
  std::int64_t classes() const { return classes_; }
  /// The service's preprocessing, or that of a call with other wishes. Throws StatusError 400/1006.
  dataset::Preprocessor preprocessor(const dataset::PreprocessingChanges& call) const;
  /// "dog" or the class number as text.
  std::string label(std::int64_t index) const;

  ServiceCounts counts() const;
  void count_success(std::size_t images, std::chrono::nanoseconds predict, std::chrono::nanoseconds transform,
                     std::chrono::nanoseconds inference);
  void count_failure();

 private:
  ServiceDescription description_;
  RepositoryModel model_;
  std::unique_ptr<Worker> worker_;
  WorkPool pool_;
  dataset::PreprocessingChanges changes_;
  dataset::InputGeometry geometry_;
  std::int64_t classes_ = 0;
  mutable std::mutex mutex_;
  ServiceCounts counts_;
};

class Retirement;

/// The services by name (ASCII case ignored). Members: any thread.
/// Whoever lets go of a removed service last does not wait for its worker to end: that happens on a thread of the registry's own, which its
/// destructor waits for.
class Registry {
 public:
  explicit Registry(std::size_t most);
  ~Registry();
  /// nullptr when there is none.
  std::shared_ptr<Service> find(std::string_view name) const;
  std::vector<std::shared_ptr<Service>> all() const;  ///< sorted by name
  /// Hold a name while its service is being made. Throws StatusError 409/1014 (exists), 403 (being made by another call), 503 (too many).
  class Reservation {
   public:
    ~Reservation();  ///< frees the name unless add() was called
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;
    void add(std::shared_ptr<Service> service);

   private:
    friend class Registry;
    Reservation(Registry& registry, std::string name) : registry_(registry), name_(std::move(name)) {}
    Registry& registry_;
    std::string name_;
    bool added_ = false;
  };
  std::unique_ptr<Reservation> reserve(std::string_view name);
  bool remove(std::string_view name);  ///< false when there is none

 private:
  std::size_t most_;
  std::shared_ptr<Retirement> retirement_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::shared_ptr<Service>, std::less<>> services_;  ///< nullptr: being made
};

/// ASCII letters in lower case, other bytes as they are.
std::string service_name(std::string_view given);

}  // namespace inferometer::serve
