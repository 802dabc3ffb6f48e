// Slots of a mapped file, and what is made of those that a dead process left.
#include "gateway/in_flight.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>

#include "dialect/catalogue.h"
#include "price/price.h"
#include "wire/json.h"

namespace twolane::gateway {

// The layout of the file: plain bytes of this machine, read by the next process of the same build or
// a later one of the same `version`.
struct alignas(64) InFlightSlot {
  static constexpr uint32_t version = 0x54574c31;
  enum State : uint32_t { free = 0, on_its_way = version, told = version + 1 };
  uint32_t state;
  int32_t status;
  uint8_t door, endpoint, tier, metered, priced, estimated;
  int64_t at_ms, bytes, output_limit;
  Usage usage;
  PicoUsd cost;
  char id[40], key[64], provider[24], model[96], response_id[72];
};

namespace {

using Slot = InFlightSlot;

static_assert(std::is_trivially_copyable_v<Slot>);

std::unexpected<Error> fault(const std::string& path) {
  return fail("gateway.in_flight", path + " cannot be read or written", std::strerror(errno));
}

template <size_t n>
void put(char (&to)[n], std::string_view text) {
  const size_t length = std::min(text.size(), n - 1);
  std::copy_n(text.data(), length, to);  // memcpy takes no null, which an empty text may be
  to[length] = '\0';
}

template <size_t n>
std::string text_of(const char (&from)[n]) {
  return {from, ::strnlen(from, n)};
}

// A kill sees memory as of one instruction: what the compiler must not do is to move stores past
// the state.
void mark(Slot& slot, Slot::State state) {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  std::atomic_ref(slot.state).store(state, std::memory_order_release);
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

std::unique_ptr<LeftCall> left_call(const Slot& s) {
  auto left = std::make_unique<LeftCall>();
  left->id = text_of(s.id);
  left->key = text_of(s.key);
  left->provider = text_of(s.provider);
  left->model = text_of(s.model);
  Record& r = left->record;
  r.at = Time{s.at_ms};
  r.id = left->id;
  r.key = left->key;
  r.provider = left->provider;
  r.model = left->model;
  r.door = static_cast<Dialect>(s.door);
  r.tier = static_cast<ServiceTier>(s.tier);
  r.bytes_in = s.bytes;
  r.error = "gateway.killed";
  if (s.state == Slot::told) {
    r.status = s.status;
    left->response_id = text_of(s.response_id);
    r.response_id = left->response_id;
    r.metered = s.metered;
    r.estimated = s.estimated;
    r.usage = s.usage;
    r.priced = s.priced;
    r.cost = s.cost;
  } else {
    Sent sent;
    sent.at = r.at;
    sent.provider = left->provider;
    sent.model = left->model;
    sent.endpoint = static_cast<Endpoint>(s.endpoint);
    sent.tier = r.tier;
    sent.bytes = s.bytes;
    sent.output_limit = s.output_limit;
    r.up_to = most_it_can_cost(sent);
  }
  return left;
}

// Slots that are in use, one after the other: the file may be large and is mostly holes.
Result<std::vector<std::unique_ptr<LeftCall>>> read_left(const std::string& path) {
  std::vector<std::unique_ptr<LeftCall>> left;
  std::ifstream in(path, std::ios::binary);
  Slot slot;
  while (in.read(reinterpret_cast<char*>(&slot), sizeof slot))
    if (slot.state == Slot::on_its_way || slot.state == Slot::told) left.push_back(left_call(slot));
  if (in.bad()) return fault(path);
  return left;
}

Status append_durably(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const bool good = file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                    ::fsync(file) == 0;
  const int why = errno;
  if (file >= 0) ::close(file);
  errno = why;
  if (!good) return fault(path);
  return {};
}

}  // namespace

std::optional<PicoUsd> most_it_can_cost(const Sent& call) {
  const Target target{std::string(call.provider), std::string(call.model)};
  int64_t output = call.output_limit;
  if (operation_of(call.endpoint) != Operation::chat) output = 0;
  if (output < 0) {
    const auto* model = dialect::find_model(target.provider, target.model);
    if (!model || model->output_limit <= 0) return std::nullopt;
    output = model->output_limit;
  }
  const auto standard = price::bound(target, ServiceTier::standard, call.bytes, output, {.at = call.at});
  if (!standard) return std::nullopt;
  const auto asked = price::bound(target, call.tier, call.bytes, output, {.at = call.at});
  return asked ? std::max(*standard, *asked) : *standard;
}

int InFlight::sent(int place, const Sent& call) {
  if (place < 0) {
    if (!free_.empty()) {
      place = free_.back();
      free_.pop_back();
    } else if (used_ < count_) {
      place = used_++;
    } else {
      return -1;
    }
  }
  Slot& s = slots_[place];
  s.at_ms = call.at.ms;
  s.bytes = call.bytes;
  s.output_limit = call.output_limit;
  s.door = static_cast<uint8_t>(call.door);
  s.endpoint = static_cast<uint8_t>(call.endpoint);
  s.tier = static_cast<uint8_t>(call.tier);
  put(s.id, call.id);
  put(s.key, call.key);
  put(s.provider, call.provider);
  put(s.model, call.model);
  mark(s, Slot::on_its_way);
  return place;
}

void InFlight::ended(int place, const Record& r) {
  if (place < 0) return;
  Slot& s = slots_[place];
  s.status = r.status;
  s.metered = r.metered;
  s.priced = r.priced;
  s.estimated = r.estimated;
  s.usage = r.usage;
  s.cost = r.cost;
  put(s.response_id, r.response_id);
  if (r.metered) s.tier = static_cast<uint8_t>(r.tier);
  mark(s, Slot::told);
  ended_.push_back(place);
}

void InFlight::written() {
  for (const int place : ended_) {
    mark(slots_[place], Slot::free);
    free_.push_back(place);
  }
  ended_.clear();
}

Result<std::unique_ptr<InFlightFile>> InFlightFile::open(const std::string& directory, int threads, int calls) {
  std::unique_ptr<InFlightFile> file(new InFlightFile);
  const std::string path = directory + "/in_flight";
  file->left_ = TRY(read_left(path));
  std::string lines;
  for (const auto& call : file->left_) lines += Books::line_of(call->record);
  if (!lines.empty()) CHECKED(append_durably(directory + "/killed.jsonl", lines));
  CHECKED(file->map(path, threads, calls));
  return file;
}

Status InFlightFile::map(const std::string& path, int threads, int calls) {
  calls_ = calls;
  bytes_ = sizeof(Slot) * static_cast<size_t>(calls) * static_cast<size_t>(threads);
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return fault(path);
  // Room on the disk is taken now: a page that could not be had later would kill the process.
  const int lacks = ::posix_fallocate(file, 0, static_cast<off_t>(bytes_));
  void* const memory = lacks ? MAP_FAILED : ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  const int why = lacks ? lacks : errno;
  ::close(file);
  errno = why;
  if (memory == MAP_FAILED) return fault(path);
  memory_ = memory;
  return {};
}

InFlightFile::~InFlightFile() {
  if (memory_) ::munmap(memory_, bytes_);
}

InFlight InFlightFile::of(int thread) {
  return {static_cast<Slot*>(memory_) + static_cast<size_t>(thread) * static_cast<size_t>(calls_), calls_};
}

Unconfirmed unconfirmed_calls(const std::string& directory) {
  Unconfirmed sum;
  std::set<std::string> seen;  // a kill while killed.jsonl was written may have repeated some
  std::ifstream in(directory + "/killed.jsonl", std::ios::binary);
  for (std::string line; std::getline(in, line);) {
    const auto json = wire::parse_json(line);
    if (!json || wire::int_at(*json, "status") != 0) continue;
    if (!seen.insert(std::string(wire::string_at(*json, "id"))).second) continue;
    ++sum.calls;
    const auto most = parse_usd(wire::string_at(*json, "up_to_usd"));
    if (most) sum.up_to += *most;
    else ++sum.unpriced;
  }
  return sum;
}

}  // namespace twolane::gateway
