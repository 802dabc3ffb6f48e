// Names of states, as they are stored, printed and spoken of.
#include "model/states.h"

namespace twolane {

std::string_view name_of(RequestState s) {
  switch (s) {
    case RequestState::open:
      return "open";
    case RequestState::batched:
      return "batched";
    case RequestState::live:
      return "live";
    case RequestState::succeeded:
      return "succeeded";
    case RequestState::failed:
      return "failed";
    case RequestState::expired:
      return "expired";
    case RequestState::cancelled:
      return "cancelled";
    case RequestState::waiting:
      return "waiting";
  }
  return {};
}

std::string_view name_of(AttemptState s) {
  switch (s) {
    case AttemptState::running:
      return "running";
    case AttemptState::void_:
      return "void";
    case AttemptState::answered:
      return "answered";
    case AttemptState::surplus:
      return "surplus";
    case AttemptState::refused:
      return "refused";
    case AttemptState::expired:
      return "expired";
    case AttemptState::cancelled:
      return "cancelled";
    case AttemptState::unconfirmed:
      return "unconfirmed";
  }
  return {};
}

std::string_view name_of(BatchState s) {
  switch (s) {
    case BatchState::planned:
      return "planned";
    case BatchState::uploaded:
      return "uploaded";
    case BatchState::submitting:
      return "submitting";
    case BatchState::doubtful:
      return "doubtful";
    case BatchState::submitted:
      return "submitted";
    case BatchState::ended:
      return "ended";
    case BatchState::settled:
      return "settled";
    case BatchState::closed:
      return "closed";
    case BatchState::dead:
      return "dead";
  }
  return {};
}

}  // namespace twolane
