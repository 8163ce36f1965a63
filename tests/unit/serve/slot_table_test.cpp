#include "serve/slot_table.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/futex.h"

namespace inferometer::serve {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

SlotTable::Deadline in(std::chrono::milliseconds wait) { return steady_clock::now() + wait; }
SlotTable::Deadline long_enough() { return in(60s); }

ErrorCode code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorCode::internal;
}

/// A table over real memory of items of four bytes; the test plays the child.
class Table {
 public:
  Table(std::size_t slots, std::size_t batch, std::size_t merged = 0, std::chrono::microseconds delay = 0us)
      : descriptor_(SharedMemory::create()) {
    SharedLayout layout(slots, batch, {4}, {4});
    SharedMemory::resize(descriptor_, layout.total());
    memory.emplace(descriptor_, layout);
    table.emplace(*memory, merged, delay);
  }
  SlotTable* operator->() { return &*table; }

  SlotState state(std::size_t slot) { return static_cast<SlotState>(memory->slot(slot).state.load()); }
  void set(std::size_t slot, SlotState state) {
    memory->slot(slot).state = static_cast<std::uint32_t>(state);
    futex_wake_all(memory->slot(slot).state);
  }

 private:
  Descriptor descriptor_;

 public:
  std::optional<SharedMemory> memory;
  std::optional<SlotTable> table;
};

TEST(SharedLayout, TensorsAreAlignedAndApart) {
  Table fixture(3, 5);
  const SharedLayout layout(2, 5, {4, 12}, {40});
  const Descriptor descriptor = SharedMemory::create();
  SharedMemory::resize(descriptor, layout.total());
  const SharedMemory memory(descriptor, layout);
  const std::byte* end = nullptr;
  for (std::size_t slot = 0; slot < 2; ++slot) {
    for (const auto tensor : {memory.input(slot, 0, 0, 5), memory.input(slot, 1, 0, 5), memory.output(slot, 0, 0, 5)}) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.data()) % 64, 0U);
      EXPECT_TRUE(end == nullptr || tensor.data() >= end);
      end = tensor.data() + tensor.size();
    }
  }
  EXPECT_EQ(memory.input(1, 1, 3).data(), memory.input(1, 1, 0, 5).data() + 36);
  EXPECT_GE(reinterpret_cast<std::byte*>(&memory.header()) + layout.total(), end);
}

TEST(SlotTable, ACallersPlacesAreItsOwnUntilReleased) {
  Table table(2, 8);
  TakenPlaces first = table->take(3, long_enough());
  const TakenPlaces second = table->take(8, long_enough());
  EXPECT_NE(first.slot, second.slot);
  EXPECT_EQ(code_of([&] { table->take(1, in(1ms)); }), ErrorCode::interrupted);
  table->start(first);
  EXPECT_EQ(table.state(first.slot), SlotState::queued);
  EXPECT_EQ(table.memory->slot(first.slot).items, 3U);
  table.set(first.slot, SlotState::done);
  table->wait(first, long_enough());
  table->release(first);
  EXPECT_EQ(table->take(1, long_enough()).slot, first.slot);
}

TEST(SlotTable, AnAbandonedSlotComesBackOnlyWhenTheChildIsDone) {
  Table table(1, 8);
  TakenPlaces places = table->take(1, long_enough());
  table->start(places);
  table.set(0, SlotState::running);
  EXPECT_EQ(code_of([&] { table->wait(places, in(1ms)); }), ErrorCode::interrupted);
  table->release(places);
  EXPECT_EQ(code_of([&] { table->take(1, in(20ms)); }), ErrorCode::interrupted);
  table.set(0, SlotState::done);
  EXPECT_EQ(table->take(1, long_enough()).slot, 0U);
  EXPECT_EQ(table.state(0), SlotState::idle);
}

TEST(SlotTable, AFullMergedSlotGoesWhenAllHaveStarted) {
  Table table(2, 8, 4, 60s);
  TakenPlaces a = table->take(1, long_enough()), b = table->take(2, long_enough()), c = table->take(1, long_enough());
  EXPECT_EQ(a.slot, c.slot);
  EXPECT_EQ(b.first, 1U);
  EXPECT_EQ(c.first, 3U);
  table->start(c);
  table->start(a);
  EXPECT_EQ(table.state(a.slot), SlotState::idle);
  table->start(b);
  EXPECT_EQ(table.state(a.slot), SlotState::queued);
  EXPECT_EQ(table.memory->slot(a.slot).items, 4U);
  table.set(a.slot, SlotState::done);
  for (const TakenPlaces& each : {a, b, c}) table->wait(each, long_enough());
  table->release(a);
  table->release(b);
  EXPECT_NE(table->take(4, long_enough()).slot, a.slot) << "one still reads";
  table->release(c);
  EXPECT_EQ(table->take(4, long_enough()).slot, a.slot);
}

TEST(SlotTable, AMergedSlotGoesAfterItsDelayWithWhoIsThere) {
  Table table(2, 8, 4, 5ms);
  TakenPlaces only = table->take(1, long_enough());
  table->start(only);
  EXPECT_EQ(table.state(only.slot), SlotState::idle);
  std::thread child([&] {
    while (table.state(only.slot) != SlotState::queued) std::this_thread::sleep_for(1ms);
    table.set(only.slot, SlotState::done);
  });
  table->wait(only, long_enough());
  child.join();
  EXPECT_EQ(table.memory->slot(only.slot).items, 1U);
}

