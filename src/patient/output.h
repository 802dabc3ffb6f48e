// A job's answers as the user's file: in the input's words and order, one line per request.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/job.h"
#include "store/payloads.h"
#include "store/store.h"

namespace twolane::patient {

// Writes every request's line, in input order, through `write`. `only_final` leaves out requests
// without an outcome (results of a running job); otherwise such a request is an error line "open".
// Memory is flat: rows and results are read a few thousand at a time.
Status write_output(store::Store& store, store::Payloads& payloads, const Job& job, bool only_final,
                    const std::function<Status(std::string_view)>& write);

// The file name beside INPUT: "tickets.jsonl" -> "tickets.out.jsonl".
std::string default_output_path(std::string_view input);

}  // namespace twolane::patient
