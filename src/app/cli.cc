// The command line as a value.
#include "app/cli.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <map>

#include "app/nearest.h"

namespace twolane::app {
namespace {

Error usage(std::string code, std::string message, std::string field, std::string why, std::string next) {
  Error e;
  e.code = "usage." + code;
  e.message = std::move(message);
  e.where.field = std::move(field);
  e.why = std::move(why);
  e.next = {std::move(next)};
  return e;
}

struct Raw {  // texts that become values once everything has been read
  std::string max_cost, worth, progress, speed, limit, sample, output_tokens, seed;
};

class Line {
 public:
  Line() : app_("Twolane runs files of model requests at batch price, by a deadline.", "twolane") {
    app_.require_subcommand(0, 1);
    app_.set_version_flag("--version", "");
    app_.failure_message([](const CLI::App*, const CLI::Error&) { return std::string(); });
    declare_run();
    declare_quote();
    declare_jobs();
    declare_ledger();
    declare_rest();
  }

  Result<Invocation> parse(std::span<const char* const> arguments) {
    try {
      app_.parse(static_cast<int>(arguments.size()), arguments.data());
    } catch (const CLI::CallForVersion&) {
      in_.verb = Verb::version;
      return in_;
    } catch (const CLI::CallForHelp&) {
      return help();
    } catch (const CLI::CallForAllHelp&) {
      return help();
    } catch (const CLI::ParseError& e) {
      return fail(understood(e, arguments));
    }
    if (app_.get_subcommands().empty()) return help();
    CLI::App* chosen = app_.get_subcommands().front();
    in_.verb = verbs_.at(chosen->get_name());
    if (chosen->get_name() == "config") {
      if (chosen->get_subcommands().empty())
        return fail(usage("missing", "config needs to know what to do", "config", "there is one thing",
                          "twolane config check"));
    }
    if (chosen->get_name() == "keys" && !chosen->get_subcommands().empty()) {
      const std::string what = chosen->get_subcommands().front()->get_name();
      in_.verb = what == "create" ? Verb::keys_create : what == "revoke" ? Verb::keys_revoke : Verb::keys_list;
    }
    if (chosen->get_name() == "ledger" && !chosen->get_subcommands().empty()) in_.verb = Verb::reconcile;
    if (chosen->get_name() == "price" && !chosen->get_subcommands().empty()) in_.verb = Verb::price_import;
    CHECKED(finish());
    return in_;
  }

 private:
  CLI::App* command(const std::string& name, const std::string& what, Verb verb) {
    CLI::App* c = app_.add_subcommand(name, what);
    verbs_[name] = verb;
    c->add_option("--home", in_.common.home, "state directory")->type_name("DIR");
    c->add_option("--config", in_.common.config, "configuration (default: twolane.toml)")->type_name("FILE");
    c->add_flag("--json", in_.common.json, "one JSON object on stdout");
    c->add_flag("-q,--quiet", in_.common.quiet, "errors only");
    return c;
  }

  void deadline_flags(CLI::App* c, std::string& by, std::string& within, bool& best_effort) {
    c->add_option("--by", by, "deadline: 06:00 (local) or RFC 3339")->type_name("TIME");
    c->add_option("--within", within, "deadline from now: 90m, 6h, 2d")->type_name("SPAN");
    c->add_flag("--best-effort", best_effort, "never pay more than batch price, even if late");
  }

  void world_flags(CLI::App* c) {
    sim_ = c->add_flag("--sim{calm}", in_sim_, "simulated providers instead of real ones: no money, virtual time");
    c->add_option("--seed", raw_.seed, "of the simulated providers")->type_name("N");
    c->add_option("--speed", raw_.speed, "virtual time: with --sim how fast, else follow `twolane sim`")
        ->type_name("F");
    c->add_option("--progress", raw_.progress, "auto, plain or none")->type_name("STYLE");
  }

