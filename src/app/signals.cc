// Ctrl-C and SIGTERM as a count that loops look at.
#include "app/signals.h"

#include <csignal>

namespace twolane::app {
namespace {

volatile std::sig_atomic_t seen = 0;

}  // namespace

void count_interrupts() {
  struct sigaction action = {};
  action.sa_handler = [](int) { seen = seen + 1; };
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

int interrupts() { return seen; }

}  // namespace twolane::app
