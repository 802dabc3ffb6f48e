// A walk down the schema that writes as it goes.

#include "sim/schema_answer.h"

#include <algorithm>
#include <cmath>

#include "sim/ask.h"
#include "sim/ask_parts.h"
#include "sim/json_text.h"
#include "sim/random.h"

namespace twolane::sim {

using simdjson::dom::element;

namespace {

constexpr int deepest = 12;  // below it, only what is required

bool same_word(std::string_view a, std::string_view lowered) {
  return std::equal(a.begin(), a.end(), lowered.begin(), lowered.end(),
                    [](char x, char y) { return (x | 0x20) == y; });
}

class Maker {
 public:
  Maker(std::string& out, element root, std::string_view user, uint64_t seed)
      : out_(out), root_(root), user_(user), seed_(seed) {}

  void make(element schema, std::string_view name, int depth) {
    seed_ = mix(seed_, name.size() + static_cast<uint64_t>(depth));
    simdjson::dom::array options;
    if (auto ref = member(schema, "$ref"); ref && depth < 3 * deepest) {
      if (auto target = resolve(text_of(*ref))) return make(*target, name, depth + 1);
    }
    if (auto value = member(schema, "const")) return append(simdjson::minify(*value));
    if (auto values = member(schema, "enum"); values && !values->get(options) && options.size() > 0)
      return append(simdjson::minify(pick(options)));
    for (std::string_view key : {"anyOf", "oneOf", "allOf"})
      if (auto list = member(schema, key); list && !list->get(options) && options.size() > 0)
        return make(first_useful(options, depth), name, depth + 1);
    make_type(type_of(schema, depth), schema, name, depth);
  }

 private:
  void append(const std::string& text) { out_ += text; }

  std::optional<element> resolve(std::string_view ref) {
    if (ref == "#") return root_;
    if (!ref.starts_with("#/")) return std::nullopt;
    element found;
    if (root_.at_pointer(ref.substr(1)).get(found)) return std::nullopt;
    return found;
  }

  // The option that shares words with the text, or any.
  element pick(simdjson::dom::array options) {
    element chosen = options.at(mix(seed_) % options.size()).value();
    size_t most = 0;
    for (element option : options) {
      const std::string_view word = option.is_string() ? text_of(option) : std::string_view();
      if (word.size() > most && contains(user_, word)) chosen = option, most = word.size();
    }
    return chosen;
  }

  static bool contains(std::string_view text, std::string_view word) {
    auto fold = [](char c) { return c == '_' || c == '-' ? ' ' : static_cast<char>(c | 0x20); };
    auto at = std::search(text.begin(), text.end(), word.begin(), word.end(),
                          [&](char a, char b) { return fold(a) == fold(b); });
    return at != text.end();
  }

  element first_useful(simdjson::dom::array options, int depth) {
    for (element option : options)
      if (depth > deepest ? type_is(option, "null") : !type_is(option, "null")) return option;
    return options.at(0).value();
  }

  static bool type_is(element schema, std::string_view lowered) {
    return same_word(text_at(schema, "type"), lowered);
  }

  std::string_view type_of(element schema, int depth) {
    auto type = member(schema, "type");
    simdjson::dom::array several;
    if (!type)
      return member(schema, "properties") ? "object" : member(schema, "items") ? "array" : "string";
    if (type->get(several)) return text_of(*type);
    std::string_view chosen = "null";
    for (element one : several) {
      const bool null = same_word(text_of(one), "null");
      if (null == (depth > deepest)) return text_of(one);
      chosen = text_of(one);
    }
    return chosen;
  }

  void make_type(std::string_view type, element schema, std::string_view name, int depth) {
    if (same_word(type, "object")) return make_object(schema, depth);
    if (same_word(type, "array")) return make_array(schema, name, depth);
    if (same_word(type, "integer")) return make_number(schema, true);
    if (same_word(type, "number")) return make_number(schema, false);
    if (same_word(type, "boolean")) return append(mix(seed_) & 1 ? "true" : "false");
    if (same_word(type, "null")) return append("null");
    make_string(schema, name);
  }

  void make_object(element schema, int depth) {
    out_ += '{';
    bool first = true;
    auto properties = member(schema, "properties");
    auto required = member(schema, "required");
    simdjson::dom::object fields;
    if (properties && !properties->get(fields)) {
      for (auto [key, property] : fields) {
        if (depth > deepest && !named(required, key)) continue;
        if (!first) out_ += ',';
        first = false;
        append_quoted(out_, key);
        out_ += ':';
        make(property, key, depth + 1);
      }
    }
    out_ += '}';
  }

