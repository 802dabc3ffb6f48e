// What the user has configured: twolane.toml and the environment.
#include "app/config.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "app/config_routes.h"
#include "app/figures.h"
#include "app/price_book.h"
#include "dialect/catalogue.h"
#include "wire/http.h"

namespace twolane::app {
namespace {

struct Setting {
  std::string text;
  int64_t line = 0;         // in the file; 0: from the environment
  std::string from;         // "twolane.toml:3", "TWOLANE_HOME"
};
using Settings = std::map<std::string, Setting, std::less<>>;  // by dotted path

constexpr std::array<std::string_view, 3> store_keys = {"home", "retention", "token_tables"};
constexpr std::array<std::string_view, 5> limit_keys = {"live_per_minute", "live_in_flight", "enqueued_tokens",
                                                        "creates_per_hour", "live_reserve"};
constexpr std::array<std::string_view, 7> provider_keys = {
    "base_url", "key_file", "live_per_minute", "live_in_flight", "enqueued_tokens", "creates_per_hour", "live_reserve"};
constexpr int64_t most_reserve = 90;  // per cent
constexpr std::string_view price_book_key = "price_book";  // stands above the sections
constexpr std::array<std::string_view, 4> sections = {"store", "limits", "providers", "routes"};

class Flattener {
 public:
  Flattener(std::string file, Settings& out) : file_(std::move(file)), out_(out) {}
  std::vector<ServerEntry> servers;           // providers that only the user knows
  std::vector<gateway::RouteRules> routes;

  Status root(const toml::table& table) {
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      if (name == price_book_key) {
        CHECKED(price_book(node));
        continue;
      }
      if (std::find(sections.begin(), sections.end(), name) == sections.end())
        return fail(unknown_key(file_, line_of(node), "", name, sections));
      const auto* inner = node.as_table();
      if (!inner) return fail(no_section(node, name));
      if (name == "routes") continue;  // when the providers are known
      if (name == "providers") CHECKED(providers(*inner));
      else if (name == "limits") CHECKED(section(*inner, name, limit_keys));
      else CHECKED(section(*inner, name, store_keys));
    }
    if (const auto* inner = table["routes"].as_table()) routes = TRY(read_routes(*inner, file_, provider_names()));
    return {};
  }

 private:
  static int64_t line_of(const toml::node& node) { return static_cast<int64_t>(node.source().begin.line); }

  std::vector<std::string> provider_names() const {
    std::vector<std::string> names;
    for (const auto& p : dialect::providers())
      if (p.driven) names.emplace_back(p.name);
    for (const auto& s : servers) names.push_back(s.name);
    return names;
  }

  Status price_book(const toml::node& node) {
    if (const auto* s = node.as_string()) {
      out_[std::string(price_book_key)] = {s->get(), line_of(node), file_ + ':' + std::to_string(line_of(node))};
      return {};
    }
    Error e = at_line("config.value", "price_book is no text", file_, line_of(node), "");
    e.why = "it names the file of a price book";
    return fail(std::move(e));
  }

  Error no_section(const toml::node& node, const std::string& name) {
    Error e = at_line("config.value", name + " is a section", file_, line_of(node), "");
    e.why = "its keys stand below [" + name + ']';
    e.next = {"write [" + name + "] on a line of its own"};
    return e;
  }

  Status providers(const toml::table& table) {
    std::vector<std::string_view> names;
    for (const auto& p : dialect::providers())
      if (p.driven) names.push_back(p.name);
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      const auto* inner = node.as_table();
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        // A misspelt name has no address of its own, or says no dialect.
        if (!inner || !inner->contains("dialect")) return fail(unknown_key(file_, line_of(node), "providers", name, names));
        servers.push_back(TRY(read_server(*inner, name, file_)));
        continue;
      }
      if (!inner) return fail(no_section(node, "providers." + name));
      CHECKED(section(*inner, "providers." + name, provider_keys));
    }
    return {};
  }

  Status section(const toml::table& table, const std::string& name, std::span<const std::string_view> known) {
    for (const auto& [key, node] : table) {
      if (std::find(known.begin(), known.end(), key.str()) == known.end())
        return fail(unknown_key(file_, line_of(node), name, key.str(), known));
      std::string text;
      if (const auto* s = node.as_string()) text = s->get();
      else if (const auto* n = node.as_integer()) text = std::to_string(n->get());
      else {
        Error e = at_line("config.value", std::string(key.str()) + " is neither text nor a whole number", file_,
                          line_of(node), name);
        e.why = "no key takes another type";
        return fail(std::move(e));
      }
      out_[name + '.' + std::string(key.str())] = {text, line_of(node),
                                                   file_ + ':' + std::to_string(line_of(node))};
    }
    return {};
  }

  std::string file_;
  Settings& out_;
};

