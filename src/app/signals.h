// Ctrl-C and SIGTERM as a count that loops look at.
#pragma once

namespace twolane::app {

// From now on SIGINT and SIGTERM are counted instead of ending the process. SIGPIPE is ignored, so that
// a closed stdout is an error of writing and not the end.
void count_interrupts();
int interrupts();  // so far

}  // namespace twolane::app
