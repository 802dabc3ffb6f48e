// The members of wire::Json, for all sources: cmake/json_header.h tells those not to make their own.
#include "wire/json.h"

template class nlohmann::basic_json<nlohmann::ordered_map>;
template class std::vector<nlohmann::ordered_json>;
