// Damaged bodies and streams: refused or understood, never a crash.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "dialect/translate.h"
#include "dialect/translate_recordings_for_test.h"

namespace twolane::dialect {
namespace {

// The mutation loop: deterministic damage to real requests and answers. Nothing crashes, and what
// is refused is refused with a code.
class Damage {
 public:
  explicit Damage(uint64_t seed) : state_(seed * 2 + 1) {}
  uint64_t next(uint64_t below) {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return (state_ >> 33) % below;
  }
  // One random node of the tree becomes something else.
  void strike(Json& root) {
    Json* at = &root;
    for (int depth = 0; depth < 12 && (at->is_object() || at->is_array()) && !at->empty();
         ++depth) {
      if (depth > 0 && next(5) == 0) break;
      auto it = at->begin();
      std::advance(it, static_cast<long>(next(at->size())));
      at = &*it;
    }
    static const std::vector<Json> things = {nullptr,
                                             true,
                                             -1,
                                             1.5,
                                             9e18,
                                             "",
                                             "x",
                                             Json::array(),
                                             Json::object(),
                                             Json::array({nullptr}),
                                             Json{{"type", "text"}},
                                             Json{{"type", 7}},
                                             Json::array({Json::array()}),
                                             "data:,",
                                             "data:;base64,%%"};
    *at = things[next(things.size())];
  }

 private:
  uint64_t state_;
};

TEST(DamagedBodies, NeverCrash) {
  NEED_RECORDINGS();
  const char* more = std::getenv("TWOLANE_DAMAGE_ROUNDS");  // by hand, for a long run
  const int rounds = more ? std::atoi(more) : 6;
  int refused = 0, through = 0;
  uint64_t seed = 0;
  for (const Exchange& e : recordings().covered) {
    Damage damage(++seed);
    const bool request = damage.next(3) > 0;
    const Json whole = request ? e.request : e.response;
    if (!whole.is_object()) continue;
    Json body = whole;
    for (int round = 0; round < rounds; ++round) {
      if (round % 6 == 0) body = whole;
      damage.strike(body);
      const std::string text = wire::dump(body);
      const Endpoint to = chat_endpoints[damage.next(4)];
      (void)check_body(e.endpoint, text);
      (void)read_served(e.endpoint, text);
      (void)answer_text(e.endpoint, text);
      const auto out = request ? translate_request(e.endpoint, text, to, "m")
                               : translate_answer(e.endpoint, text, to, "m");
      if (out)
        ++through;
      else {
        ++refused;
        EXPECT_FALSE(out.error().code.empty());
        EXPECT_NE(out.error().code, "dialect.shape") << out.error().why << "\n"
                                                     << text.substr(0, 2'000);
      }
      if (request && body.is_object()) (void)translate_request(e.endpoint, text, e.endpoint, "m");
    }
  }
  EXPECT_GT(refused, 500);
  EXPECT_GT(through, 500);
}

TEST(DamagedStreams, NeverCrash) {
  NEED_RECORDINGS();
  Damage damage(7);
  int assembled = 0;
  for (const Exchange& e : recordings().covered) {
    if (!e.response.is_string()) continue;
    for (int round = 0; round < 20; ++round) {
      std::string sse = e.response.get<std::string>();
      for (int hit = 0; hit < 3 && !sse.empty(); ++hit) {
        const size_t at = damage.next(sse.size());
        static constexpr std::string_view bytes = "\n{}[]\":,0x\r ";
        if (damage.next(2))
          sse[at] = bytes[damage.next(bytes.size())];
        else
          sse.erase(at, damage.next(200));
      }
      const auto body = assemble_stream(e.endpoint, sse);
      assembled += body.has_value();
      if (!body) {
        EXPECT_NE(body.error().code, "dialect.shape") << body.error().why;
      }
    }
  }
  EXPECT_GT(assembled, 0);
}

}  // namespace
}  // namespace twolane::dialect
