// The file of keys, and the counting of what each uses.
#include "gateway/keys.h"

#include <openssl/sha.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>

#include "model/model_name.h"
#include "store/small_file.h"
#include "wire/hex.h"
#include "wire/json.h"

namespace twolane::gateway {
namespace {

using wire::Json;

std::unexpected<Error> bad_file(const std::string& path, std::string why) {
  Error e;
  e.code = "keys.file";
  e.message = "the keys cannot be read";
  e.where.file = path;
  e.why = std::move(why);
  e.next = {"restore the file, or remove it and create keys anew: twolane keys create NAME"};
  return fail(std::move(e));
}

std::optional<PicoUsd> usd_at(const Json& json, const char* key) {
  const auto text = wire::string_at(json, key);
  const auto usd = parse_usd(text);
  return text.empty() || !usd ? std::nullopt : std::optional(*usd);
}

Time time_at(const Json& json, const char* key) {
  return parse_rfc3339(wire::string_at(json, key)).value_or(Time{});
}

KeyRules rules_of(const Json& json) {
  KeyRules r;
  r.name = wire::string_at(json, "name");
  r.hash = wire::string_at(json, "sha256");
  r.shown = wire::string_at(json, "begins");
  r.created = time_at(json, "created");
  r.revoked = time_at(json, "revoked");
  if (const Json* models = wire::find(json, "models"); models && models->is_array())
    for (const Json& model : *models)
      if (model.is_string()) r.models.push_back(model_key(model.get<std::string>()));
  r.lane = wire::string_at(json, "lane");
  r.deadline = milliseconds(wire::int_at(json, "deadline_ms"));
  r.requests_per_minute = wire::int_at(json, "requests_per_minute");
  r.tokens_per_minute = wire::int_at(json, "tokens_per_minute");
  if (const Json* weight = wire::find(json, "weight"); weight && weight->is_number() && *weight > 0) r.weight = *weight;
  r.budget_per_day = usd_at(json, "budget_per_day_usd");
  r.budget_per_month = usd_at(json, "budget_per_month_usd");
  return r;
}

Json json_of(const KeyRules& r) {
  Json out = {{"name", r.name}, {"sha256", r.hash}, {"begins", r.shown},
              {"created", rfc3339(r.created)}};
  if (r.revoked.ms > 0) out["revoked"] = rfc3339(r.revoked);
  if (!r.models.empty()) out["models"] = r.models;
  if (!r.lane.empty()) out["lane"] = r.lane;
  if (r.deadline.ms > 0) out["deadline_ms"] = r.deadline.ms;
  if (r.requests_per_minute > 0) out["requests_per_minute"] = r.requests_per_minute;
  if (r.tokens_per_minute > 0) out["tokens_per_minute"] = r.tokens_per_minute;
  if (r.weight != 1) out["weight"] = r.weight;
  if (r.budget_per_day) out["budget_per_day_usd"] = exact_usd(*r.budget_per_day);
  if (r.budget_per_month) out["budget_per_month_usd"] = exact_usd(*r.budget_per_month);
  return out;
}

int64_t month_of(Time now) {
  const Civil c = to_civil(now);
  return c.year * 12 + c.month;
}

}  // namespace

Result<std::vector<KeyRules>> read_keys(const std::string& path) {
  std::vector<KeyRules> keys;
  std::string text;
  const std::error_code failed = store::read_whole(path, text);
  if (failed == std::errc::no_such_file_or_directory) return keys;
  if (failed) return bad_file(path, "the system says: " + failed.message());
  const auto json = wire::parse_json(text);
  const Json* list = json ? wire::find(*json, "keys") : nullptr;
  if (!list || !list->is_array()) return bad_file(path, "it is not what twolane keys writes");
  for (const Json& one : *list) {
    keys.push_back(rules_of(one));
    if (keys.back().hash.size() != 64) return bad_file(path, "a key in it has no hash");
  }
  return keys;
}

Status write_keys(const std::string& path, const std::vector<KeyRules>& keys) {
  Json list = Json::array();
  for (const auto& key : keys) list.push_back(json_of(key));
  Json all;
  all["keys"] = std::move(list);
  const std::error_code failed = store::replace_durably(path, all.dump(2) + '\n');
  if (!failed) return {};
  Error e;
  e.code = "keys.file";
  e.message = "the keys cannot be written";
  e.where.file = path;
  e.why = "the system says: " + failed.message();
  e.next = {"make room or mend the directory, and repeat the command"};
  return fail(std::move(e));
}

std::string key_hash(std::string_view secret) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), digest);
  return wire::hex_of(digest);
}

FreshKey fresh_key() {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  FreshKey key;
  key.secret = "tl-";
  while (key.secret.size() < 43) {
    unsigned char byte = 0;
    if (::getrandom(&byte, 1, 0) == 1 && byte < letters.size() * 4)  // every letter equally often
      key.secret += letters[byte % letters.size()];
  }
  key.hash = key_hash(key.secret);
  key.shown = key.secret.substr(0, 7);
  return key;
}

bool Key::allows(std::string_view model) const {
  return rules.models.empty() || std::ranges::find(rules.models, model) != rules.models.end();
}

