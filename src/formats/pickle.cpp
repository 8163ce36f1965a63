#include "formats/pickle.h"

#include <bit>
#include <unordered_map>

#include <fmt/format.h>

#include "base/text.h"
#include "formats/checkpoint_tensor.h"
#include "formats/input_file.h"
#include "formats/pickle_opcodes.h"
#include "formats/torch_objects.h"

namespace inferometer::formats {
namespace {

/// Values, items on the stack and memory cells that one pickle may have; a checkpoint of 10,000 tensors needs a quarter.
constexpr std::size_t kMostValues = std::size_t{1} << 21;
constexpr int kNewestProtocol = 5;
constexpr const char* kHint = "nothing of it was executed; save the state alone: torch.save(net.state_dict(), path)";

class Machine {
 public:
  Machine(std::string_view bytes, const std::filesystem::path& path) : bytes_(bytes), path_(path) {
    // The values that a pickle may ask for in one byte exist once.
    pickle_.values = {PickleNone{}, true, false};
  }

  Pickle run() {
    while (!stopped_) {
      step(static_cast<Opcode>(take<std::uint8_t>()));
      if (stack_.size() > kMostValues || pickle_.values.size() > kMostValues || memo_.size() > kMostValues || marks_.size() > kMostValues) {
        fail(fmt::format("it has more than {} values", kMostValues));
      }
    }
    if (marks_.size() != 0 || stack_.size() != 1) fail("it ends with values left over");
    pickle_.root = stack_.front();
    pickle_.bytes = position_;
    return std::move(pickle_);
  }

 private:
  static constexpr ValueId kNone = 0, kTrue = 1, kFalse = 2;

  [[noreturn]] void fail(std::string_view message) const {
    fail_checkpoint(path_, fmt::format("its pickle cannot be read at byte {}: {}", position_, message));
  }
  [[noreturn]] void refuse(std::string_view what) const {
    fail_checkpoint(path_, fmt::format("its pickle asks for {}, which no checkpoint of tensors needs", what), kHint);
  }

  std::string_view take_bytes(std::uint64_t count) {
    if (count > bytes_.size() - position_) fail("it is cut off");
    const std::string_view taken = bytes_.substr(position_, count);
    position_ += count;
    return taken;
  }
  template <typename Number>
  Number take() {
    return little_endian_at<Number>(take_bytes(sizeof(Number)).data());
  }
  std::string_view take_line() {
    const std::size_t end = bytes_.find('\n', position_);
    if (end == std::string_view::npos) fail("it is cut off");
    const std::string_view line = bytes_.substr(position_, end - position_);
    position_ = end + 1;
    return line;
  }

