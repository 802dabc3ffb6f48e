// The simulated Gemini API: files, batches and the synchronous endpoints below /gemini.
#pragma once

#include "sim/api.h"

namespace twolane::sim {

class GeminiFormat final : public BatchFormat {
 public:
  explicit GeminiFormat(const State& state) : state_(state) {}
  void read(const Batch& batch, Line& line) const override;
  void name(const Batch& batch, Fate fate, Line& line) const override;
  void write(const Batch& batch, Fate fate, const Line& line, Time at,
             std::string& out) const override;
  bool two_files() const override { return false; }
  bool expiry_leaves_results() const override { return false; }
  Refusal mishap(bool server, Draw draw) const override;

 private:
  const State& state_;
};

std::string gemini_response_id(Draw draw);
// A GenerateContentResponse, or an EmbedContentResponse.
void append_gemini_body(const Line& line, std::string_view tier, std::string& out);
int gemini_code(int http_status);  // the canonical code inside of batch items
std::string_view gemini_word(int http_status);

class Gemini final : public Api {
 public:
  explicit Gemini(Core& core) : core_(core), format_(core.state) {}
  Result<wire::HttpReply> handle(Call& call) override;
  wire::HttpReply too_many(const Call& call, Duration retry_after) const override;
  wire::HttpReply server_error(const Call& call, int status) const override;
  const BatchFormat& format() const override { return format_; }
  void sign(const Call& call, wire::HttpReply& reply) const override;

 private:
  using Reply = Result<wire::HttpReply>;
  wire::HttpReply refuse(int status, std::string message) const;

  Reply uploads(Call& call);
  Reply start_upload(Call& call);
  Reply take_chunk(Call& call, Upload upload, std::string_view commands);
  Reply files(Call& call, std::string_view rest);
  Reply list_files(Call& call);
  Reply download(Call& call, std::string_view id);
  wire::Json file_json(const File& file, const Call& call) const;

  Reply model_call(Call& call, std::string_view rest);
  Reply live(Call& call, Endpoint endpoint, const Model& model);
  Reply stream(Call& call, const Model& model);
  Reply embed_many(Call& call, const Model& model);
  Reply count_tokens(Call& call, const Model& model);
  Reply list_models(std::string_view name) const;

  Reply cached_contents(Call& call, std::string_view rest);
  Reply create_cached(Call& call);
  Reply count_cached(CachedContent& content, const Model& model) const;
  Reply patch_cached(Call& call, CachedContent& content);
  Reply list_cached(Call& call) const;

  Reply create(Call& call, Endpoint endpoint, const Model& model);
  Reply check(Call& call, Batch& batch, const simdjson::dom::element& config);
  Reply check_file(Call& call, Batch& batch, std::string_view name);
  Reply check_inline(Call& call, Batch& batch, const simdjson::dom::element& config);
  Reply check_quota(const Call& call, const Batch& batch) const;
  Reply batches(Call& call, std::string_view rest);
  Reply list_batches(Call& call);
  Reply cancel(Call& call, Batch& batch);
  wire::Json metadata(const Batch& batch, const Call& call) const;
  // The long-running operation, with inline results in place unless it is for a list.
  Reply operation(const Batch& batch, const Call& call) const;
  wire::Json operation_json(const Batch& batch, const Call& call) const;

  Core& core_;
  GeminiFormat format_;
};

}  // namespace twolane::sim
