// A streamed answer in no provider's words: what stream readers give and stream writers take.
//
// Pure. The streamed counterpart of model/chat.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dialect/translate.h"
#include "model/chat.h"
#include "wire/json.h"

namespace twolane::dialect {

struct StreamStep {
  enum class Kind : uint8_t {
    text,
    refusal,
    reasoning,
    call,       // a tool call begins: call_id, name
    arguments,  // some more of the latest call's arguments
    finish,     // of one choice: finish, why (in `text`), stop_sequence (in `name`)
  };
  Kind kind = Kind::text;
  size_t choice = 0;
  std::string text;
  std::string call_id, name;
  Finish finish = Finish::stop;
};

// What is known of the answer as a whole, more with every event.
struct StreamHead {
  std::string id, model;
  int64_t created = 0;  // unix seconds
};

class StreamReader {
 public:
  virtual ~StreamReader() = default;
  // One event, parsed. Errors: dialect.stream_error with the provider's words; dialect.shape.
  virtual Status take(const wire::Json& event, std::vector<StreamStep>& out) = 0;
  // Whether what was read is a whole answer.
  virtual bool complete() const = 0;
  // An answer body of the endpoint with the usage seen so far, for read_served; empty: none.
  virtual std::string usage_body() const = 0;
  StreamHead head;
};

class StreamWriter {
 public:
  virtual ~StreamWriter() = default;
  virtual void put(const StreamStep& step, const StreamHead& head, std::string& out) = 0;
  virtual void end(const StreamHead& head, const Served* served, std::string& out) = 0;
};

std::unique_ptr<StreamReader> stream_reader(Endpoint from);
// `with_usage`: OpenAI's chat shows usage only where it was asked for.
std::unique_ptr<StreamWriter> stream_writer(Endpoint to, bool with_usage);

// The words of an error event, if it is one.
std::optional<std::string> error_in(const wire::Json& event);

}  // namespace twolane::dialect