  ValueId add(PickleValue value) {
    pickle_.values.push_back(std::move(value));
    return static_cast<ValueId>(pickle_.values.size() - 1);
  }
  void push(ValueId id) { stack_.push_back(id); }
  void push_new(PickleValue value) { push(add(std::move(value))); }
  ValueId top() const {
    if (stack_.size() <= bottom()) fail("it takes a value where there is none");
    return stack_.back();
  }
  ValueId pop() {
    const ValueId id = top();
    stack_.pop_back();
    return id;
  }
  /// Values below the last mark are out of reach.
  std::size_t bottom() const { return marks_.empty() ? 0 : marks_.back(); }
  std::vector<ValueId> pop_to_mark() {
    if (marks_.empty()) fail("it takes values up to a mark where there is none");
    std::vector<ValueId> items(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }
  std::vector<ValueId> pop_items(std::size_t count) {
    if (stack_.size() - bottom() < count) fail("it takes values where there are none");
    std::vector<ValueId> items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return items;
  }

  void push_text(std::string_view text) {
    if (!is_valid_utf8(text)) fail("a text is no UTF-8");
    push_new(text);
  }
  /// Two's complement, little-endian, of any length.
  void push_long(std::string_view bytes) {
    if (bytes.size() > sizeof(std::int64_t)) return push_new(PickleOther{});
    std::uint64_t value = bytes.empty() || static_cast<unsigned char>(bytes.back()) < 0x80 ? 0 : ~std::uint64_t{0};
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    push_new(static_cast<std::int64_t>(value));
  }
  void push_global(std::string_view module, std::string_view name) {
    std::optional<PickleValue> known = find_global(module, name);
    if (!known) refuse(fmt::format("{}.{}", one_line(to_utf8(module), 100), one_line(to_utf8(name), 100)));
    push_new(std::move(*known));
  }
  void push_result(CallResult result) {
    if (!result.problem.empty()) fail(result.problem);
    // A call may copy a long list that costs two bytes to name again.
    if (result.made && std::holds_alternative<PickleDictionary>(*result.made)) {
      copied_ += std::get<PickleDictionary>(*result.made).entries.size();
      if (copied_ > kMostValues) fail(fmt::format("it has more than {} values", kMostValues));
    }
    push(result.existing ? *result.existing : add(std::move(*result.made)));
  }

  template <typename Kind>
  Kind& container(ValueId id, const char* expected) {
    auto* found = std::get_if<Kind>(&pickle_.values[id]);
    if (found == nullptr) fail(expected);
    return *found;
  }
  void append(const std::vector<ValueId>& items) {
    auto& list = container<PickleList>(top(), "it appends to what is no list").items;
    list.insert(list.end(), items.begin(), items.end());
  }
  void insert(PickleDictionary& dictionary, const std::vector<ValueId>& items) {
    if (items.size() % 2 != 0) fail("a dictionary has a key without a value");
    for (std::size_t i = 0; i < items.size(); i += 2) dictionary.entries.emplace_back(items[i], items[i + 1]);
  }
  void set_items(const std::vector<ValueId>& items) { insert(container<PickleDictionary>(top(), "it fills what is no dictionary"), items); }
  void remember(std::uint32_t cell) { memo_[cell] = top(); }
  void recall(std::uint32_t cell) {
    const auto found = memo_.find(cell);
    if (found == memo_.end()) fail("it recalls what it has not remembered");
    push(found->second);
  }

  void step(Opcode opcode) {
    switch (opcode) {
      case Opcode::protocol:
        if (const int protocol = take<std::uint8_t>(); protocol > kNewestProtocol) fail(fmt::format("it has protocol {}", protocol));
        return;
      case Opcode::frame: (void)take<std::uint64_t>(); return;
      case Opcode::stop: stopped_ = true; return;
      case Opcode::mark: marks_.push_back(stack_.size()); return;
      case Opcode::pop: pop_one(); return;
      case Opcode::pop_mark: (void)pop_to_mark(); return;
      case Opcode::duplicate: push(top()); return;
      case Opcode::none: push(kNone); return;
      case Opcode::true_value: push(kTrue); return;
      case Opcode::false_value: push(kFalse); return;
      case Opcode::put8: remember(take<std::uint8_t>()); return;
      case Opcode::put32: remember(take<std::uint32_t>()); return;
      case Opcode::memoize: remember(static_cast<std::uint32_t>(memo_.size())); return;
      case Opcode::get8: recall(take<std::uint8_t>()); return;
      case Opcode::get32: recall(take<std::uint32_t>()); return;
      default: break;
    }
    if (!step_scalar(opcode) && !step_container(opcode) && !step_torch(opcode)) refuse(name_of(opcode));
  }

  bool step_scalar(Opcode opcode) {
    switch (opcode) {
      case Opcode::uint8: push_new(std::int64_t{take<std::uint8_t>()}); return true;
      case Opcode::uint16: push_new(std::int64_t{take<std::uint16_t>()}); return true;
      case Opcode::int32: push_new(std::int64_t{static_cast<std::int32_t>(take<std::uint32_t>())}); return true;
      case Opcode::long1: push_long(take_bytes(take<std::uint8_t>())); return true;
      case Opcode::long4: push_long(take_bytes(take<std::uint32_t>())); return true;
      case Opcode::binary_float: push_new(std::bit_cast<double>(__builtin_bswap64(take<std::uint64_t>()))); return true;
      case Opcode::short_unicode:
      case Opcode::short_string: push_text(take_bytes(take<std::uint8_t>())); return true;
      case Opcode::unicode:
      case Opcode::binary_string: push_text(take_bytes(take<std::uint32_t>())); return true;
      case Opcode::unicode8: push_text(take_bytes(take<std::uint64_t>())); return true;
      case Opcode::short_bytes: return push_bytes(take<std::uint8_t>());
      case Opcode::binary_bytes: return push_bytes(take<std::uint32_t>());
      case Opcode::bytes8: return push_bytes(take<std::uint64_t>());
      default: return false;
    }
  }

  bool step_container(Opcode opcode) {
    switch (opcode) {
      case Opcode::empty_list: push_new(PickleList{}); return true;
      case Opcode::empty_tuple: push_new(PickleTuple{}); return true;
      case Opcode::empty_dictionary: push_new(PickleDictionary{}); return true;
      case Opcode::list: push_new(PickleList{pop_to_mark()}); return true;
      case Opcode::tuple: push_new(PickleTuple{pop_to_mark()}); return true;
      case Opcode::tuple1: push_new(PickleTuple{pop_items(1)}); return true;
      case Opcode::tuple2: push_new(PickleTuple{pop_items(2)}); return true;
      case Opcode::tuple3: push_new(PickleTuple{pop_items(3)}); return true;
      case Opcode::append: append({pop()}); return true;
      case Opcode::appends: append(pop_to_mark()); return true;
      case Opcode::set_item: set_items(pop_items(2)); return true;
      case Opcode::set_items: set_items(pop_to_mark()); return true;
      case Opcode::dictionary: {
        PickleDictionary dictionary;
        insert(dictionary, pop_to_mark());
        push_new(std::move(dictionary));
        return true;
      }
      default: return false;
    }
  }

  bool step_torch(Opcode opcode) {
    switch (opcode) {
      case Opcode::global: {
        const std::string_view module = take_line();
        push_global(module, take_line());
        return true;
      }
      case Opcode::stack_global: {
        const ValueId name = pop(), module = pop();
        const auto* name_text = pickle_.get<std::string_view>(name);
        const auto* module_text = pickle_.get<std::string_view>(module);
        if (name_text == nullptr || module_text == nullptr) fail("a global's name is no text");
        push_global(*module_text, *name_text);
        return true;
      }
      case Opcode::persistent: push_result(persistent_storage(pickle_, pop())); return true;
      case Opcode::reduce: {
        const ValueId arguments = pop(), function = pop();
        const auto* tuple = pickle_.get<PickleTuple>(arguments);
        if (tuple == nullptr) fail("a function's arguments are no tuple");
        push_result(call(pickle_, function, *tuple));
        return true;
      }
      case Opcode::build: {
        // Attributes of a dictionary (torch's _metadata) say nothing about tensors.
        (void)pop();
        (void)container<PickleDictionary>(top(), "it sets attributes of what is no dictionary");
        return true;
      }
      default: return false;
    }
  }

  bool push_bytes(std::uint64_t count) {
    (void)take_bytes(count);
    push_new(PickleOther{});
    return true;
  }
  /// As Python does: a mark on top is what goes.
  void pop_one() {
    if (!marks_.empty() && marks_.back() == stack_.size())
      marks_.pop_back();
    else
      (void)pop();
  }
  static std::string name_of(Opcode opcode) {
    for (const auto& [code, name] : kRefusedOpcodes) {
      if (code == static_cast<std::uint8_t>(opcode)) return fmt::format("the opcode {}", name);
    }
    return fmt::format("the opcode {:#04x}", static_cast<unsigned>(opcode));
  }

  std::string_view bytes_;
  const std::filesystem::path& path_;
  std::size_t position_ = 0;
  bool stopped_ = false;
  std::size_t copied_ = 0;  ///< entries that calls have copied
  Pickle pickle_;
  std::vector<ValueId> stack_;
  std::vector<std::size_t> marks_;  ///< sizes of the stack when they were set
  std::unordered_map<std::uint32_t, ValueId> memo_;
};

}  // namespace

std::optional<ValueId> Pickle::find(const PickleDictionary& dictionary, std::string_view key) const {
  for (auto entry = dictionary.entries.rbegin(); entry != dictionary.entries.rend(); ++entry) {
    const auto* text = get<std::string_view>(entry->first);
    if (text != nullptr && *text == key) return entry->second;
  }
  return std::nullopt;
}

std::optional<Shape> Pickle::integers(ValueId id) const {
  const auto* tuple = get<PickleTuple>(id);
  if (tuple == nullptr || tuple->items.size() > kMostDimensions) return std::nullopt;
  Shape numbers;
  for (const ValueId item : tuple->items) {
    const auto* number = get<std::int64_t>(item);
    if (number == nullptr || *number < 0) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

Pickle read_pickle(std::string_view bytes, const std::filesystem::path& path) { return Machine(bytes, path).run(); }

}  // namespace inferometer::formats
