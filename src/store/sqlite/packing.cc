// See packing.h.
#include "store/sqlite/packing.h"

#include <algorithm>
#include <array>

namespace twolane::store::sqlite {
namespace {

void put(std::string& to, uint64_t n) {
  while (n >= 0x80) {
    to.push_back(static_cast<char>(n | 0x80));
    n >>= 7;
  }
  to.push_back(static_cast<char>(n));
}

uint64_t zigzag(int64_t n) {
  return (static_cast<uint64_t>(n) << 1) ^ static_cast<uint64_t>(n >> 63);
}
int64_t unzigzag(uint64_t n) { return static_cast<int64_t>(n >> 1) ^ -static_cast<int64_t>(n & 1); }

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  bool at_end() const { return bytes_.empty(); }
  bool broken() const { return broken_; }
  uint64_t get() {
    uint64_t n = 0;
    for (int shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      n |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return n;
    }
    broken_ = true;
    bytes_ = {};
    return 0;
  }

 private:
  std::string_view bytes_;
  bool broken_ = false;
};

std::unexpected<Error> corrupt(const char* what) {
  return fail("store.corrupt", "the store is damaged", std::string(what) + " cannot be read");
}

}  // namespace

std::string packed_members(const Placed* first, size_t count) {
  std::string blob;
  blob.reserve(count * 8);
  int64_t before = -1;  // mostly the next request of the same job follows
  for (const Placed* member = first; member != first + count; ++member) {
    put(blob, zigzag(member->idx - before - 1) << 1 | (member->lot_number != 0 ? 1u : 0u));
    if (member->lot_number != 0) put(blob, static_cast<uint64_t>(member->lot_number));
    put(blob, zigzag(member->reserve));
    before = member->idx;
  }
  return blob;
}

Status unpack_members(std::string_view blob, std::vector<Placed>& to) {
  Reader reader(blob);
  int64_t before = -1;
  while (!reader.at_end()) {
    Placed member;
    const uint64_t head = reader.get();
    member.idx = before + 1 + unzigzag(head >> 1);
    if (head & 1) member.lot_number = static_cast<int32_t>(reader.get());
    member.reserve = unzigzag(reader.get());
    if (reader.broken()) return corrupt("a batch's list of members");
    before = member.idx;
    to.push_back(member);
  }
  return {};
}

std::string packed_usage(const Usage& usage) {
  std::array<int64_t, 9> counts = {usage.fresh,       usage.output,         usage.cache_read,
                                   usage.reasoning,   usage.cache_write_5m, usage.cache_write_1h,
                                   usage.audio_input, usage.image_output,   usage.searches};
  size_t written = counts.size();
  while (written > 0 && counts[written - 1] == 0) --written;
  std::string blob;
  for (size_t i = 0; i < written; ++i) put(blob, zigzag(counts[i]));
  return blob;
}

Result<Usage> unpack_usage(std::string_view blob) {
  Reader reader(blob);
  Usage usage;
  for (int64_t* count : {&usage.fresh, &usage.output, &usage.cache_read, &usage.reasoning,
                         &usage.cache_write_5m, &usage.cache_write_1h, &usage.audio_input,
                         &usage.image_output, &usage.searches})
    if (!reader.at_end()) *count = unzigzag(reader.get());
  if (reader.broken() || !reader.at_end()) return corrupt("an attempt's usage");
  return usage;
}

std::string decimal(__int128 n) {
  if (n == 0) return "0";
  const bool negative = n < 0;
  auto rest = static_cast<unsigned __int128>(n);
  if (negative) rest = -rest;
  std::string digits;
  for (; rest != 0; rest /= 10)
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
  if (negative) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  return digits;
}

Result<__int128> from_decimal(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 38) return corrupt("a sum");
  __int128 n = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return corrupt("a sum");
    n = n * 10 + (c - '0');
  }
  return negative ? -n : n;
}

}  // namespace twolane::store::sqlite