  // What decides which requests there are.
  void input_flags(CLI::App* c) {
    RunFlags& r = in_.run;
    c->add_option("INPUT", r.input, "OpenAI or Anthropic batch file, or rows (CSV, JSONL) with --prompt")
        ->required();
    c->add_option("--prompt", r.prompt, "for rows: text with {column}")->type_name("TEXT");
    c->add_option("--prompt-file", r.prompt_file, "the same from a file")->type_name("FILE");
    c->add_option("--system", r.system, "for rows: system prompt")->type_name("TEXT");
    c->add_option("--system-file", r.system_file, "the same from a file")->type_name("FILE");
    c->add_option("--schema", r.schema_file, "for rows: JSON schema of the answers")->type_name("FILE");
    c->add_option("--model", r.models, "PROVIDER/MODEL; again for alternatives in order of preference")
        ->type_name("MODEL")
        ->take_all()
        ->expected(1)
        ->allow_extra_args(false);
    c->add_option("--output-tokens", raw_.output_tokens, "to assume where a request sets no limit")->type_name("N");
    c->add_option("--limit", raw_.limit, "the first N requests only")->type_name("N");
    c->add_flag("--skip-invalid", r.skip_invalid, "set bad lines aside as failures");
    c->add_flag("--cache", r.cache, "set cache marks on shared prefixes where that pays");
  }

  void declare_quote() {
    RunFlags& r = in_.run;
    CLI::App* c = command("quote", "what a file of requests would cost, before spending", Verb::quote);
    input_flags(c);
    deadline_flags(c, r.by, r.within, r.best_effort);
    c->add_option("--worth", raw_.worth, "saving below which synchronous calls are better")->type_name("USD");
    c->add_flag("--critical", in_.quote.critical, "reliability matters more than price");
    world_flags(c);
  }

  void declare_run() {
    RunFlags& r = in_.run;
    CLI::App* c = command("run", "run a file of requests", Verb::run);
    input_flags(c);
    c->add_option("-o,--output", r.output, "where the answers go (default: beside INPUT)")->type_name("FILE");
    deadline_flags(c, r.by, r.within, r.best_effort);
    c->add_option("--steps-after", r.steps_after, "the deadline is that of a chain, of which N steps wait for this one")
        ->type_name("N")
        ->check(CLI::Range(0, 1000));
    c->add_option("--on-time", r.on_time, "probability of keeping the deadline: 0.99 when nothing is said, 0.999 never gambles")
        ->type_name("P")
        ->check(CLI::Range(0.5, 0.999999));
    c->add_option("--max-cost", raw_.max_cost, "hard cap in USD, none, or quote: the quote's high figure")
        ->type_name("USD");
    c->add_option("--sample", raw_.sample, "buy N live, show them, ask before the rest")->type_name("N");
    c->add_flag("--dry-run", r.dry_run, "check and price, buy nothing");
    c->add_flag("--no-probe", r.no_probe, "do not try one request of each shape first");
    c->add_flag("--again", r.again, "buy anew, even if this job is known");
    world_flags(c);
  }

  CLI::App* job_command(const std::string& name, const std::string& what, Verb verb) {
    CLI::App* c = command(name, what, verb);
    c->add_option("JOB", in_.job.job, "any unique beginning of its name")->required();
    server_flag(c);
    return c;
  }

  void server_flag(CLI::App* c) {
    c->add_option("--server", in_.job.server, "a running twolane serve (TWOLANE_SERVER; its key: TWOLANE_KEY)")
        ->type_name("URL");
  }

  void declare_jobs() {
    JobFlags& j = in_.job;
    server_flag(command("jobs", "list jobs", Verb::jobs));
    job_command("show", "one job and its batches", Verb::show);
    job_command("results", "answers so far, to stdout or -o", Verb::results)
        ->add_option("-o,--output", j.output, "file instead of stdout")
        ->type_name("FILE");
    CLI::App* cancel = job_command("cancel", "buy nothing more for a job, or for some of it; collect what was bought", Verb::cancel);
    CLI::App* retry = job_command("retry", "open failed and expired requests again", Verb::retry);
    CLI::App* promote = job_command("promote", "move a job or a request to the live lane now", Verb::promote);
    cancel->add_option("REQUEST", j.requests, "these requests only: their custom_ids or line numbers");
    cancel->add_option("--rows", j.rows, "the requests on these lines of the input only: 5001-10000,12000")->type_name("LINES");
    for (CLI::App* c : {retry, promote})
      c->add_option("REQUEST", j.requests, "one request: its custom_id or line number")->expected(0, 1);
    job_command("pause", "place nothing new", Verb::pause);
    CLI::App* resume = job_command("resume", "go on", Verb::resume);
    for (CLI::App* c : {cancel, retry, promote, resume}) {
      c->add_option("--speed", raw_.speed, "virtual time, as for run")->type_name("F");
      c->add_option("--progress", raw_.progress, "auto, plain or none")->type_name("STYLE");
    }
    deadline_flags(job_command("deadline", "move the deadline of a job", Verb::deadline), j.by, j.within,
                   j.best_effort);
    job_command("forget", "remove a job and its answers from the home", Verb::forget);
  }

