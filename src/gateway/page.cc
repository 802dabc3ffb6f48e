#include "gateway/page.h"

#include <string>

extern const char gateway_page_text[];
extern const unsigned long gateway_page_text_size;

namespace twolane::gateway {

wire::HttpReply jobs_page() {
  // Nothing from elsewhere, nobody around it, and no talk but with this server.
  constexpr const char* policy =
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
      "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
  return {200,
          {{"content-type", "text/html; charset=utf-8"},
           {"cache-control", "no-cache"},
           {"content-security-policy", policy},
           {"x-content-type-options", "nosniff"},
           {"referrer-policy", "no-referrer"}},
          wire::Body(std::string(gateway_page_text, gateway_page_text_size))};
}

}  // namespace twolane::gateway