  static bool named(const std::optional<element>& list, std::string_view key) {
    simdjson::dom::array names;
    if (!list || list->get(names)) return false;
    for (element name : names)
      if (text_of(name) == key) return true;
    return false;
  }

  void make_array(element schema, std::string_view name, int depth) {
    const int64_t least = int_at(schema, "minItems").value_or(0);
    const int64_t most = int_at(schema, "maxItems").value_or(std::max<int64_t>(least, 3));
    int64_t count =
        std::clamp<int64_t>(1 + static_cast<int64_t>(mix(seed_) % 3), least, std::max(least, most));
    if (depth > deepest) count = least;
    auto items = member(schema, "items");
    out_ += '[';
    for (int64_t i = 0; i < count; ++i) {
      if (i > 0) out_ += ',';
      if (items)
        make(*items, name, depth + 1);
      else
        make_string(schema, name);
      seed_ = mix(seed_);
    }
    out_ += ']';
  }

  static std::optional<double> bound(element schema, std::string_view key) {
    auto found = member(schema, key);
    double n = 0;
    if (!found || found->get(n)) return std::nullopt;
    return n;
  }

  void make_number(element schema, bool whole) {
    double least = bound(schema, "minimum").value_or(0);
    if (auto above = bound(schema, "exclusiveMinimum"))
      least = std::max(least, *above + (whole ? 1 : 0.1));
    double most = bound(schema, "maximum").value_or(std::max(least + 9, 10.0));
    if (auto below = bound(schema, "exclusiveMaximum"))
      most = std::min(most, *below - (whole ? 1 : 0.1));
    if (most < least) least = most;
    const double share = static_cast<double>(mix(seed_) >> 11) * 0x1.0p-53;
    if (!whole) {
      const double value =
          std::clamp(std::round((least + share * (most - least)) * 100) / 100, least, most);
      return append_fixed(out_, value, 6);
    }
    int64_t step = std::max<int64_t>(1, int_at(schema, "multipleOf").value_or(1));
    int64_t n = static_cast<int64_t>(std::ceil(least)) +
                static_cast<int64_t>(share * (std::floor(most) - std::ceil(least) + 1));
    n -= ((n % step) + step) % step;
    if (static_cast<double>(n) < least) n += step;
    append_number(out_, n);
  }

  void make_string(element schema, std::string_view name) {
    const std::string_view format = text_at(schema, "format");
    if (format == "date") return append("\"2026-11-20\"");
    if (format == "date-time") return append("\"2026-11-20T09:30:00Z\"");
    if (format == "time") return append("\"09:30:00Z\"");
    if (format == "email") return append("\"person@example.com\"");
    if (format == "uri") return append("\"https://example.com/\"");
    if (format == "uuid") return append("\"6f2c1f9e-3b64-4d3a-9a55-0c1a2b3c4d5e\"");
    std::string text(words_of_user(name));
    const auto least =
        static_cast<size_t>(std::max<int64_t>(0, int_at(schema, "minLength").value_or(0)));
    const auto most =
        static_cast<size_t>(std::max<int64_t>(0, int_at(schema, "maxLength").value_or(400)));
    while (text.size() < least) text += " and so on";
    append_quoted(out_, cut_utf8(text, most));
  }

  // Some words of the text, other ones for each field.
  std::string_view words_of_user(std::string_view name) {
    std::string_view text = user_.substr(0, std::min<size_t>(user_.size(), 600));
    if (text.empty()) return name.empty() ? "text" : name;
    size_t from = mix(seed_, name.size()) % text.size();
    from = text.find_last_of(" \n", from);
    from = from == std::string_view::npos ? 0 : from + 1;
    size_t end = from;
    for (int words = 0; words < 5 && end < text.size(); ++words)
      end = std::min(text.find_first_of(" \n", end + 1), text.size());
    const std::string_view part = text.substr(from, end - from);
    return part.empty() ? cut_utf8(text, 40) : cut_utf8(part, 120);
  }

  std::string& out_;
  element root_;
  std::string_view user_;
  uint64_t seed_;
};

}  // namespace

void append_instance(std::string& out, element schema, std::string_view user, uint64_t seed) {
  Maker(out, schema, user, seed).make(schema, {}, 0);
}

}  // namespace twolane::sim