  void declare_rest() {
    CLI::App* sim = command("sim", "simulated providers over HTTP, to try against", Verb::sim);
    sim->add_option("--listen", in_.sim.listen, "address and port")->type_name("ADDR:PORT");
    sim->add_option("--scenario", in_.sim.scenario, "calm, busy, outage, hostile, incident, or a TOML file")
        ->type_name("NAME");
    sim->add_option("--billing", in_.sim.billing, "open price rules: by the ranked reading, or the other")
        ->type_name("ranked|other");
    sim->add_option("--seed", raw_.seed, "of every choice")->type_name("N");
    sim->add_option("--speed", raw_.speed, "virtual time against real")->type_name("F");
    declare_serve();
    CLI::App* price = command("price", "what tokens cost, and who says so", Verb::price);
    declare_price(price, in_.price);
    price->get_subcommand("import")->add_flag("--json", in_.common.json, "one JSON object on stdout");
    CLI::App* config = command("config", "check the configuration", Verb::config_check);
    CLI::App* check = config->add_subcommand("check", "what is set, and which provider sells what");
    check->add_option("--config", in_.common.config, "configuration (default: twolane.toml)")->type_name("FILE");
    check->add_flag("--json", in_.common.json, "one JSON object on stdout");
    check->add_option("--home", in_.common.home, "state directory")->type_name("DIR");
    declare_audit(command("audit", "what in existing traffic could wait, and what that saves", Verb::audit), in_.audit);
    CLI::App* simulate = command("simulate", "the planner alone, years of virtual time, beside other policies", Verb::simulate);
    declare_simulate(simulate, in_.simulate);
    simulate->add_option("--seed", raw_.seed, "of every choice")->type_name("N");
    command("lanes", "how long batches take, and on how much evidence that rests", Verb::lanes);
    command("version", "version of this build", Verb::version);
  }

  void declare_ledger() {
    LedgerFlags& l = in_.ledger;
    CLI::App* ledger = command("ledger", "what was booked: sums, or every entry as CSV", Verb::ledger);
    ledger->add_option("JOB", l.job, "any unique beginning of its name (default: all jobs)");
    ledger->add_option("--by", l.by, "sums by key, job, model, lane or day")->type_name("GROUP");
    ledger->add_option("--csv", l.csv, "every entry to FILE, - for stdout")->type_name("FILE");
    ledger->add_flag("--sim", l.sim, "simulated money instead of real money");
    ledger->add_option("--billing", l.billing, "open price rules by the ranked reading (default), or the other")
        ->type_name("READING");
    CLI::App* reconcile = ledger->add_subcommand("reconcile", "against a provider's usage or cost report");
    reconcile->add_option("FILE", l.file, "pages of OpenAI's or Anthropic's usage or cost API")->required();
    reconcile->add_flag("--sim", l.sim, "simulated money instead of real money");
    reconcile->add_option("--home", in_.common.home, "state directory")->type_name("DIR");
    reconcile->add_option("--config", in_.common.config, "configuration (default: twolane.toml)")->type_name("FILE");
    reconcile->add_flag("--json", in_.common.json, "one JSON object on stdout");
  }

  void declare_serve() {
    ServeFlags& s = in_.serve;
    CLI::App* c = command("serve", "the gateway: every provider's API on one port, both lanes", Verb::serve);
    c->add_option("--listen", s.listen, "address and port (default: 127.0.0.1:8080)")->type_name("ADDR:PORT");
    c->add_option("--threads", s.threads, "default: one for each processor")->type_name("N");
    c->add_option("--access-log", s.access_log, "JSON lines: FILE, - for stdout, or off")->type_name("FILE");
    c->add_option("--tls-certificate", s.certificate, "PEM; read again when it changes")->type_name("FILE");
    c->add_option("--tls-key", s.key, "PEM")->type_name("FILE");
    world_flags(c);
    declare_keys();
  }

