// Errors as people and machines see them.
//
// Pure. `error` stops, `held` waits for its user. Everything foreign in an Error (names of files, the
// provider's words, the faulty text) is escaped here.
#pragma once

#include <string>
#include <string_view>

#include "base/money.h"
#include "base/result.h"
#include "wire/json.h"

namespace twolane::app {

// "error[input.json]: ..." with where, why and next, ended by '\n', wrapped at 80 columns.
// `nothing_bought`: the refusal came before anything could cost money, and says so.
std::string shown(const Error& error, bool nothing_bought = false);
std::string shown_held(const Error& error);

// Codes by which a command line or a configuration is wrong.
bool is_usage(const Error& error);

// The member `error` of every JSON answer.
wire::Json error_object(const Error& error, PicoUsd spent);

// The whole answer of a command that failed without a job.
wire::Json failure_object(const Error& error, int exit);

}  // namespace twolane::app
