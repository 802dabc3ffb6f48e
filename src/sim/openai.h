// The simulated OpenAI API: files, batches and the synchronous endpoints below /openai/v1.
#pragma once

#include "sim/api.h"

namespace twolane::sim {

// Lines of batch files, and the bodies inside of them and of synchronous answers.
class OpenAiFormat final : public BatchFormat {
 public:
  void read(const Batch& batch, Line& line) const override;
  void name(const Batch& batch, Fate fate, Line& line) const override;
  void write(const Batch& batch, Fate fate, const Line& line, Time at,
             std::string& out) const override;
  bool two_files() const override { return true; }
  bool expiry_leaves_results() const override { return true; }
  Refusal mishap(bool server, Draw draw) const override;
};

// The id of the answer's object; empty for embeddings, which have none.
std::string openai_object_id(const Ask& ask, Draw draw);
void append_openai_body(const Line& line, std::string_view tier, Time at, std::string& out);
void append_openai_error(const Refusal& refusal, std::string& out);

class OpenAi final : public Api {
 public:
  explicit OpenAi(Core& core) : core_(core) {}
  Result<wire::HttpReply> handle(Call& call) override;
  wire::HttpReply too_many(const Call& call, Duration retry_after) const override;
  wire::HttpReply server_error(const Call& call, int status) const override;
  const BatchFormat& format() const override { return format_; }
  void sign(const Call& call, wire::HttpReply& reply) const override;

 private:
  using Reply = Result<wire::HttpReply>;
  wire::HttpReply refuse(const Refusal& refusal) const;
  wire::HttpReply refuse(int status, std::string message, std::string param = {},
                         std::string code = {}) const;

  Reply files(Call& call, std::string_view rest);
  Reply upload(Call& call);
  Reply list_files(Call& call);
  Reply one_file(Call& call, std::string_view id, std::string_view rest);
  wire::Json file_json(const File& file) const;

  Reply batches(Call& call, std::string_view rest);
  Reply create_batch(Call& call);
  Reply list_batches(Call& call);
  Reply cancel(Call& call, Batch& batch);
  wire::Json batch_json(const Batch& batch, const Call& call) const;
  void put_progress(const Batch& batch, const Call& call, wire::Json& out) const;
  void put_counts(const Batch& batch, const Call& call, wire::Json& out) const;
  std::string status_of(const Batch& batch, const Call& call) const;
  Status check_input(Batch& batch, const Call& call);

  Reply live(Call& call, Endpoint endpoint);
  Reply list_models(std::string_view id) const;

  Core& core_;
  OpenAiFormat format_;
};

}  // namespace twolane::sim
