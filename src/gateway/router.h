// From a model's name to who is asked for it, and how a call to them is written.
//
// Pure. A name is "provider/model", where the provider may be a server of the user's own, or a model of
// the catalogue; any other name goes to the door's own provider as it is. Names of routes are looked
// for before (routes.h). Errors: gateway.model (nobody who could answer is configured),
// provider.no_endpoint.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gateway/doors.h"
#include "model/endpoint.h"
#include "model/job.h"
#include "wire/http.h"

namespace twolane::gateway {

// How one provider is reached.
struct Provider {
  std::string name;
  Dialect dialect = Dialect::openai;
  wire::Url url;     // of its base; target is the base path without a slash at its end
  std::string key;   // secret
  std::string auth;  // the header line with the key, line end included, or empty; secret
  bool own = false;  // a server of the user's, of which only the name is known: OpenAI's endpoints
};
// Without a key none is sent. Error wire.url.
Result<Provider> make_provider(std::string name, const std::string& base_url, std::string key);

// One place where a request may go.
struct Choice {
  const Provider* provider = nullptr;
  Target target;
  Endpoint endpoint = Endpoint::chat_completions;  // as the provider is called
  bool renamed = false;     // the provider's name for the model is not the one that was written
  bool translated = false;  // `endpoint` is not the door's
};

class Router {
 public:
  explicit Router(std::vector<Provider> providers) : providers_(std::move(providers)) {}

  Result<Choice> choose(const Door& door, std::string_view model) const;
  const Provider* provider(std::string_view name) const;
  const std::vector<Provider>& providers() const { return providers_; }

 private:
  const Provider* own_server(std::string_view model) const;

  std::vector<Provider> providers_;
};

// How a provider's body asks for a tier: {"service_tier", "flex"}.
struct TierWords {
  std::string_view name, value;
};
TierWords tier_words(Dialect dialect, ServiceTier tier);

// The request line's target at the provider: base path, endpoint, model where it stands in the path,
// and what of the query is the provider's business.
std::string target_at(const Choice& choice, const Door& door, bool streams);

}  // namespace twolane::gateway
