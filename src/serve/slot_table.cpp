#include "serve/slot_table.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/futex.h"

namespace inferometer::serve {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::uint32_t number(SlotState state) { return static_cast<std::uint32_t>(state); }

bool is_end(std::uint32_t state) { return state >= number(SlotState::done); }

/// How often slots are looked at that the child has while nobody waits for them: nothing tells their end.
constexpr auto kAbandonedInterval = 5ms;

}  // namespace

SlotTable::SlotTable(const SharedMemory& memory, std::size_t merged_batch, std::chrono::microseconds delay)
    : memory_(memory),
      merged_batch_(std::min(merged_batch, memory.layout().largest_batch())),
      delay_(delay),
      queued_(memory.layout().slots()),
      records_(memory.layout().slots()) {}

void SlotTable::require_open(std::size_t items) const {
  if (items == 0 || items > memory_.layout().largest_batch()) {
    throw Error(ErrorCode::internal, fmt::format("{} places asked for where 1 to {} are", items, memory_.layout().largest_batch()));
  }
  if (failure_) throw *failure_;
  if (closing_) throw Error(ErrorCode::interrupted, "the service is being deleted");
}

std::optional<TakenPlaces> SlotTable::try_take(std::size_t items) {
  const std::lock_guard lock(mutex_);
  require_open(items);
  return waiting_.empty() ? find_places(items) : std::nullopt;
}

TakenPlaces SlotTable::take(std::size_t items, Deadline deadline) {
  std::unique_lock lock(mutex_);
  require_open(items);
  const std::uint64_t own = ++calls_;
  waiting_.push_back(own);
  const auto leave = [&] {
    waiting_.erase(std::find(waiting_.begin(), waiting_.end(), own));
    if (!waiting_.empty()) freed_.notify_all();  // it may be the next one's turn
  };
  while (true) {
    if (failure_ || closing_) {
      leave();
      require_open(items);
    }
    if (waiting_.front() == own) {
      if (const auto places = find_places(items)) {
        leave();
        return *places;
      }
    }
    const auto now = steady_clock::now();
    if (now >= deadline) {
      leave();
      throw Error(ErrorCode::interrupted, "no place became free within the time limit");
    }
    const bool some_abandoned =
        std::any_of(records_.begin(), records_.end(), [](const Record& record) { return record.queued && record.holders == 0; });
    freed_.wait_until(lock, some_abandoned ? std::min<Deadline>(deadline, now + kAbandonedInterval) : deadline);
  }
}

std::optional<TakenPlaces> SlotTable::find_places(std::size_t items) {
  if (open_ && merges(items)) {
    Record& record = records_[*open_];
    if (steady_clock::now() < record.merge_until && record.reserved + items <= merged_batch_) {
      const TakenPlaces places{*open_, record.reserved, items};
      record.reserved += items;
      ++record.holders;
      if (record.reserved == merged_batch_) close_open_slot();
      return places;
    }
    close_open_slot();
  }
  const auto slot = find_free();
  if (!slot) return std::nullopt;
  Record& record = records_[*slot];
  record = Record{};
  record.reserved = items;
  record.holders = 1;
  if (merges(items)) {
    record.open = true;
    record.merge_until = steady_clock::now() + delay_;
    open_ = *slot;
  }
  return TakenPlaces{*slot, 0, items};
}

/// The lowest, so that memory of slots that are never needed stays untouched.
std::optional<std::size_t> SlotTable::find_free() {
  for (std::size_t slot = 0; slot < records_.size(); ++slot) {
    free_if_unused(slot);
    if (records_[slot].reserved == 0) return slot;
  }
  return std::nullopt;
}

void SlotTable::close_open_slot() {
  const std::size_t slot = *open_;
  open_.reset();
  records_[slot].open = false;
  queue_if_ready(slot);
}

void SlotTable::queue_if_ready(std::size_t slot) {
  Record& record = records_[slot];
  if (record.open || record.queued || record.ready != record.reserved || record.holders == 0) return;
  record.queued = true;
  queued_[slot].notify_all();
  SharedSlot& shared = memory_.slot(slot);
  shared.items = static_cast<std::uint32_t>(record.reserved);
  shared.ticket = ++tickets_;
  shared.deadline_ns = 0;  // of an earlier inference
  // Under the mutex, as fail() is: a slot is either queued before, and marked there, or nobody queues any more.
  if (failure_) {
    shared.state.store(number(SlotState::died));
    return;
  }
  shared.state.store(number(SlotState::queued));
  SharedHeader& header = memory_.header();
  header.posts.fetch_add(1);
  futex_wake_one(header.posts);
}

