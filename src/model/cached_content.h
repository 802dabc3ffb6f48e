// A prompt's head that a provider keeps for a batch, against a fee for its tokens and the time.
//
// One belongs to one batch, and its fee to one job. It is committed before it is asked for, and every
// step after it, so that a fee is booked, or stands with its upper bound, whenever the process dies.
#pragma once

#include <string>

#include "base/ids.h"
#include "base/money.h"
#include "base/time.h"
#include "model/states.h"

namespace twolane {

// Numbers that lie in databases of users: enumerators may be added at the end, never moved.
enum class ContentState : uint8_t {
  creating,     // committed just before it is asked for; it may exist without our knowing its name
  kept,         // exists, until `expires`
  ending,       // committed just before its expiry is moved to `ends`
  billed,       // terminal: its end is known, and with it the exact fee
  unconfirmed,  // terminal: nobody told when it ended; the fee is `reserve` at most
  absent,       // terminal: known never to have existed
};

inline constexpr std::array content_steps = {
    Step{ContentState::creating, ContentState::kept},
    Step{ContentState::creating, ContentState::unconfirmed},
    Step{ContentState::creating, ContentState::absent},
    Step{ContentState::kept, ContentState::ending},
    Step{ContentState::kept, ContentState::billed},  // it expired by itself
    Step{ContentState::kept, ContentState::unconfirmed},
    Step{ContentState::ending, ContentState::billed},
    Step{ContentState::ending, ContentState::unconfirmed},
};
constexpr bool is_final(ContentState s) { return has_no_exit(content_steps, s); }

struct CachedContent {
  BatchId batch;  // whose requests name it; in hex it is the token by which a list shows it
  JobId job;      // whose requests these are: the fee is booked there
  ContentState state = ContentState::creating;
  std::string name;     // the provider's: "cachedContents/..."; empty until known
  std::string account;  // fingerprint of the account that asked for it
  int64_t tokens = 0;   // as the provider counted them; 0 until known
  Time created;         // as the provider says; until known, when it was asked for
  Time expires;         // if nothing is done
  Time ends;            // what the expiry was moved to, or asked to be; 0 before
  PicoUsd reserve;      // upper bound of the fee
  PicoUsd cost;         // of billed: the exact fee

  bool operator==(const CachedContent&) const = default;
};

}  // namespace twolane
