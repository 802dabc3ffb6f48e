// Reading a price book from text, line by line. docs/pricing.md describes the format.
//
// A format of its own: a row of rates is one line, stands under its column heads, and a change of a
// price is a change of one line. Statements at the margin open a block, indented lines belong to
// it.
#include <map>
#include <span>
#include <utility>

#include "model/model_name.h"
#include "price/book.h"
#include "price/book_words.h"
#include "price/claims.h"

namespace twolane::price {

class BookParser {
 public:
  BookParser(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  Result<Book> parse() {
    while (!text_.empty()) {
      const size_t end = text_.find('\n');
      const std::string_view line = text_.substr(0, end);
      text_.remove_prefix(end == text_.npos ? text_.size() : end + 1);
      ++number_;
      CHECKED(read(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line));
    }
    if (book_.date_.ms == 0) return wrong("a price book begins with its date", "book 2026-10-15");
    CHECKED(finish_models());
    book_.index();
    return std::move(book_);
  }

 private:
  std::unexpected<Error> wrong(std::string message, std::string_view like = {},
                               int64_t line = 0) const {
    Error e;
    e.code = "book.syntax";
    e.message = std::move(message);
    e.where.file = file_;
    e.where.line = line != 0 ? line : number_;
    if (!like.empty()) e.next = {"write it like: " + std::string(like)};
    return fail(std::move(e));
  }

  Status read(std::string_view line) {
    const Words w = words_of(line);
    if (w.empty()) return {};
    if (line.find('\t') != line.npos) return wrong("tabs have no width here", "blanks");
    if (line.front() != ' ') return statement(line, w);
    if (stacking_ >= 0) return in_stacking(line, w);
    if (!drafts_.empty() && in_model_) return in_model(line, w);
    return wrong("an indented line belongs to a model or stacking above it");
  }

  Status statement(std::string_view line, const Words& w) {
    stacking_ = -1, in_model_ = false;
    if (w[0] == "book") return date(w);
    if (w[0] == "source") return source(line, w);
    if (w[0] == "window") return window(w);
    if (w[0] == "stacking") return stacking(w);
    if (w[0] == "refuses") return refuses(line, w);
    if (w[0] == "model") return model(w);
    return wrong('"' + std::string(w[0]) + "\" begins no statement",
                 "book, source, window, stacking, refuses, model");
  }

  Status date(const Words& w) {
    const auto t = w.size() == 2 ? date_of(w[1]) : std::nullopt;
    if (!t) return wrong("the date of the book cannot be read", "book 2026-10-15");
    book_.date_ = *t;
    return {};
  }

  Status source(std::string_view line, const Words& w) {
    const auto rank = w.size() > 4 ? rank_of(w[2]) : std::nullopt;
    if (!rank)
      return wrong(
          "a source has a name, a rank (settled, published, rule, third), a date and words",
          "source litellm published 2026-08-01 LiteLLM price list");
    if (!sources_.emplace(w[1], static_cast<int>(book_.sources_.size())).second)
      return wrong("source " + std::string(w[1]) + " is there twice");
    book_.sources_.push_back({std::string(w[1]), rest_of(line, w, 4), std::string(w[3]), *rank});
    return {};
  }

  Result<int> source_named(std::string_view name) const {
    const auto found = sources_.find(name);
    if (found != sources_.end()) return found->second;
    Error e = wrong("source " + std::string(name) + " is not declared above",
                    "source NAME RANK DATE WORDS")
                  .error();
    e.code = "book.source";
    return fail(std::move(e));
  }

  // window NAME ZONE DAYS HH:MM-HH:MM... [except DATE...]
  Status window(const Words& w) {
    constexpr std::string_view like =
        "window peak UTC Mon-Fri 01:00-04:00 06:00-10:00 except 2026-10-01";
    if (w.size() < 5) return wrong("a window has a name, a zone, weekdays and hours", like);
    const auto zone = zone_of(w[2]);
    const auto weekdays = weekdays_of(w[3]);
    if (!zone || !weekdays)
      return wrong("the zone or the weekdays of the window cannot be read", like);
    Window made{.name = std::string(w[1]),
                .zone_minutes = *zone,
                .weekdays = *weekdays,
                .spans = {},
                .except = {}};
    bool except = false;
    for (size_t i = 4; i < w.size(); ++i) {
      if (w[i] == "except") {
        except = true;
      } else if (except) {
        const auto day = date_of(w[i]);
        if (!day) return wrong("the day cannot be read", like);
        made.except.push_back(day->ms / days(1).ms);
      } else {
        const size_t dash = w[i].find('-');
        const auto begin = minute_of(w[i].substr(0, dash));
        const auto end = dash == w[i].npos ? std::nullopt : minute_of(w[i].substr(dash + 1));
        if (!begin || !end) return wrong("the hours cannot be read", like);
        made.spans.push_back({*begin, *end});
      }
    }
    book_.windows_.push_back(std::move(made));
    return {};
  }

  Status stacking(const Words& w) {
    if (w.size() != 2) return wrong("a stacking rule has a name", "stacking openai-gpt5");
    stacking_ = static_cast<int>(book_.stackings_.size());
    book_.stackings_.push_back({});
    book_.stackings_.back().name = w[1];
    book_.stackings_.back().order = {Step::tier,      Step::cache,    Step::band, Step::window,
                                     Step::residency, Step::discount, Step::bonus};
    return {};
  }

  Status in_stacking(std::string_view line, const Words& w) {
    Stacking& s = book_.stackings_.back();
    if (w[0] == "order") {
      s.order.clear();
      for (size_t i = 1; i < w.size(); ++i) {
        const auto step = step_of(w[i]);
        if (!step)
          return wrong("the order cannot be read",
                       "order tier cache band window residency discount bonus");
        s.order.push_back(*step);
      }
      return {};
    }
    if (w[0] == "note") {
      s.note += (s.note.empty() ? "" : " ") + rest_of(line, w, 1);
      return {};
    }
    if (w[0] == "residency") {
      const auto factor = w.size() == 4 ? factor_of(w[2]) : std::nullopt;
      if (!factor || *factor % 1000 != 0)
        return wrong("the residency cannot be read", "residency eu 1.1 SOURCE");
      const auto source = TRY(source_named(w[3]));
      s.residencies.push_back({std::string(w[1]), *factor / 1000, source});
      return {};
    }
    return factors(s, w);
  }

  // TIER KIND FACTOR... SOURCE, where KIND may be "all" and FACTOR "=".
  Status factors(Stacking& s, const Words& w) {
    constexpr std::string_view like = "batch input 0.5 cached = output 0.5 SOURCE";
    const auto tier = tier_of(w[0]);
    if (!tier || w.size() < 4 || w.size() % 2 != 0) return wrong("the rule cannot be read", like);
    const int source = TRY(source_named(w.back()));
    for (size_t i = 1; i + 2 < w.size(); i += 2) {
      Factor f{.tier = *tier, .as_input = w[i + 1] == "=", .source = source};
      const auto factor = f.as_input ? std::optional<int64_t>(0) : factor_of(w[i + 1]);
      const auto kind = kind_of(w[i]);
      if (!factor || (!kind && w[i] != "all")) return wrong("the rule cannot be read", like);
      f.millionths = *factor;
      for (int k = 0; k < kind_count; ++k) {
        f.kind = static_cast<Kind>(k);
        if (!kind || *kind == f.kind) s.factors.push_back(f);
      }
    }
    return {};
  }

  // refuses PROVIDER TIER SOURCE WORDS
  Status refuses(std::string_view line, const Words& w) {
    const auto tier = w.size() > 4 ? tier_of(w[2]) : std::nullopt;
    if (!tier)
      return wrong("the refusal cannot be read", "refuses deepseek batch SOURCE it sells hours");
    book_.not_sold_.push_back(
        {std::string(w[1]), *tier, rest_of(line, w, 4), TRY(source_named(w[3]))});
    return {};
  }

  // model PROVIDER/NAME [= ALIAS...]
  Status model(const Words& w) {
    const size_t slash = w.size() > 1 ? w[1].find('/') : std::string_view::npos;
    if (slash == std::string_view::npos || (w.size() > 2 && w[2] != "="))
      return wrong("a model has a provider and a name", "model openai/gpt-5.4 = gpt-5.4-alias");
    Model m;
    m.provider = w[1].substr(0, slash);
    m.name = w[1].substr(slash + 1);
    for (size_t i = 3; i < w.size(); ++i) m.aliases.emplace_back(w[i]);
    drafts_.push_back({std::move(m), {}, {}, number_});
    in_model_ = true;
    return {};
  }

  Status in_model(std::string_view line, const Words& w) {
    Model& m = drafts_.back().model;
    if (w[0] == "sells" || w[0] == "lacks") return tiers(w);
    if (w[0] == "stacking") return choose_stacking(m, w);
    if (w[0] == "cache") return cache(m, w);
    if (w[0] == "storage") return storage(m, w);
    if (w[0] == "extra") return extra(m, w);
    if (w[0] == "note") {
      m.note += (m.note.empty() ? "" : " ") + rest_of(line, w, 1);
      return {};
    }
    return rates(w);
  }

  Status tiers(const Words& w) {
    ModelDraft& d = drafts_.back();
    for (size_t i = 1; i < w.size(); ++i) {
      const auto tier = tier_of(w[i]);
      if (!tier)
        return wrong('"' + std::string(w[i]) + "\" is no tier", "sells batch flex priority");
      d.model.sold[static_cast<size_t>(*tier)] = w[0] == "sells" ? Sold::yes : Sold::no;
      if (w[0] == "sells") d.by_rule.push_back(*tier);
    }
    return {};
  }

  Status choose_stacking(Model& m, const Words& w) {
    for (size_t i = 0; i < book_.stackings_.size(); ++i)
      if (w.size() == 2 && book_.stackings_[i].name == w[1]) m.stacking = static_cast<int>(i);
    if (m.stacking < 0)
      return wrong("that stacking rule is not declared above", "stacking openai-gpt5");
    return {};
  }

  // cache [auto] [asked] [min N] [step N] [keeps SPAN...] SOURCE
  Status cache(Model& m, const Words& w) {
    constexpr std::string_view like = "cache auto min 1024 step 128 keeps 24h SOURCE";
    Caching& c = m.caching;
    for (size_t i = 1; i + 1 < w.size(); ++i) {
      const auto n = whole(w[i + 1]);
      if (w[i] == "auto")
        c.automatic = true;
      else if (w[i] == "asked")
        c.on_request = true;
      else if (w[i] == "min" && n)
        c.minimum = *n, ++i;
      else if (w[i] == "step" && n)
        c.step = *n, ++i;
      else if (w[i] == "keeps")
        continue;
      else if (const auto d = parse_duration(w[i]))
        c.lifetimes.push_back(*d);
      else
        return wrong("the caching of the model cannot be read", like);
    }
    c.source = TRY(source_named(w.back()));
    return {};
  }

  // storage TIER USD SOURCE: per million tokens and hour
  Status storage(Model& m, const Words& w) {
    const auto tier = w.size() == 4 ? tier_of(w[1]) : std::nullopt;
    const auto rate = tier ? parse_usd_per_million(w[2]) : Result<PicoUsdPerToken>(fail("", ""));
    if (!rate) return wrong("the storage fee cannot be read", "storage standard 1.00 SOURCE");
    m.caching.storage[static_cast<size_t>(*tier)] = *rate;
    m.caching.storage_source = TRY(source_named(w[3]));
    return {};
  }

  // extra WHAT USD per UNIT SOURCE
  Status extra(Model& m, const Words& w) {
    const auto price =
        w.size() == 6 && w[3] == "per" ? parse_usd(w[2]) : Result<PicoUsd>(fail("", ""));
    if (!price)
      return wrong("the extra cannot be read", "extra audio_input 1.00 per 1M-tokens SOURCE");
    const auto source = TRY(source_named(w[5]));
    m.extras.push_back({std::string(w[1]), std::string(w[4]), *price, source});
    return {};
  }

  // TIER [>N] [from DATE] [until DATE] [@WINDOW] INPUT CACHED WRITE_5M WRITE_1H OUTPUT SOURCE
  Status rates(const Words& w) {
    constexpr std::string_view like = "standard >272000 from 2026-08-01 5 0.5 = = 22.5 SOURCE";
    Row row;
    const auto tier = tier_of(w[0]);
    if (!tier) return wrong('"' + std::string(w[0]) + "\" begins no line of a model", like);
    row.tier = *tier;
    size_t i = 1;
    for (; i < w.size(); ++i) {
      if (w[i].front() == '>') {
        const auto n = whole(w[i].substr(1));
        if (!n || *n == 0) return wrong("the length of the prompt cannot be read", like);
        row.above = *n;
      } else if (w[i].front() == '@') {
        row.window = window_named(w[i].substr(1));
        if (row.window < 0) return wrong("that window is not declared above", "window NAME ...");
      } else if ((w[i] == "from" || w[i] == "until") && i + 1 < w.size()) {
        const auto t = date_of(w[i + 1]);
        if (!t) return wrong("the date cannot be read", like);
        (w[i] == "from" ? row.from : row.until) = *t;
        ++i;
      } else {
        break;
      }
    }
    if (row.until.ms != 0 && row.until <= row.from)
      return wrong("the row ends before it begins", like);
    if (w.size() != i + kind_count + 1) return wrong("a row has five rates and a source", like);
    Claim claim;
    CHECKED(columns(claim.rates, std::span(w).subspan(i, kind_count)));
    claim.source = TRY(source_named(w.back()));
    row.claims.push_back(claim);
    drafts_.back().rows.push_back({std::move(row), number_});
    drafts_.back().model.sold[static_cast<size_t>(*tier)] = Sold::yes;
    return {};
  }

  // "=" is the rate of plain input, "-" nothing to bill, "?" not known, "." not said by this
  // source.
  Status columns(Rates& r, std::span<const std::string_view> texts) {
    PicoUsdPerToken* const into[] = {&r.fresh, &r.cache_read, &r.cache_write_5m, &r.cache_write_1h,
                                     &r.output};
    for (size_t k = 0; k < kind_count; ++k) {
      const auto text = texts[k];
      if (text == "?" || text == ".")
        r.unknown = static_cast<uint8_t>(r.unknown | 1 << k);
      else if (text == "=" && k > 0 && r.knows(Kind::fresh))
        *into[k] = r.fresh;
      else if (text != "-") {
        const auto rate = parse_usd_per_million(text);
        if (!rate)
          return wrong('"' + std::string(text) + "\" is no rate", "0.075, or one of = - ? .");
        *into[k] = *rate;
      }
    }
    return {};
  }

  int window_named(std::string_view name) const {
    for (size_t i = 0; i < book_.windows_.size(); ++i)
      if (book_.windows_[i].name == name) return static_cast<int>(i);
    return -1;
  }

  // A name or alias stands for one model only, in whatever spelling.
  Status name_once(const ModelDraft& draft) {
    std::vector<std::string> names = draft.model.aliases;
    names.push_back(draft.model.name);
    for (const std::string& name : names)
      if (!names_.emplace(draft.model.provider + '/' + model_key(name), draft.line).second)
        return wrong(draft.model.provider + '/' + name + " is there twice", {}, draft.line);
    return {};
  }

  Status finish_models() {
    for (ModelDraft& draft : drafts_) {
      CHECKED(name_once(draft));
      const Stacking* stacking = draft.model.stacking < 0
                                     ? nullptr
                                     : &book_.stackings_[static_cast<size_t>(draft.model.stacking)];
      if (const auto clash = put_together(draft, stacking, book_.sources_)) {
        Error e =
            wrong("two rows hold for the same prompts at overlapping times", {}, *clash).error();
        e.code = "book.overlap";
        return fail(std::move(e));
      }
      book_.models_.push_back(std::move(draft.model));
    }
    return {};
  }

  std::string_view text_;
  std::string file_;
  int64_t number_ = 0;
  Book book_;
  std::map<std::string, int, std::less<>> sources_;
  std::map<std::string, int64_t, std::less<>> names_;  // with provider, and the line
  std::vector<ModelDraft> drafts_;
  int stacking_ = -1;  // the block we are in
  bool in_model_ = false;
};

Result<Book> Book::parse(std::string_view text, std::string_view file) {
  return BookParser(text, file).parse();
}

}  // namespace twolane::price
