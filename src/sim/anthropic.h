// The simulated Anthropic API: messages and message batches below /anthropic/v1.
#pragma once

#include "sim/api.h"

namespace twolane::sim {

class AnthropicFormat final : public BatchFormat {
 public:
  void read(const Batch& batch, Line& line) const override;
  void name(const Batch& batch, Fate fate, Line& line) const override;
  void write(const Batch& batch, Fate fate, const Line& line, Time at,
             std::string& out) const override;
  bool two_files() const override { return false; }
  bool expiry_leaves_results() const override { return true; }
  Refusal mishap(bool server, Draw draw) const override;
};

std::string anthropic_message_id(Draw draw);
void append_anthropic_message(const Line& line, std::string_view tier, std::string& out);
// The error envelope; `request_id` empty: null.
void append_anthropic_error(const Refusal& refusal, std::string_view request_id, std::string& out);

class Anthropic final : public Api {
 public:
  explicit Anthropic(Core& core) : core_(core) {}
  Result<wire::HttpReply> handle(Call& call) override;
  wire::HttpReply too_many(const Call& call, Duration retry_after) const override;
  wire::HttpReply server_error(const Call& call, int status) const override;
  const BatchFormat& format() const override { return format_; }
  void sign(const Call& call, wire::HttpReply& reply) const override;

 private:
  using Reply = Result<wire::HttpReply>;
  wire::HttpReply refuse(const Call& call, int status, std::string type, std::string message) const;
  Reply messages(Call& call);
  Reply count_tokens(Call& call);
  Reply list_models(Call& call, std::string_view id) const;
  Reply batches(Call& call, std::string_view rest);
  Reply create(Call& call);
  Reply list(Call& call);
  Reply cancel(Call& call, Batch& batch);
  Reply remove(Call& call, Batch& batch);
  Reply results(Call& call, const Batch& batch);
  wire::Json batch_json(const Batch& batch, const Call& call) const;

  Core& core_;
  AnthropicFormat format_;
};

}  // namespace twolane::sim
