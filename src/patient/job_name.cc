// Parts are hashed with their lengths, so that no two lists of parts run together to the same
// bytes.
#include "patient/job_name.h"

#include <openssl/evp.h>

#include <memory>

#include "patient/input_format.h"

namespace twolane::patient {
namespace {

class Hasher {
 public:
  Hasher() { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  void add(std::string_view part) {
    unsigned char length[8];
    for (int i = 0; i < 8; ++i)
      length[i] = static_cast<unsigned char>(uint64_t{part.size()} >> (8 * i));
    EVP_DigestUpdate(context_.get(), length, sizeof length);
    EVP_DigestUpdate(context_.get(), part.data(), part.size());
  }
  JobId job_id() {
    Sha256 digest{};
    EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
    JobId id;
    for (size_t i = 0; i < 8; ++i) id.n = id.n << 8 | digest[i];
    if (!id) id.n = 1;  // 0 means none
    return id;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_{EVP_MD_CTX_new(),
                                                                   &EVP_MD_CTX_free};
};

}  // namespace

JobId name_job(std::string_view world, const Sha256& input, const InputOptions& options,
               std::string_view salt, int64_t limit) {
  InputOptions content = options;
  if (!is_rows(content.format)) content.output_tokens = 0;
  Hasher hash;
  hash.add("twolane job");
  hash.add(world);
  hash.add({reinterpret_cast<const char*>(input.data()), input.size()});
  hash.add(to_json(content));
  hash.add(salt);
  hash.add(std::to_string(limit));
  return hash.job_id();
}

}  // namespace twolane::patient
