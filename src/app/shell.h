// What every command has: its flags, the local time zone, and the ways to speak.
#pragma once

#include <string_view>

#include "app/cli.h"
#include "app/when.h"
#include "base/result.h"
#include "wire/json.h"

namespace twolane::app {

struct Shell {
  const Invocation& in;
  Zone zone = Zone::system();

  // Result text, to stdout. False: nobody reads any more.
  bool print(std::string_view text) const;
  // The one JSON object of this process, when it is asked for.
  void answer(const wire::Json& object) const;
  // A refusal: the text on stderr, the object on stdout under --json. Returns the exit code, 2.
  int refuse(const Error& error, bool nothing_bought = false) const;
  // Says something beside the result, to stderr; silent under --quiet.
  void remark(std::string_view text) const;
};

// The members that every JSON answer begins with.
wire::Json good_answer();

}  // namespace twolane::app
