// What people ask of a job afterwards, by the name that the store's words and the server's paths have.
#pragma once

#include <string_view>

#include "app/cli.h"

namespace twolane::app {

constexpr std::string_view verb_of(Verb verb) {
  switch (verb) {
    case Verb::cancel: return "cancel";
    case Verb::retry: return "retry";
    case Verb::pause: return "pause";
    case Verb::resume: return "resume";
    case Verb::promote: return "promote";
    case Verb::forget: return "forget";
    default: return "deadline";
  }
}

// "the server was asked to ..."
constexpr std::string_view asked_to(Verb verb) { return verb == Verb::deadline ? "move the deadline" : verb_of(verb); }

}  // namespace twolane::app
