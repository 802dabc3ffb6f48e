// What every store must do, as tests that run over each of them: include this in one file of a test
// program and instantiate StoreContract with the worlds to try.
#pragma once

#include "store/store_contract_batches.h"
#include "store/store_contract_chains.h"
#include "store/store_contract_contents.h"
#include "store/store_contract_jobs.h"
#include "store/store_contract_random.h"