void Key::roll(Time now) {
  const int64_t day = now.ms / days(1).ms, month = month_of(now);
  if (day != day_) day_ = day, today_ = {};
  if (month != month_) month_ = month, this_month_ = {};
  const double passed = std::max(0.0, static_cast<double>((now - filled_).ms)) / 60'000.0;
  filled_ = now;
  const auto fill = [passed](std::optional<double>& left, int64_t limit) {
    const auto full = static_cast<double>(limit);
    left = left ? std::min(full, *left + passed * full) : full;
  };
  fill(requests_, rules.requests_per_minute);
  fill(tokens_, rules.tokens_per_minute);
}

Key::Verdict Key::admit(Time now) {
  const std::lock_guard lock(mutex_);
  roll(now);
  Verdict v;
  if ((rules.budget_per_day && today_ >= *rules.budget_per_day) ||
      (rules.budget_per_month && this_month_ >= *rules.budget_per_month)) {
    v.is = Verdict::Is::budget;
    return v;
  }
  const auto until = [](double lacking, int64_t per_minute) {
    return milliseconds(static_cast<int64_t>(lacking * 60'000 / static_cast<double>(per_minute)) + 1);
  };
  if (rules.requests_per_minute > 0) {
    if (*requests_ < 1) {
      v.is = Verdict::Is::requests;
      v.wait = until(1 - *requests_, rules.requests_per_minute);
      return v;
    }
    *requests_ -= 1;
  }
  // Tokens are known afterwards: the bucket may go below its bottom, and has to fill up again.
  if (rules.tokens_per_minute > 0 && *tokens_ <= 0) {
    v.is = Verdict::Is::tokens;
    v.wait = until(1 - *tokens_, rules.tokens_per_minute);
  }
  return v;
}

Key::Room Key::room(Time now) {
  const std::lock_guard lock(mutex_);
  roll(now);
  const auto bucket = [](double left, int64_t limit) {
    Room::Bucket b;
    if (limit <= 0) return b;
    b.limit = limit;
    b.left = std::max<int64_t>(0, static_cast<int64_t>(left));
    const double lacking = static_cast<double>(limit) - left;
    b.full_in = milliseconds(static_cast<int64_t>(lacking * 60'000 / static_cast<double>(limit)));
    return b;
  };
  return {bucket(*requests_, rules.requests_per_minute), bucket(*tokens_, rules.tokens_per_minute)};
}

void Key::used(Time now, int64_t tokens, PicoUsd cost) {
  const std::lock_guard lock(mutex_);
  roll(now);
  *tokens_ -= static_cast<double>(tokens);
  today_ += cost;
  this_month_ += cost;
}

std::optional<PicoUsd> Key::left(Time now) {
  const std::lock_guard lock(mutex_);
  roll(now);
  std::optional<PicoUsd> left;
  if (rules.budget_per_day) left = *rules.budget_per_day - today_;
  if (rules.budget_per_month && (!left || *rules.budget_per_month - this_month_ < *left))
    left = *rules.budget_per_month - this_month_;
  return left;
}

Key::Spent Key::Spent::at(Time now) const {
  Spent s{now.ms / days(1).ms, month_of(now), {}, {}};
  if (s.day == day) s.today_usd = today_usd;
  if (s.month == month) s.month_usd = month_usd;
  return s;
}

Key::Spent Key::spent() const {
  const std::lock_guard lock(mutex_);
  return {day_, month_, today_, this_month_};
}

void Key::restore(const Spent& spent) {
  const std::lock_guard lock(mutex_);
  day_ = spent.day;
  month_ = spent.month;
  today_ = spent.today_usd;
  this_month_ = spent.month_usd;
}

Status KeyRing::refresh() {
  if (path_.empty()) return {};
  struct stat there{};
  int64_t seen = 0;
  if (::stat(path_.c_str(), &there) == 0)
    seen = there.st_mtim.tv_sec * 1'000'000'007 + there.st_mtim.tv_nsec + there.st_size * 31 +
           static_cast<int64_t>(there.st_ino);
  if (seen == seen_) return {};
  const auto rules = TRY(read_keys(path_));
  const std::lock_guard lock(mutex_);
  std::unordered_map<std::string, std::shared_ptr<Key>> next;
  for (const auto& rule : rules) {
    if (rule.revoked.ms > 0) continue;
    const auto old = by_hash_.find(rule.hash);
    next[rule.hash] = old != by_hash_.end() ? old->second : std::make_shared<Key>(rule);
  }
  by_hash_ = std::move(next);
  seen_ = seen;
  // A file whose keys are all revoked lets nobody in; no file lets everybody in.
  open_ = rules.empty();
  ++edition_;
  return {};
}

std::shared_ptr<Key> KeyRing::find(std::string_view secret) {
  if (secret.empty()) return nullptr;
  const std::string hash = key_hash(secret);
  const std::lock_guard lock(mutex_);
  const auto it = by_hash_.find(hash);
  return it == by_hash_.end() ? nullptr : it->second;
}

double KeyRing::weight_of(std::string_view name) {
  const std::lock_guard lock(mutex_);
  for (const auto& [hash, key] : by_hash_)
    if (key->rules.name == name) return key->rules.weight;
  return 1;
}

std::vector<std::shared_ptr<Key>> KeyRing::all() {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Key>> keys;
  for (const auto& [hash, key] : by_hash_) keys.push_back(key);
  return keys;
}

}  // namespace twolane::gateway
