// The reused parser behind scan(), look-ups that treat null as absent, and hashing.
#include "dialect/translate_scan.h"

#include <charconv>
#include <cstring>
#include <memory>
#include <vector>

#include "wire/json.h"

namespace twolane::dialect {
namespace {

constexpr size_t max_depth = 256;       // the same as wire::parse_json
constexpr size_t keep_bytes = 4 << 20;  // a parser that grew beyond this is not kept

// simdjson reads past the end, so bodies are copied to where that is allowed.
struct Scanner {
  simdjson::dom::parser parser;
  std::vector<char> text;
  simdjson::error_code failed = parser.allocate(1 << 16, max_depth);  // the depth stays as it grows
};

Scanner& scanner(size_t size) {
  thread_local auto own = std::make_unique<Scanner>();
  if (own->text.size() > keep_bytes && size <= keep_bytes) own = std::make_unique<Scanner>();
  return *own;
}

uint64_t fold(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

constexpr uint64_t salt_a = 0x9E3779B97F4A7C15ull, salt_b = 0xC2B2AE3D27D4EB4Full;

}  // namespace

Result<simdjson::dom::element> scan(std::string_view body) {
  Scanner& own = scanner(body.size());
  if (own.text.size() < body.size() + simdjson::SIMDJSON_PADDING)
    own.text.resize(body.size() + body.size() / 2 + simdjson::SIMDJSON_PADDING);
  if (!body.empty()) std::memcpy(own.text.data(), body.data(), body.size());
  std::memset(own.text.data() + body.size(), ' ', simdjson::SIMDJSON_PADDING);
  simdjson::dom::element root;
  const auto error =
      own.failed ? own.failed : own.parser.parse(own.text.data(), body.size(), false).get(root);
  if (error == simdjson::SUCCESS) return root;
  // The slow parser knows where the fault is.
  if (auto slow = wire::parse_json(body); !slow) return fail(std::move(slow).error());
  return fail("wire.json", "the body is not JSON", simdjson::error_message(error));
}

std::optional<simdjson::dom::element> member(simdjson::dom::element in, std::string_view key) {
  simdjson::dom::object object;
  simdjson::dom::element value;
  if (in.get(object) || object.at_key(key).get(value) || value.is_null()) return std::nullopt;
  return value;
}

std::optional<simdjson::dom::element> member(simdjson::dom::element in, std::string_view camel,
                                             std::string_view snake) {
  if (auto value = member(in, camel)) return value;
  return member(in, snake);
}

std::string_view text_member(simdjson::dom::element in, std::string_view key) {
  std::string_view text;
  if (auto value = member(in, key); !value || value->get(text)) return {};
  return text;
}

int64_t count_member(simdjson::dom::element in, std::string_view key) {
  const auto value = member(in, key);
  if (!value) return 0;
  int64_t n = 0;
  if (!value->get(n)) return n;
  if (double d = 0; !value->get(d)) return d >= 0 && d < 9e15 ? static_cast<int64_t>(d) : 0;
  if (std::string_view text; !value->get(text))
    std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

uint64_t hash_bytes(std::string_view bytes, uint64_t seed) {
  uint64_t h = seed ^ fold(bytes.size() ^ salt_a, salt_b);
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    h = fold(h ^ word, salt_a);
  }
  if (left > 0) {
    uint64_t word = 0;
    std::memcpy(&word, at, left);
    h = fold(h ^ word, salt_b);
  }
  return fold(h ^ salt_b, salt_a);
}

uint64_t hash_json(simdjson::dom::element value, uint64_t seed) {
  using simdjson::dom::element_type;
  const auto tag = static_cast<uint64_t>(value.type());
  switch (value.type()) {
    case element_type::ARRAY: {
      uint64_t h = fold(seed ^ tag, salt_a);
      for (auto element : simdjson::dom::array(value))
        h = hash_json(element, fold(h ^ salt_a, salt_b));
      return h;
    }
    case element_type::OBJECT: {
      uint64_t sum = 0;  // of members, so that their order is of no account
      for (auto field : simdjson::dom::object(value))
        sum += hash_json(field.value, hash_bytes(field.key, seed));
      return fold(sum ^ tag, salt_a);
    }
    case element_type::STRING:
      return hash_bytes(std::string_view(value), seed ^ tag);
    case element_type::INT64:
    case element_type::UINT64:
    case element_type::DOUBLE: {  // 1 and 1.0 are one number
      const double number = double(value);
      uint64_t bits;
      std::memcpy(&bits, &number, 8);
      return fold(seed ^ bits, salt_a ^ 'n');
    }
    case element_type::BOOL:
      return fold(seed ^ (bool(value) ? 2 : 1), salt_b ^ tag);
    case element_type::NULL_VALUE:
      return fold(seed, salt_b ^ tag);
  }
  return seed;
}

}  // namespace twolane::dialect
