// Answers of generateContent, both ways.
#include "base/time.h"
#include "dialect/gemini/gemini.h"
#include "dialect/translate_answers.h"

namespace twolane::dialect::gemini {
namespace {

using Kind = Part::Kind;

bool has_calls(const ChatChoice& c) {
  for (const Part& p : c.parts)
    if (p.kind == Kind::tool_call) return true;
  return false;
}

// {chosenCandidates, topCandidates} as OpenAI's list of tokens.
Json decode_logprobs(const Json& result) {
  const Json* chosen = wire::find(result, "chosenCandidates");
  const Json* top = wire::find(result, "topCandidates");
  if (!chosen || !chosen->is_array()) return {};
  Json out = Json::array();
  const auto token = [](const Json& t) {
    Json logprob = 0.0;
    if (const Json* p = wire::find(t, "logProbability")) logprob = *p;
    return object_of(
        {{"token", wire::string_at(t, "token")}, {"logprob", logprob}, {"bytes", nullptr}});
  };
  for (size_t i = 0; i < chosen->size(); ++i) {
    Json one = token((*chosen)[i]);
    one["top_logprobs"] = Json::array();
    if (top && top->is_array() && i < top->size())
      if (const Json* others = wire::find((*top)[i], "candidates"))
        for (const Json& t : *others) one["top_logprobs"].push_back(token(t));
    out.push_back(std::move(one));
  }
  return out;
}

Json encode_logprobs(const Json& list) {
  const auto token = [](const Json& t) {
    Json logprob = 0.0;
    if (const Json* p = wire::find(t, "logprob")) logprob = *p;
    return object_of({{"token", wire::string_at(t, "token")}, {"logProbability", logprob}});
  };
  Json chosen = Json::array(), top = Json::array();
  for (const Json& t : list) {
    chosen.push_back(token(t));
    Json others = Json::array();
    if (const Json* alternatives = wire::find(t, "top_logprobs");
        alternatives && alternatives->is_array())
      for (const Json& a : *alternatives) others.push_back(token(a));
    top.push_back(object_of({{"candidates", std::move(others)}}));
  }
  return object_of({{"chosenCandidates", std::move(chosen)}, {"topCandidates", std::move(top)}});
}

void decode_part(const Json& raw, std::string_view answer_id, size_t position, ChatChoice& to) {
  Part part;
  if (const Json* call = wire::find(raw, "functionCall")) {
    part.kind = Kind::tool_call;
    part.name = wire::string_at(*call, "name");
    part.call_id = wire::string_at(*call, "id");
    if (part.call_id.empty()) part.call_id = derived_call_id(answer_id, position);
    const Json* args = wire::find(*call, "args");
    part.arguments = args ? wire::dump(*args) : "{}";
    to.parts.push_back(std::move(part));
    return;
  }
  part.text = wire::string_at(raw, "text");
  const Json* thought = wire::find(raw, "thought");
  if (thought && *thought == true) part.kind = Kind::reasoning;
  if (!part.text.empty()) to.parts.push_back(std::move(part));
}

ChatChoice decode_candidate(const Json& raw, std::string_view answer_id) {
  ChatChoice c;
  if (const Json* content = wire::find(raw, "content"))
    if (const Json* parts = wire::find(*content, "parts"); parts && parts->is_array())
      for (size_t i = 0; i < parts->size(); ++i) decode_part((*parts)[i], answer_id, i, c);
  if (const Json* logprobs = wire::find(raw, "logprobsResult"))
    c.logprobs = decode_logprobs(*logprobs);
  const auto reason = wire::string_at(raw, "finishReason");
  if (reason == "MAX_TOKENS")
    c.finish = Finish::length;
  else if (reason == "STOP" || reason.empty())
    c.finish = has_calls(c) ? Finish::tool_calls : Finish::stop;
  else {  // every other end means that the answer is not what the model would have said
    c.finish = Finish::filtered;
    c.why = "gemini ended with " + std::string(reason);
    if (const auto said = wire::string_at(raw, "finishMessage"); !said.empty())
      c.why += ": " + std::string(said);
  }
  return c;
}

ChatChoice blocked(const Json& feedback) {
  ChatChoice c;
  c.finish = Finish::filtered;
  c.why = "gemini blocked the prompt: " + std::string(wire::string_at(feedback, "blockReason"));
  return c;
}

std::string_view reason_of(const ChatChoice& c) {
  switch (c.finish) {
    case Finish::length:
      return "MAX_TOKENS";
    case Finish::refusal:
    case Finish::filtered:
      return "SAFETY";
    default:
      return "STOP";
  }
}

Json encode_part(const Part& p) {
  switch (p.kind) {
    case Kind::reasoning:
      return object_of({{"text", p.text}, {"thought", true}});
    case Kind::tool_call:
      return object_of({{"functionCall", object_of({{"id", p.call_id},
                                                    {"name", p.name},
                                                    {"args", arguments_or_text(p.arguments)}})}});
    default:
      return object_of({{"text", p.text}});
  }
}

Json usage_of(const Served& served) {
  const Usage& u = served.usage;
  Json out = object_of(
      {{"promptTokenCount", u.input()}, {"candidatesTokenCount", u.output - u.reasoning}});
  if (u.reasoning > 0) out["thoughtsTokenCount"] = u.reasoning;
  if (u.cache_read > 0) out["cachedContentTokenCount"] = u.cache_read;
  out["totalTokenCount"] = u.input() + u.output;
  if (served.tier_said && served.tier != ServiceTier::batch && served.tier != ServiceTier::scale)
    out["serviceTier"] = name_of(served.tier);
  return out;
}

}  // namespace

Result<ChatAnswer> decode_answer(const Json& body) {
  const Json* candidates = wire::find(body, "candidates");
  const Json* feedback = wire::find(body, "promptFeedback");
  const bool any = candidates && candidates->is_array() && !candidates->empty();
  if (!any && !feedback) return no_answer(body, "candidates");
  ChatAnswer a;
  a.id = wire::string_at(body, "responseId");
  a.model = wire::string_at(body, "modelVersion");
  if (const auto at = parse_rfc3339(wire::string_at(body, "createTime")))
    a.created = at->unix_seconds();
  const std::string id = a.id.empty() ? wire::dump(body) : a.id;
  if (any)
    for (const Json& c : *candidates) a.choices.push_back(decode_candidate(c, id));
  else
    a.choices.push_back(blocked(*feedback));
  return a;
}

Json encode_answer(const ChatAnswer& a, const Served* served) {
  Json candidates = Json::array();
  for (size_t i = 0; i < a.choices.size(); ++i) {
    const ChatChoice& c = a.choices[i];
    Json parts = Json::array();
    for (const Part& p : c.parts) parts.push_back(encode_part(p));
    Json one = object_of({{"content", object_of({{"role", "model"}, {"parts", std::move(parts)}})},
                          {"finishReason", reason_of(c)},
                          {"index", i}});
    if (!c.why.empty()) one["finishMessage"] = c.why;
    if (!c.logprobs.is_null()) one["logprobsResult"] = encode_logprobs(c.logprobs);
    candidates.push_back(std::move(one));
  }
  Json out = object_of({{"candidates", std::move(candidates)}});
  if (served) out["usageMetadata"] = usage_of(*served);
  out["modelVersion"] = a.model;
  out["responseId"] = a.id;
  return out;
}

}  // namespace twolane::dialect::gemini