TEST(SlotTable, NobodyJoinsAfterTheDelayOrBeyondTheBatch) {
  Table late(2, 8, 4, 1ms);
  const TakenPlaces first = late->take(1, long_enough());
  std::this_thread::sleep_for(5ms);
  EXPECT_NE(late->take(1, long_enough()).slot, first.slot);
  Table full(2, 8, 4, 60s);
  TakenPlaces three = full->take(3, long_enough());
  full->start(three);
  EXPECT_NE(full->take(2, long_enough()).slot, three.slot);
  EXPECT_EQ(full.state(three.slot), SlotState::queued) << "what does not fit closes it";
  Table alone(2, 8, 4, 60s);
  TakenPlaces whole = alone->take(6, long_enough());
  alone->start(whole);
  EXPECT_EQ(alone.state(whole.slot), SlotState::queued) << "larger calls are not merged and do not wait";
}

TEST(SlotTable, AbandonedPlacesHoldUpNobody) {
  Table table(2, 8, 5, 60s);
  TakenPlaces a = table->take(1, long_enough());
  const TakenPlaces b = table->take(1, long_enough());
  TakenPlaces c = table->take(1, long_enough());
  for (std::byte& byte : table.memory->input(b.slot, 0, b.first)) byte = std::byte{0x7F};
  table->release(b);  // in the middle: run along, emptied
  EXPECT_EQ(table.memory->input(b.slot, 0, b.first)[0], std::byte{0});
  const TakenPlaces d = table->take(1, long_enough());
  table->release(d);  // the last one: its place is given out again
  TakenPlaces e = table->take(1, long_enough());
  EXPECT_EQ(e.first, d.first);
  TakenPlaces last = table->take(1, long_enough());
  for (TakenPlaces* each : {&a, &c, &e, &last}) table->start(*each);
  EXPECT_EQ(table.state(a.slot), SlotState::queued);
  EXPECT_EQ(table.memory->slot(a.slot).items, 5U);

  Table empty(1, 8, 4, 60s);
  const TakenPlaces x = empty->take(2, long_enough()), y = empty->take(1, long_enough());
  empty->release(x);
  empty->release(y);
  EXPECT_EQ(empty.state(0), SlotState::idle) << "nothing is run for nobody";
  EXPECT_EQ(empty->take(8, long_enough()).slot, 0U);
}

TEST(SlotTable, FailureReachesWhoeverWaitsAndWhoeverComes) {
  Table table(2, 8, 4, 60s);
  TakenPlaces queued = table->take(6, long_enough()), merging = table->take(1, long_enough());
  table->start(queued);
  table->start(merging);
  std::atomic<int> failed{0};
  std::vector<std::thread> waiters;
  const auto expect_failure = [&](auto action) {
    waiters.emplace_back([&failed, action] {
      try {
        action();
      } catch (const Error& error) {
        if (error.code() == ErrorCode::engine_failure) ++failed;
      }
    });
  };
  // So late that a test which waits for it has failed.
  expect_failure([&] { table->wait(queued, in(1h)); });
  expect_failure([&] { table->wait(merging, in(1h)); });
  expect_failure([&] { table->take(8, in(1h)); });
  std::this_thread::sleep_for(20ms);
  table->fail({ErrorCode::engine_failure, "gone"});
  for (std::thread& waiter : waiters) waiter.join();
  EXPECT_EQ(failed, 3);
  EXPECT_EQ(code_of([&] { table->take(1, long_enough()); }), ErrorCode::engine_failure);
  table->release(queued);
  table->release(merging);
  table->close();
}

TEST(SlotTable, ClosingRefusesWaitersAndWaitsForHolders) {
  Table table(1, 8);
  TakenPlaces places = table->take(1, long_enough());
  std::atomic<bool> refused{false}, closed{false};
  std::thread waiter([&] { refused = code_of([&] { table->take(1, long_enough()); }) == ErrorCode::interrupted; });
  std::thread closer([&] {
    table->close();
    closed = true;
  });
  waiter.join();
  EXPECT_TRUE(refused);
  EXPECT_FALSE(closed);
  table->start(places);
  table.set(0, SlotState::done);
  table->wait(places, long_enough());
  table->release(places);
  closer.join();
}

TEST(SlotTable, AHangIsSeenByTheChildsOwnDeadline) {
  Table table(1, 8);
  SharedSlot& slot = table.memory->slot(0);
  slot.deadline_ns = 1;  // of an inference long ago
  TakenPlaces places = table->take(1, long_enough());
  table->start(places);
  table.set(0, SlotState::running);
  EXPECT_FALSE(table->hangs()) << "the child has not said yet how long it may take";
  slot.deadline_ns = steady_clock::now().time_since_epoch().count() + 60'000'000'000;
  EXPECT_FALSE(table->hangs());
  slot.deadline_ns = steady_clock::now().time_since_epoch().count() - 1;
  EXPECT_TRUE(table->hangs());
  table.set(0, SlotState::done);
  EXPECT_FALSE(table->hangs());
}

}  // namespace
}  // namespace inferometer::serve
