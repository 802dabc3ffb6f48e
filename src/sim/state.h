// What the simulated providers know: files, uploads under way and batches. Every change is an
// effect: it is first committed to the journal, then made here, then answered.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/endpoint.h"
#include "model/usage.h"
#include "sim/cached_contents.h"
#include "sim/rates.h"
#include "sim/storage.h"
#include "wire/json.h"

namespace twolane::sim {

// A file of a client, or one that a batch left (a result).
struct File {
  std::string id;
  Provider provider = Provider::openai;
  std::string account;
  std::string name;     // file name, or display name
  std::string purpose;  // OpenAI: "batch", "batch_output"; Gemini: the mime type
  std::string blob;
  int64_t bytes = 0;
  Time created, expires;
  bool generated = false;
  bool deleted = false;

  bool gone(Time now) const { return deleted || (expires.ms > 0 && now >= expires); }
};

// A resumable upload that is not finished.
struct Upload {
  std::string id, account, name, mime, blob;
  int64_t bytes = 0;
};

// How and when a batch came to its end, and what it left.
struct BatchEnd {
  enum class How : uint8_t { failed, completed, expired, cancelled } how = How::completed;
  Time at;
  int64_t answered = 0, errored = 0, cancelled = 0, expired = 0;
  int64_t output_bytes = 0, error_bytes = 0;
  Usage usage;
};

// When things happen to a batch, drawn once from the seed and its number. Not stored.
struct Plan {
  Time validated;              // then it fails, or begins
  Duration takes;              // from there to the last answer
  bool stuck = false;          // never finishes by itself
  bool stuck_waiting = false;  // and never begins
  Time window_ends;
  uint64_t draw = 0;  // base of its draws
};

struct Batch {
  uint64_t number = 0;  // in order of creation
  std::string id;
  Provider provider = Provider::openai;
  std::string account;
  Endpoint endpoint = Endpoint::chat_completions;
  std::string model;  // empty where models may be mixed
  Time created;
  std::string input;       // blob of one request a line
  std::string input_file;  // as the client named it; empty: the requests came with the call
  int64_t requests = 0;
  int64_t tokens = 0;  // of all prompts
  std::string label;   // OpenAI: metadata as JSON; Gemini: the display name
  std::string faults;  // OpenAI: why validation fails, a JSON array; empty: it does not
  Time cancel_asked, cancel_takes_effect;  // 0: never
  std::optional<BatchEnd> end;
  bool deleted = false;
  Plan plan;

  // Result files of OpenAI have ids of their own.
  std::string output_file() const { return "file-" + id.substr(id.find('_') + 1) + "out"; }
  std::string error_file() const { return "file-" + id.substr(id.find('_') + 1) + "err"; }
  std::string output_blob() const { return id + ".output"; }
  std::string error_blob() const { return id + ".errors"; }
  bool is_inline() const { return input_file.empty(); }
};

class State {
 public:
  explicit State(Storage& storage) : storage_(storage) {}
  // Makes the changes of the records again.
  Status replay(const std::vector<std::string>& records);

  std::string id;       // of this simulator
  uint64_t starts = 0;  // how often it was opened
  Time began;           // the first call's time; 0: none yet

  // Effects.
  Status opened(std::string_view name);
  Status begin(Time now);
  Status add(File file);
  Status remove_file(std::string_view id);
  Status keep(Upload upload);  // new, or grown
  Status finish(std::string_view upload, File file);
  Status add(Batch batch);  // its plan is set by the caller
  Status ask_cancel(Batch& batch, Time asked, Time effect);
  Status end(Batch& batch, BatchEnd end);
  Status remove_batch(Batch& batch);
  Status add(CachedContent content);
  Status move_expiry(CachedContent& content, Time expires, Time now);
  Status end(CachedContent& content, Time at);
  Status charged();  // charges of a synchronous call, already in the ledger

  File* file(Provider provider, std::string_view account, std::string_view id, Time now);
  Upload* upload(std::string_view id);
  Batch* batch(Provider provider, std::string_view account, std::string_view id);
  // Also one that is gone by now.
  CachedContent* cached_content(std::string_view account, std::string_view id) const;

  // All of them, oldest first.
  const std::vector<std::unique_ptr<File>>& files() const { return files_; }
  const std::vector<std::unique_ptr<Batch>>& batches() const { return batches_; }
  const std::vector<std::unique_ptr<CachedContent>>& cached_contents() const {
    return cached_contents_;
  }
  // Those whose storage is not billed yet.
  const std::vector<CachedContent*>& kept_contents() const { return kept_contents_; }
  const std::vector<Batch*>& unfinished() const { return unfinished_; }
  uint64_t next_number() const { return batches_.size() + 1; }
  uint64_t effects() const { return effects_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  template <class T>
  using ById = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  Status commit(const std::string& record);
  Status replay_content(std::string_view what, const wire::Json& record);
  Status replay_one(std::string_view record);
  void insert(File file);
  void insert(Batch batch);
  void insert(CachedContent content);
  void take_end(CachedContent& content, Time at);
  void drop_file(File& file);
  void take_end(Batch& batch, BatchEnd end);

  Storage& storage_;
  uint64_t effects_ = 0;
  std::vector<std::unique_ptr<File>> files_;
  std::vector<std::unique_ptr<Batch>> batches_;
  std::vector<Batch*> unfinished_;
  std::vector<std::unique_ptr<CachedContent>> cached_contents_;
  std::vector<CachedContent*> kept_contents_;
  ById<File*> file_by_id_;
  ById<Batch*> batch_by_id_;
  ById<CachedContent*> content_by_id_;
  ById<Upload> uploads_;
};

}  // namespace twolane::sim
