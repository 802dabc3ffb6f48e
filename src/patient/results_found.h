// Where a provider says a batch's results are, as it is stored with the batch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialect/batch_api.h"

namespace twolane::patient {

struct ResultsFound {
  std::vector<dialect::Output> outputs;
  bool expired = false, cancelled = false;  // why the batch ended early
};

std::string to_json(const ResultsFound& found);
ResultsFound results_found_from_json(std::string_view text);  // nothing found where it is unreadable

}  // namespace twolane::patient
