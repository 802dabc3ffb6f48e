// One function for each command; each returns the exit code of the process.
#pragma once

#include "app/shell.h"

namespace twolane::app {

int run_command(const Shell& shell);           // run
int sim_command(const Shell& shell);           // sim
int serve_command(const Shell& shell);         // serve
int keys_command(const Shell& shell);          // keys create, list, revoke
int jobs_command(const Shell& shell);          // jobs
int show_command(const Shell& shell);          // show
int results_command(const Shell& shell);       // results
int amend_command(const Shell& shell);         // cancel, retry, pause, resume, promote, deadline
int forget_command(const Shell& shell);        // forget
int amend_on_server(const Shell& shell);       // these of a running server
int config_check_command(const Shell& shell);  // config check
int quote_command(const Shell& shell);         // quote
int ledger_command(const Shell& shell);        // ledger
int reconcile_command(const Shell& shell);     // ledger reconcile
int audit_command(const Shell& shell);         // audit
int price_command(const Shell& shell);         // price, price import
int simulate_command(const Shell& shell);      // simulate
int lanes_command(const Shell& shell);         // lanes
int version_command(const Shell& shell);       // version

// The whole program: main without the process.
int twolane_main(int count, const char* const* arguments);

}  // namespace twolane::app