void SlotTable::start(TakenPlaces& places) {
  const std::lock_guard lock(mutex_);
  if (failure_) throw *failure_;
  places.started = true;
  records_[places.slot].ready += places.count;
  queue_if_ready(places.slot);
}

void SlotTable::wait(const TakenPlaces& places, Deadline deadline) {
  {
    std::unique_lock lock(mutex_);
    Record& record = records_[places.slot];
    while (!record.queued) {
      const auto now = steady_clock::now();
      if (record.open && now >= record.merge_until) {
        close_open_slot();
        continue;
      }
      if (failure_) throw *failure_;
      if (now >= deadline) throw Error(ErrorCode::interrupted, "others in the same inference were not ready within the time limit");
      queued_[places.slot].wait_until(lock, record.open ? std::min(deadline, record.merge_until) : deadline);
    }
  }
  const SharedSlot& shared = memory_.slot(places.slot);
  for (std::uint32_t state = shared.state.load(); !is_end(state); state = shared.state.load()) {
    if (steady_clock::now() >= deadline) throw Error(ErrorCode::interrupted, "the inference was not done within the time limit");
    futex_wait(shared.state, state, deadline);
  }
  const std::uint32_t state = shared.state.load();
  if (state == number(SlotState::failed)) throw Error(static_cast<ErrorCode>(shared.error), shared.message, shared.hint);
  if (state == number(SlotState::died)) {
    const std::lock_guard lock(mutex_);
    throw *failure_;
  }
}

void SlotTable::release(const TakenPlaces& places) noexcept {
  const std::lock_guard lock(mutex_);
  Record& record = records_[places.slot];
  --record.holders;
  if (!places.started) {
    if (record.open && places.first + places.count == record.reserved) {
      record.reserved -= places.count;  // the next caller can have them
    } else {
      // They are run along; whatever an earlier call left there shall not slow the engine down.
      for (std::size_t tensor = 0; tensor < memory_.layout().input_bytes().size(); ++tensor) {
        const auto bytes = memory_.input(places.slot, tensor, places.first, places.count);
        std::memset(bytes.data(), 0, bytes.size());
      }
      record.ready += places.count;
    }
  }
  if (record.holders > 0) return queue_if_ready(places.slot);
  free_if_unused(places.slot);
  if (closing_ || !waiting_.empty()) freed_.notify_all();
}

bool SlotTable::is_finished(std::size_t slot) const { return is_end(memory_.slot(slot).state.load()); }

void SlotTable::free_if_unused(std::size_t slot) {
  Record& record = records_[slot];
  if (record.holders > 0 || (record.queued && !is_finished(slot))) return;
  if (open_ == slot) open_.reset();
  if (record.queued) memory_.slot(slot).state.store(number(SlotState::idle));
  record = Record{};
}

void SlotTable::fail(const Error& error) {
  const std::lock_guard lock(mutex_);
  failure_ = error;
  for (std::size_t slot = 0; slot < records_.size(); ++slot) {
    SharedSlot& shared = memory_.slot(slot);
    if (records_[slot].queued && !is_finished(slot)) {
      shared.state.store(number(SlotState::died));
      futex_wake_all(shared.state);
    }
    queued_[slot].notify_all();
  }
  freed_.notify_all();
}

std::optional<Error> SlotTable::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void SlotTable::close() {
  std::unique_lock lock(mutex_);
  closing_ = true;
  freed_.notify_all();
  freed_.wait(lock, [this] {
    return waiting_.empty() && std::all_of(records_.begin(), records_.end(), [](const Record& record) { return record.holders == 0; });
  });
}

bool SlotTable::hangs() const {
  const std::int64_t now = steady_clock::now().time_since_epoch().count();
  for (std::size_t i = 0; i < records_.size(); ++i) {
    const SharedSlot& slot = memory_.slot(i);
    if (slot.state.load() == number(SlotState::running) && slot.deadline_ns.load() != 0 && now > slot.deadline_ns.load()) return true;
  }
  return false;
}

}  // namespace inferometer::serve
