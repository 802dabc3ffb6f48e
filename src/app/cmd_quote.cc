// twolane quote INPUT: what it would cost, for each model and lane. Nothing is bought or kept.
#include "app/commands.h"
#include "app/config.h"
#include "app/escape.h"
#include "app/figures.h"
#include "app/find.h"
#include "app/input_flags.h"
#include "app/quote_view.h"
#include "app/quoting.h"

namespace twolane::app {
namespace {

std::string head_line(const patient::Checked& checked, const Job& draft, Time now,
                      bool has_deadline, const Zone& zone) {
  std::string out =
      counted(checked.requests, "request") + ", " + grouped(checked.invalid) + " invalid, ";
  if (!has_deadline) return out + "no deadline: 24 hours, best effort\n";
  return out + "due " + day_and_time(draft.deadline, now, zone) +
         (draft.kept ? "\n" : " (best effort)\n");
}

Result<int> quote(const Shell& shell) {
  const RunFlags& flags = shell.in.run;
  const Config config = TRY(load_config(shell.in.common.config));
  auto options = TRY(read_input_flags(flags));
  const std::string path = home_directory(shell.in.common.home, config);
  const auto home = TRY(shell.in.world.sim ? store::Home::open(path) : own_or_look(path));
  const auto world = TRY(open_world(shell.in.world, config, path, home->store()));
  const Time now = world->world().now();
  const auto deadline = TRY(parse_deadline(flags.by, flags.within, now, shell.zone));

  Job draft;
  draft.input_name = flags.input;
  draft.world = world->name();
  draft.accepted = now;
  draft.deadline = deadline.value_or(now + hours(24));
  draft.kept = deadline.has_value() && !flags.best_effort;
  Quoting quoting(config, home->directory());
  options.see = quoting.watcher();
  const auto checked =
      TRY(patient::take_in(flags.input, options, draft, SegmentId{1}, home->directory(),
                           home->store(), home->payloads(), true));
  QuoteTerms terms{draft.deadline,          deadline.has_value(), draft.kept,
                   shell.in.quote.critical, flags.cache,          shell.in.quote.worth,
                   flags.output_tokens};
  const auto choices = TRY(quoting.answer(terms, checked.shapes, *world, home->store()));

  if (!shell.in.common.json) {
    if (world->simulated()) shell.print("SIMULATED: no money is spent, time is virtual\n");
    shell.print(head_line(checked, draft, now, deadline.has_value(), shell.zone) +
                quote_text(choices) + "Nothing was bought. Only --max-cost is hard.\n");
  }
  auto object = good_answer();
  object["requests"] = checked.requests;
  object["invalid"] = checked.invalid;
  object["deadline"] = deadline ? wire::Json(rfc3339(*deadline)) : wire::Json(nullptr);
  object["kept"] = draft.kept;
  object["choices"] = quote_json(choices);
  object["cost_usd"] = "0.00";
  object["error"] = nullptr;
  shell.answer(object);
  return 0;
}

}  // namespace

int quote_command(const Shell& shell) {
  const auto done = quote(shell);
  return done ? *done : shell.refuse(done.error(), true);
}

}  // namespace twolane::app
