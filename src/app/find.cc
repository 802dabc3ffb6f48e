// What people name on a command line, found in the home.
#include "app/find.h"

namespace twolane::app {

Result<std::unique_ptr<store::Home>> own_or_look(const std::string& directory) {
  auto owned = store::Home::open(directory);
  if (owned || owned.error().code != "home.busy") return owned;
  return store::Home::beside(directory);
}

Result<Job> find_job(store::Store& store, const std::string& prefix) {
  return patient::pick_job(TRY(store.jobs()), prefix);
}

}  // namespace twolane::app
