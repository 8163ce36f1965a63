#include "session.h"

#include <chrono>
#include <new>
#include <system_error>

#include <cblas.h>

#include "common/layer_history.h"
#include "common/stream_slots.h"
#include "engine/check_inputs.h"
#include "execute.h"

namespace inferometer::reference {

namespace {

using SteadyClock = std::chrono::steady_clock;

class ReferenceSession;

class ReferenceRequest final : public engine::Request {
 public:
  explicit ReferenceRequest(ReferenceSession& session);
  std::span<const engine::TensorView> run(std::span<const engine::TensorView> inputs) override;

 private:
  void trace_node(const graph::Node& node, const Memory& memory, std::int64_t run);
  void copy_foreign_outputs(const Memory& memory);

  ReferenceSession& session_;
  WorkerPool pool_;
  std::vector<float> arena_;
  std::vector<float> scratch_;
  std::vector<engine::TensorView> outputs_;
  std::vector<double> times_us_;  ///< by node, when profiling
};

class ReferenceSession final : public engine::Session {
 public:
  ReferenceSession(graph::Model model, const SessionOptions& options)
      : options_(options),
        plan_(std::move(model), options.batch, options.depthwise),
        inputs_(describe(plan_.graph().inputs)),
        outputs_(describe(plan_.graph().outputs)),
        slots_(options.streams) {
    if (!options.trace_file.empty()) trace_ = std::make_unique<Trace>(options.trace_file);
  }

  const std::vector<engine::TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<engine::TensorInfo>& outputs() const override { return outputs_; }

  engine::ObtainedSettings obtained() const override {
    // Each request has a pool of its own and calls OpenBLAS from its threads, so OpenBLAS must have none besides.
    engine::ObtainedSettings obtained;
    obtained.device = "cpu";
    obtained.precision = "fp32";
    obtained.threads = options_.threads_per_request * options_.streams * openblas_get_num_threads();
    obtained.streams = options_.streams;
    obtained.own["depthwise"] = options_.depthwise == Depthwise::direct ? "direct" : "grouped";
    return obtained;
  }

  std::unique_ptr<engine::Request> create_request() override {
    try {
      return std::make_unique<ReferenceRequest>(*this);
    } catch (const std::bad_alloc&) {
      throw Error(ErrorCode::out_of_memory,
                  "reference: no memory for a request of " + std::to_string(plan_.arena_floats() * sizeof(float)) + " bytes");
    } catch (const std::system_error& error) {
      throw Error(ErrorCode::engine_failure, std::string("reference: cannot start a thread: ") + error.what());
    }
  }

  std::vector<engine::LayerTime> layer_times() const override { return times_.medians(); }
  void restart_layer_times() override { times_.restart(); }

  void keep_times(const std::vector<double>& times_us) {
    std::vector<engine::LayerTime> layers;
    for (std::size_t i = 0; i < times_us.size(); ++i) {
      const graph::Node& node = plan_.graph().nodes[i];
      layers.push_back({node.name, std::string(graph::name_of(node.op)), "", "fp32", times_us[i], true});
    }
    times_.add(std::move(layers));
  }

  const SessionOptions& options() const { return options_; }
  const Plan& plan() const { return plan_; }
  Trace* trace() const { return trace_.get(); }
  engine::StreamSlots& slots() { return slots_; }

 private:
  std::vector<engine::TensorInfo> describe(const std::vector<graph::TensorId>& ids) const {
    std::vector<engine::TensorInfo> result;
    for (const graph::TensorId id : ids) result.push_back({plan_.graph().tensors[id].name, plan_.shape(id), ElementType::f32});
    return result;
  }

  SessionOptions options_;
  Plan plan_;
  std::vector<engine::TensorInfo> inputs_, outputs_;
  engine::StreamSlots slots_;
  std::unique_ptr<Trace> trace_;
  engine::LayerHistory times_;
};

ReferenceRequest::ReferenceRequest(ReferenceSession& session)
    : session_(session),
      pool_(session.options().threads_per_request),
      arena_(session.plan().arena_floats()),
      scratch_(session.plan().scratch_floats() * static_cast<std::size_t>(pool_.threads())),
      times_us_(session.options().profile ? session.plan().graph().nodes.size() : 0) {
  for (std::size_t i = 0; i < session.outputs().size(); ++i) {
    const engine::TensorInfo& info = session.outputs()[i];
    const auto bytes = static_cast<std::size_t>(element_count(info.shape)) * sizeof(float);
    outputs_.push_back({info.type, info.shape, arena_.data() + session.plan().output_offset(i), bytes});
  }
}

std::span<const engine::TensorView> ReferenceRequest::run(std::span<const engine::TensorView> inputs) {
  engine::check_inputs(session_.inputs(), inputs);
  const engine::StreamSlots::Slot slot(session_.slots());
  const Plan& plan = session_.plan();
  const Memory memory{plan, inputs, arena_.data()};
  const Workspace workspace{pool_, scratch_.data(), plan.scratch_floats()};
  Trace* trace = session_.trace();
  const std::int64_t run = trace == nullptr ? 0 : trace->next_run();
  const bool profiles = session_.options().profile;
  for (std::size_t i = 0; i < plan.graph().nodes.size(); ++i) {
    const graph::Node& node = plan.graph().nodes[i];
    const auto begin = profiles ? SteadyClock::now() : SteadyClock::time_point{};
    execute(node, memory, workspace);
    if (profiles) times_us_[i] = std::chrono::duration<double, std::micro>(SteadyClock::now() - begin).count();
    if (trace != nullptr) trace_node(node, memory, run);
  }
  copy_foreign_outputs(memory);
  if (profiles) session_.keep_times(times_us_);
  return outputs_;
}

void ReferenceRequest::trace_node(const graph::Node& node, const Memory& memory, std::int64_t run) {
  for (const graph::TensorId id : node.outputs) {
    const Shape& shape = session_.plan().shape(id);
    session_.trace()->write(run, node, session_.plan().graph().tensors[id].name, shape,
                            {memory.data(id), static_cast<std::size_t>(element_count(shape))});
  }
}

void ReferenceRequest::copy_foreign_outputs(const Memory& memory) {
  const Plan& plan = session_.plan();
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const float* from = memory.data(plan.graph().outputs[i]);
    float* to = arena_.data() + plan.output_offset(i);
    if (from != to) std::copy_n(from, element_count(session_.outputs()[i].shape), to);
  }
}

}  // namespace

std::unique_ptr<engine::Session> make_session(graph::Model model, const SessionOptions& options) {
  return std::make_unique<ReferenceSession>(std::move(model), options);
}

}  // namespace inferometer::reference
