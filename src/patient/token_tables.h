// The tables of OpenAI's tokenizers, read from files where the user has fetched them.
//
// They are optional data (scripts/fetch_token_tables.sh): o200k_base.tiktoken and
// cl100k_base.tiktoken, a line "base64 rank" for each token. A file is believed only when its
// SHA-256 is the published one, so that a count called exact is exact.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "price/tokens/vocabulary.h"

namespace twolane::patient {

// Looked at in this order: what `configured` names, HOME/tokens, the user's data directory
// (XDG_DATA_HOME/twolane/tokens). Empty strings are left out by the reader.
std::vector<std::string> token_table_directories(const std::string& configured,
                                                 const std::string& home);

// Nothing (a null pointer) where no directory has the file. Error tokens.table: a file is there and
// is not the published table.
Result<std::unique_ptr<price::tokens::Vocabulary>> load_vocabulary(
    const std::vector<std::string>& directories, price::tokens::Encoding encoding);

}  // namespace twolane::patient