Status read_toml(const ConfigSources& sources, Flattener& flat) {
  const auto parsed = toml::parse(*sources.text, sources.file);
  if (parsed) return flat.root(parsed.table());
  const auto& wrong = parsed.error();
  Error e = at_line("config.syntax", std::string(wrong.description()), sources.file,
                    static_cast<int64_t>(wrong.source().begin.line), "");
  e.where.column = static_cast<int64_t>(wrong.source().begin.column);
  e.why = "the file is not TOML";
  e.next = {"mend that line"};
  return fail(std::move(e));
}

void overlay_environment(const ConfigSources& sources, Settings& settings) {
  const auto take = [&](const std::string& path) {
    std::string name = "TWOLANE_";
    for (const char c : path) name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (path == "store.home") name = "TWOLANE_HOME";
    if (auto value = sources.environment(name); value && !value->empty()) settings[path] = {*value, 0, name};
  };
  take(std::string(price_book_key));
  for (const auto key : store_keys) take("store." + std::string(key));
  for (const auto key : limit_keys) take("limits." + std::string(key));
  for (const auto& p : dialect::providers())
    for (const auto key : provider_keys)
      if (p.driven) take("providers." + std::string(p.name) + '.' + std::string(key));
}

Error bad_value(const ConfigSources& sources, const std::string& path, const Setting& s, std::string why) {
  Error e;
  e.code = "config.value";
  e.message = path + " cannot be \"" + s.text + '"';
  e.where.file = s.line > 0 ? sources.file : s.from;
  e.where.line = s.line;
  e.why = std::move(why);
  e.next = {"correct or remove it"};
  return e;
}

class Applier {
 public:
  Applier(const ConfigSources& sources, const Settings& settings) : sources_(sources), settings_(settings) {}

  Result<Config> config(const std::vector<ServerEntry>& servers) {
    Config c;
    c.file = sources_.text ? sources_.file : "";
    if (const auto* s = find("store.home")) c.home = s->text;
    if (const auto* s = find("store.token_tables")) c.token_tables = s->text;
    if (const auto* s = find(std::string(price_book_key))) c.price_book = s->text;
    if (const auto* s = find("store.retention")) c.retention = TRY(retention(*s));
    const Limits common = TRY(limits("limits.", {}));
    for (const auto& entry : dialect::providers())
      if (entry.driven) c.providers.push_back(TRY(provider(entry, common)));
    for (const auto& entry : servers) c.servers.push_back(TRY(server(entry)));
    return c;
  }

 private:
  const Setting* find(const std::string& path) const {
    const auto it = settings_.find(path);
    return it == settings_.end() ? nullptr : &it->second;
  }

  Result<Duration> retention(const Setting& s) const {
    if (s.text == "forever") return Duration{};
    const auto span = parse_duration(s.text);
    if (!span || span->ms <= 0)
      return fail(bad_value(sources_, "store.retention", s, "it is a span (30d, 12h) or \"forever\""));
    return *span;
  }

  Result<Limits> limits(const std::string& prefix, const Limits& otherwise) const {
    Limits l = otherwise;
    int64_t* const fields[] = {&l.live_per_minute, &l.live_in_flight, &l.enqueued_tokens, &l.creates_per_hour};
    for (size_t i = 0; i < limit_keys.size(); ++i) {
      const bool reserve = i == std::size(fields);
      const std::string path = prefix + std::string(limit_keys[i]);
      const auto* s = find(path);
      if (!s) continue;
      int64_t n = 0;
      const auto [end, ec] = std::from_chars(s->text.data(), s->text.data() + s->text.size(), n);
      if (ec != std::errc{} || end != s->text.data() + s->text.size() || (reserve ? n < 0 || n > most_reserve : n <= 0))
        return fail(bad_value(sources_, path, *s, reserve ? "it is a whole number of per cent, 0 to 90" : "it is a whole number above 0"));
      if (reserve) l.live_reserve = n;
      else *fields[i] = n;
    }
    return l;
  }

  Result<ProviderConfig> provider(const dialect::ProviderEntry& entry, const Limits& common) const {
    ProviderConfig p;
    p.name = entry.name;
    const std::string prefix = "providers." + p.name + '.';
    p.limits = TRY(limits(prefix, common));
    CHECKED(base_url(p, entry, find(prefix + "base_url")));
    const auto* key_file = find(prefix + "key_file");
    CHECKED(key(p, std::string(entry.key_env), key_file ? key_file->text : ""));
    return p;
  }

  Result<ProviderConfig> server(const ServerEntry& entry) const {
    ProviderConfig p;
    p.name = entry.name;
    p.base_url = entry.base_url;
    p.base_url_from = sources_.file + ':' + std::to_string(entry.line);
    std::string variable;
    for (const char c : entry.name) variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    CHECKED(key(p, variable + "_API_KEY", entry.key_file));
    return p;
  }