  void declare_keys() {
    KeyFlags& k = in_.keys;
    CLI::App* keys = command("keys", "keys of the gateway's clients", Verb::keys_list);
    const auto verb = [&](const char* name, const char* what) {
      CLI::App* c = keys->add_subcommand(name, what);
      c->add_option("--home", in_.common.home, "state directory")->type_name("DIR");
      c->add_option("--config", in_.common.config, "configuration (default: twolane.toml)")->type_name("FILE");
      c->add_flag("--json", in_.common.json, "one JSON object on stdout");
      return c;
    };
    CLI::App* create = verb("create", "make a key and show it, once");
    create->add_option("NAME", k.name, "whose it is")->required();
    create->add_option("--model", k.models, "only this model; may be repeated")->type_name("MODEL")->take_all();
    create->add_option("--lane", k.lane, "patient or interactive, where a request says nothing")->type_name("LANE");
    create->add_option("--deadline", k.deadline, "of patient requests that name none: 6h")->type_name("SPAN");
    create->add_option("--requests-per-minute", k.requests_per_minute)->type_name("N");
    create->add_option("--tokens-per-minute", k.tokens_per_minute)->type_name("N");
    create->add_option("--budget-per-day", k.budget_per_day)->type_name("USD");
    create->add_option("--budget-per-month", k.budget_per_month)->type_name("USD");
    create->add_option("--weight", k.weight, "of its patient requests beside other keys', where there is not enough for all: 3")->type_name("W");
    verb("list", "what keys there are");
    verb("revoke", "make a key invalid, at once")->add_option("NAME", k.name, "whose it is")->required();
  }

  Result<Invocation> help() {
    in_.verb = Verb::help;
    const auto chosen = app_.get_subcommands();
    in_.text = chosen.empty() ? app_.help() : chosen.front()->help("twolane");
    return in_;
  }

  Result<int64_t> whole(const std::string& text, std::string_view flag, int64_t least) {
    int64_t n = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (ec == std::errc{} && end == text.data() + text.size() && n >= least) return n;
    return fail(usage("value", "\"" + text + "\" is no value for " + std::string(flag), std::string(flag),
                      "it is a whole number, " + std::to_string(least) + " or more", "give such a number"));
  }

  // Texts become values.
  Status finish() {
    if (!in_sim_.empty()) in_.world.sim = in_sim_;
    if (!raw_.seed.empty()) in_.world.seed = static_cast<uint64_t>(TRY(whole(raw_.seed, "--seed", 0)));
    if (!raw_.limit.empty()) in_.run.limit = TRY(whole(raw_.limit, "--limit", 1));
    if (!raw_.sample.empty()) in_.run.sample = TRY(whole(raw_.sample, "--sample", 1));
    if (!raw_.output_tokens.empty())
      in_.run.output_tokens = TRY(whole(raw_.output_tokens, "--output-tokens", 1));
    CHECKED(finish_speed());
    CHECKED(finish_progress());
    CHECKED(finish_cap());
    CHECKED(finish_worth());
    return finish_conflicts();
  }

  Status finish_speed() {
    if (raw_.speed.empty()) return {};
    char* end = nullptr;
    const double f = std::strtod(raw_.speed.c_str(), &end);
    if (*end == 'x' && end[1] == 0) ++end;
    if (*end != 0 || !(f > 0) || f > 1e9)
      return fail(usage("value", "\"" + raw_.speed + "\" is no value for --speed", "--speed",
                        "it is how many virtual seconds pass in a real one", "--speed 60"));
    in_.world.speed = f;
    return {};
  }

  Status finish_progress() {
    if (raw_.progress == "plain") in_.common.progress = ProgressStyle::plain;
    else if (raw_.progress == "none") in_.common.progress = ProgressStyle::none;
    else if (!raw_.progress.empty() && raw_.progress != "auto")
      return fail(usage("value", "\"" + raw_.progress + "\" is no value for --progress", "--progress",
                        "it is auto, plain or none", "--progress plain"));
    return {};
  }

