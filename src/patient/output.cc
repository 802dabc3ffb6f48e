// Rows of the store become lines, a few thousand at a time, and leave in large pieces.
#include "patient/output.h"

#include <optional>

#include "dialect/batch_api.h"
#include "dialect/translate.h"
#include "patient/input_format.h"
#include "patient/request_text.h"
#include "patient/result_reader.h"
#include "patient/row_output.h"
#include "patient/source_window.h"

namespace twolane::patient {
namespace {

constexpr int64_t rows_at_once = 4000;
constexpr size_t piece_bytes = 1 << 20;
constexpr int64_t shown_of_set_aside = 64 << 10;

Dialect dialect_of(InputFormat format) {
  switch (format) {
    case InputFormat::anthropic_jsonl:
    case InputFormat::anthropic_json:
      return Dialect::anthropic;
    case InputFormat::gemini_jsonl:
      return Dialect::gemini;
    default:
      return Dialect::openai;
  }
}

std::string own_error(std::string_view code, std::string_view message) {
  return wire::dump(wire::Json{{"code", std::string(code)}, {"message", std::string(message)}});
}

// Why there is no answer.
std::string reason(const store::OutcomeRow& row) {
  if (!row.error.empty()) return row.error;
  switch (row.state) {
    case RequestState::failed:
      return own_error("failed", "the provider gave no reason");
    case RequestState::expired:
      return own_error("expired", "no answer within the window");
    case RequestState::cancelled:
      return own_error("cancelled", "cancelled before it was answered");
    default:
      return own_error("open", "no answer yet");
  }
}

class OutputWriter {
 public:
  OutputWriter(store::Payloads& payloads, const Job& job, InputOptions options,
               const std::function<Status(std::string_view)>& write)
      : job_(job), options_(std::move(options)), write_(write), results_(payloads) {}

  Status open(store::Payloads& payloads) {
    input_.emplace(TRY(payloads.source(job_.input)));
    if (!is_rows(options_.format)) return {};
    rows_.emplace(options_);
    rows_->append_head(out_);
    return {};
  }

  Status add(const store::OutcomeRow& row) {
    CHECKED(rows_ ? add_row(row) : add_line(row));
    return out_.size() < piece_bytes ? Status() : flush();
  }

  Status flush() {
    if (!out_.empty()) CHECKED(write_(out_));
    out_.clear();
    return {};
  }

 private:
  // The answer's bytes in body_, unless they are gone.
  Result<bool> read_answer(const store::OutcomeRow& row) {
    if (row.state != RequestState::succeeded || row.result.length == 0) return false;
    CHECKED(results_.read(row.result, body_));
    return true;
  }

  Status add_line(const store::OutcomeRow& row) {
    dialect::OutputLine line;
    line.state = row.state;
    line.http_status = row.http_status;
    line.request_id = row.response_id;
    RequestText request;
    std::string id, error;
    if (row.length > 0) {
      const std::string_view text = TRY(input_->slice(row.offset, row.length));
      request = TRY(request_text(options_, text, row.index));
      line.custom_id = request.custom_id;
    } else if (const auto aside = wire::parse_json(row.error)) {
      id = wire::string_at(*aside, "custom_id");
      line.custom_id = id;
    }
    if (TRY(read_answer(row))) {
      in_words_of(request, row, error);
      line.body = body_;
    } else {
      error = row.state == RequestState::succeeded
                  ? own_error("result_gone", "the answer is no longer kept")
                  : reason(row);
    }
    if (!error.empty()) {
      if (row.state == RequestState::succeeded) line.state = RequestState::failed;
      line.error_json = error;
    }
    dialect::append_output_line(out_, dialect_of(options_.format), line);
    return {};
  }

  // body_ as the endpoint of the input would have said it; `error` is filled where that is
  // impossible.
  void in_words_of(const RequestText& request, const store::OutcomeRow& row, std::string& error) {
    if (request.endpoint == row.endpoint) return;
    auto translated =
        dialect::translate_answer(row.endpoint, body_, request.endpoint, row.model, request.body);
    if (translated) {
      body_ = std::move(*translated);
    } else {
      error = own_error(translated.error().code, translated.error().message);
    }
  }

  Status add_row(const store::OutcomeRow& row) {
    RowAnswer answer;
    if (TRY(read_answer(row))) {
      answer.text = dialect::answer_text(row.endpoint, body_);
      answer.vector = operation_of(row.endpoint) == Operation::embedding && !answer.text->empty();
    } else {
      answer.error_json = row.state == RequestState::succeeded
                              ? own_error("result_gone", "the answer is no longer kept")
                              : reason(row);
    }
    if (row.length > 0) {
      rows_->append_row(out_, TRY(input_->slice(row.offset, row.length)), {}, answer);
    } else {
      rows_->append_row(out_, {}, TRY(input_->up_to(row.offset, shown_of_set_aside)), answer);
    }
    return {};
  }

  const Job& job_;
  const InputOptions options_;
  const std::function<Status(std::string_view)>& write_;
  ResultReader results_;
  std::optional<SourceWindow> input_;
  std::optional<RowOutput> rows_;
  std::string out_, body_;
};

}  // namespace

Status write_output(store::Store& store, store::Payloads& payloads, const Job& job, bool only_final,
                    const std::function<Status(std::string_view)>& write) {
  OutputWriter writer(payloads, job, TRY(input_options_from_json(job.options)), write);
  CHECKED(writer.open(payloads));
  for (int64_t from = 0;;) {
    const auto rows = TRY(store.outcomes(job.id, from, rows_at_once));
    if (rows.empty()) break;
    for (const store::OutcomeRow& row : rows)
      if (!only_final || is_final(row.state)) CHECKED(writer.add(row));
    from = rows.back().index + 1;
  }
  return writer.flush();
}

std::string default_output_path(std::string_view input) {
  const size_t slash = input.rfind('/');
  const size_t name = slash == input.npos ? 0 : slash + 1;
  const size_t dot = input.rfind('.');
  if (dot == input.npos || dot <= name) return std::string(input) + ".out";
  // A document of requests has its results line by line.
  const std::string_view extension = input.substr(dot) == ".json" ? ".jsonl" : input.substr(dot);
  return std::string(input.substr(0, dot)) + ".out" + std::string(extension);
}

}  // namespace twolane::patient
