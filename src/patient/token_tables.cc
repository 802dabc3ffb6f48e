// One pass over a file of 1.7 or 3.6 MB.
#include "patient/token_tables.h"

#include <openssl/evp.h>

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "wire/base64.h"
#include "wire/hex.h"

namespace twolane::patient {
namespace {

using price::tokens::Encoding;
using price::tokens::Vocabulary;
using price::tokens::VocabularyBuilder;

struct Published {
  const char* file;
  const char* sha256;  // as tiktoken checks it (openai_public.py)
};

constexpr Published published(Encoding encoding) {
  if (encoding == Encoding::o200k)
    return {"o200k_base.tiktoken",
            "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"};
  return {"cl100k_base.tiktoken",
          "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"};
}

std::string sha256_hex(const std::string& bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest, &length, EVP_sha256(), nullptr) != 1)
    return {};
  return wire::hex_of({digest, length});
}

std::unexpected<Error> not_the_table(const std::string& path, std::string why) {
  Error e;
  e.code = "tokens.table";
  e.message = "the file is not the published table of tokens";
  e.where.file = path;
  e.why = std::move(why);
  e.next = {"remove it, or fetch it again: scripts/fetch_token_tables.sh"};
  return fail(std::move(e));
}

Result<std::unique_ptr<Vocabulary>> read_table(const std::string& path, const std::string& text,
                                               Encoding encoding) {
  VocabularyBuilder builder(encoding);
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.empty()) continue;
    const size_t blank = line.find(' ');
    const auto bytes = wire::base64_decoded(line.substr(0, blank));
    uint32_t rank = 0;
    if (!bytes || blank == line.npos ||
        std::from_chars(line.data() + blank + 1, line.data() + line.size(), rank).ec != std::errc{})
      return not_the_table(path, "a line is not \"base64 rank\"");
    builder.add(*bytes, rank);
  }
  auto built = std::move(builder).build();
  if (!built) return not_the_table(path, built.error().why);
  return std::make_unique<Vocabulary>(std::move(*built));
}

}  // namespace

std::vector<std::string> token_table_directories(const std::string& configured,
                                                 const std::string& home) {
  std::vector<std::string> all;
  if (!configured.empty()) all.push_back(configured);
  if (!home.empty()) all.push_back(home + "/tokens");
  const char* data = std::getenv("XDG_DATA_HOME");
  const char* user = std::getenv("HOME");
  if (data && *data)
    all.push_back(std::string(data) + "/twolane/tokens");
  else if (user && *user)
    all.push_back(std::string(user) + "/.local/share/twolane/tokens");
  return all;
}

Result<std::unique_ptr<Vocabulary>> load_vocabulary(const std::vector<std::string>& directories,
                                                    Encoding encoding) {
  for (const std::string& directory : directories) {
    const std::string path = directory + '/' + published(encoding).file;
    std::ifstream file(path, std::ios::binary);
    if (!file) continue;
    std::ostringstream text;
    text << file.rdbuf();
    const std::string bytes = std::move(text).str();
    if (sha256_hex(bytes) != published(encoding).sha256)
      return not_the_table(path, "its SHA-256 differs");
    return read_table(path, bytes, encoding);
  }
  return std::unique_ptr<Vocabulary>();
}

}  // namespace twolane::patient