  Status finish_worth() {
    if (raw_.worth.empty()) return {};
    const auto worth = parse_usd(raw_.worth);
    if (!worth || worth->n < 0)
      return fail(usage("value", "\"" + raw_.worth + "\" is no value for --worth", "--worth",
                        "it is an amount of USD", "--worth 1.00"));
    in_.quote.worth = *worth;
    return {};
  }

  Status finish_cap() {
    if (raw_.max_cost.empty()) return {};
    in_.run.max_cost.given = true;
    if (raw_.max_cost == "none") return {};
    if (raw_.max_cost == "quote") {
      in_.run.max_cost.quote = true;
      return {};
    }
    const auto cap = parse_usd(raw_.max_cost);
    if (!cap || cap->n < 0)
      return fail(usage("value", "\"" + raw_.max_cost + "\" is no value for --max-cost", "--max-cost",
                        "it is an amount of USD with at most 12 decimals, none, or quote", "--max-cost 5.00"));
    in_.run.max_cost.cap = *cap;
    return {};
  }

  Status finish_conflicts() {
    const RunFlags& r = in_.run;
    const auto both = [](std::string_view a, std::string_view b) {
      const std::string pair = std::string(a) + " and " + std::string(b);
      return fail(usage("conflict", pair + " exclude each other", pair, "they say the same thing twice",
                        "keep one of the two"));
    };
    if (!r.prompt.empty() && !r.prompt_file.empty()) return both("--prompt", "--prompt-file");
    if (!r.system.empty() && !r.system_file.empty()) return both("--system", "--system-file");
    if (r.sample > 0 && r.dry_run) return both("--sample", "--dry-run");
    if (!in_.job.server.empty() && !in_.common.home.empty()) return both("--server", "--home");
    if (in_.verb == Verb::ledger && !in_.ledger.by.empty() && !in_.ledger.csv.empty())
      return both("--by", "--csv");
    if (in_.verb == Verb::deadline && in_.job.by.empty() && in_.job.within.empty())
      return fail(usage("missing", "deadline needs a time", "deadline JOB",
                        "it moves the deadline of a job", "twolane deadline " + in_.job.job + " --by 06:00"));
    return {};
  }

  std::vector<std::string_view> known_words(const CLI::App* c) {
    names_.clear();
    for (const auto* option : c->get_options())
      for (const auto& name : option->get_lnames()) names_.push_back("--" + name);
    for (const auto* sub : c->get_subcommands([](const CLI::App*) { return true; })) names_.push_back(sub->get_name());
    return {names_.begin(), names_.end()};
  }

  Error understood(const CLI::ParseError& e, std::span<const char* const> arguments) {
    const auto chosen = app_.get_subcommands();
    const CLI::App* c = chosen.empty() ? &app_ : chosen.front();
    const std::string command = chosen.empty() ? "twolane" : "twolane " + c->get_name();
    const std::string help = command + " --help";
    if (dynamic_cast<const CLI::ExtrasError*>(&e)) {
      const auto extra = app_.remaining(true);
      const std::string word = extra.empty() ? std::string(arguments.back()) : extra.front();
      const auto meant = nearest(word.substr(0, word.find('=')), known_words(c));
      const bool flag = word.starts_with('-');
      return usage(flag ? "flag" : chosen.empty() ? "command" : "argument",
                   std::string(flag ? "unknown flag " : chosen.empty() ? "unknown command " : "unexpected argument ") +
                       '"' + word + '"',
                   command, "a misspelt word would mean its absence",
                   meant.empty() ? help : "did you mean " + std::string(meant) + "?");
    }
    if (dynamic_cast<const CLI::RequiredError*>(&e)) {
      std::string what(e.what());
      return usage("missing", what, command, "it cannot start without", help);
    }
    return usage("value", e.what(), command, "the flag takes another value", help);
  }

  CLI::App app_;
  Invocation in_;
  Raw raw_;
  std::string in_sim_;
  CLI::Option* sim_ = nullptr;
  std::map<std::string, Verb> verbs_;
  std::vector<std::string> names_;
};

}  // namespace

Result<Invocation> parse_command_line(std::span<const char* const> arguments) {
  return Line().parse(arguments);
}

bool wants_json(std::span<const char* const> arguments) {
  for (const std::string_view word : arguments) {
    if (word == "--") return false;
    if (word == "--json") return true;
  }
  return false;
}

}  // namespace twolane::app