  Status base_url(ProviderConfig& p, const dialect::ProviderEntry& entry, const Setting* s) const {
    Setting chosen{std::string(entry.default_base_url), 0, "default"};
    if (s) chosen = *s;
    const std::string sdk_name(entry.base_url_env);
    if (auto v = sources_.environment(sdk_name); v && !v->empty() && !(s && s->line == 0))
      chosen = {*v, 0, sdk_name};
    while (chosen.text.ends_with('/')) chosen.text.pop_back();
    const auto url = wire::parse_url(chosen.text);
    if (!url || (url->scheme != "http" && url->scheme != "https"))
      return fail(bad_value(sources_, "base_url of " + p.name, chosen, "it is http://... or https://..."));
    p.base_url = chosen.text;
    p.base_url_from = chosen.from;
    return {};
  }

  Status key(ProviderConfig& p, const std::string& name, const std::string& key_file) const {
    if (auto v = sources_.environment(name); v && !v->empty()) {
      p.key = *v;
      p.key_from = name;
    } else if (!key_file.empty()) {
      p.key = TRY(sources_.read_file(key_file));
      p.key_from = "key_file";
    }
    while (!p.key.empty() && (p.key.back() == '\n' || p.key.back() == '\r' || p.key.back() == ' ')) p.key.pop_back();
    for (const char c : p.key) {
      if (c > ' ' && c < 0x7F) continue;
      Error e;
      e.code = "config.value";
      e.message = "the key of " + p.name + " holds a space or a control character";
      e.where.field = p.key_from;
      e.why = "it cannot be sent in a header";
      e.next = {"copy it again; it is not shown here"};
      return fail(std::move(e));
    }
    if (p.key.empty()) p.key_from.clear();
    return {};
  }

  const ConfigSources& sources_;
  const Settings& settings_;
};

std::string environment_or(const char* name, std::string otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : std::move(otherwise);
}

}  // namespace

const ProviderConfig* Config::provider(std::string_view name) const {
  for (const auto& p : providers)
    if (p.name == name) return &p;
  return nullptr;
}

Result<Config> read_config(const ConfigSources& sources) {
  Settings settings;
  Flattener flat(sources.file, settings);
  if (sources.text) CHECKED(read_toml(sources, flat));
  overlay_environment(sources, settings);
  Config config = TRY(Applier(sources, settings).config(flat.servers));
  config.routes = std::move(flat.routes);
  return config;
}

Result<std::string> read_text_file(const std::string& path, std::string_view flag) {
  Error e;
  e.code = "config.file";
  e.message = path + " cannot be read";
  e.where.field = flag;
  e.next = {"name a file that is there and readable"};
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) {
    e.why = std::string("the system says: ") + std::strerror(errno);
    return fail(std::move(e));
  }
  std::string text;
  std::array<char, 65536> buffer;
  constexpr size_t most = 16 << 20;
  while (const size_t n = std::fread(buffer.data(), 1, buffer.size(), file)) {
    text.append(buffer.data(), n);
    if (text.size() > most) break;
  }
  const bool broken = std::ferror(file) != 0;
  std::fclose(file);
  if (!broken && text.size() <= most) return text;
  e.why = broken ? "the system stopped reading it" : "it is larger than 16 MB";
  return fail(std::move(e));
}

namespace {

// The file that the configuration lies in, and its text; neither where there is none.
Status find_file(const std::string& flag, ConfigSources& sources) {
  sources.file = flag.empty() ? environment_or("TWOLANE_CONFIG", "") : flag;
  if (!sources.file.empty()) {
    sources.text = TRY(read_text_file(sources.file, "--config"));
    return {};
  }
  const std::string directory =
      environment_or("XDG_CONFIG_HOME", environment_or("HOME", "") + "/.config") + "/twolane/";
  for (const std::string& file : {std::string("twolane.toml"), directory + "twolane.toml"}) {
    std::FILE* there = std::fopen(file.c_str(), "rb");
    if (!there) continue;
    std::fclose(there);
    sources.file = file;
    sources.text = TRY(read_text_file(file, "--config"));
    break;
  }
  return {};
}

}  // namespace

Result<Config> load_config(const std::string& flag) {
  ConfigSources sources;
  sources.environment = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
  sources.read_file = [](const std::string& path) { return read_text_file(path, "key_file"); };
  CHECKED(find_file(flag, sources));
  Config config = TRY(read_config(sources));
  CHECKED(use_price_book(config.price_book, "price_book"));
  return config;
}

std::string home_directory(const std::string& flag, const Config& config) {
  if (!flag.empty()) return flag;
  if (!config.home.empty()) return config.home;
  return environment_or("XDG_STATE_HOME", environment_or("HOME", ".") + "/.local/state") + "/twolane";
}

}  // namespace twolane::app
