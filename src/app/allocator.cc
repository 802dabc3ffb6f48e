// Calls to mimalloc, looked for when the program is linked.
#include "app/allocator.h"

#include <mimalloc.h>

#pragma weak mi_option_set
#pragma weak mi_collect

namespace twolane::app {

void give_back_soon() {
  if (mi_option_set != nullptr) mi_option_set(mi_option_decommit_delay, 1);
}

void give_back_now() {
  if (mi_collect != nullptr) mi_collect(true);
}

}  // namespace twolane::app
