// Keys of the gateway's own clients: who may ask for what, and how much.
//
// HOME/keys.json holds a SHA-256 of each key, never a key; `twolane keys` writes it, the server looks
// at it again every few seconds. What a key has used is counted here, for all threads.
// Threads: any. Files: replaced whole (written aside, synced, renamed), mode 0600.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/money.h"
#include "base/result.h"
#include "base/time.h"
#include "model/usage.h"

namespace twolane::gateway {

// What a key allows. 0 and empty: no limit.
struct KeyRules {
  std::string name;                 // unique; the owner of what is made with the key
  std::string hash;                 // hex of SHA-256
  std::string shown;                // its first characters, to recognise it
  Time created, revoked;            // revoked 0: it is good
  std::vector<std::string> models;  // as model_key()s
  std::string lane;                 // "patient", "interactive" or empty
  Duration deadline;                // of patient requests that name none
  int64_t requests_per_minute = 0, tokens_per_minute = 0;
  std::optional<PicoUsd> budget_per_day, budget_per_month;
  double weight = 1;                // of its patient requests, where there is not enough for all keys
};

// HOME/keys.json as values. Error keys.file.
Result<std::vector<KeyRules>> read_keys(const std::string& path);
Status write_keys(const std::string& path, const std::vector<KeyRules>& keys);

struct FreshKey {
  std::string secret;  // "tl-" and 40 letters and digits, from the system's randomness
  std::string hash, shown;
};
FreshKey fresh_key();
std::string key_hash(std::string_view secret);

// One key at work.
class Key {
 public:
  explicit Key(KeyRules r) : rules(std::move(r)) {}
  const KeyRules rules;

  // Why a request may not be made now, or nothing; where nothing, it counts as made.
  struct Verdict {
    enum class Is : uint8_t { good, requests, tokens, budget } is = Is::good;
    Duration wait;  // until it may be, for requests and tokens
  };
  Verdict admit(Time now);
  // What its limits leave now. A limit of 0: there is none.
  struct Room {
    struct Bucket {
      int64_t limit = 0, left = 0;
      Duration full_in;
    };
    Bucket requests, tokens;
  };
  Room room(Time now);
  bool is_limited() const { return rules.requests_per_minute > 0 || rules.tokens_per_minute > 0; }
  void used(Time now, int64_t tokens, PicoUsd cost);
  bool allows(std::string_view model_key) const;
  // What is left of its budgets; nothing: it has none.
  std::optional<PicoUsd> left(Time now);
  // What was spent, on which day and in which month (UTC, counted from 1970 and from the year 0).
  struct Spent {
    int64_t day = 0, month = 0;
    PicoUsd today_usd, month_usd;
    Spent at(Time now) const;  // zeros where a day or month has begun since
  };
  Spent spent() const;
  void restore(const Spent& spent);

 private:
  void roll(Time now);

  mutable std::mutex mutex_;
  std::optional<double> requests_, tokens_;  // left in the buckets; unused: full
  Time filled_;
  int64_t day_ = 0;
  int64_t month_ = 0;
  PicoUsd today_, this_month_;
};

class KeyRing {
 public:
  // `path` empty: no keys at all, everybody is let in.
  explicit KeyRing(std::string path) : path_(std::move(path)) {}
  // Reads the file where it changed. Error keys.file: the keys stay as they were.
  Status refresh();
  bool open() const { return open_.load(std::memory_order_relaxed); }  // there is no key
  // Null: unknown or revoked.
  std::shared_ptr<Key> find(std::string_view secret);
  std::vector<std::shared_ptr<Key>> all();
  double weight_of(std::string_view name);  // 1 where there is no such key
  // Changes with every change of the file: what was found before may not hold any more.
  uint64_t edition() const { return edition_.load(std::memory_order_relaxed); }

 private:
  std::string path_;
  std::mutex mutex_;
  int64_t seen_ = -1;  // modification time and size, mixed
  std::unordered_map<std::string, std::shared_ptr<Key>> by_hash_;
  std::atomic<bool> open_ = true;
  std::atomic<uint64_t> edition_ = 0;
};

}  // namespace twolane::gateway
