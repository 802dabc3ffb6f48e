// twolane version
#include "app/commands.h"

namespace twolane::app {

constexpr std::string_view version = "0.1.0";  // as in CMakeLists.txt

int version_command(const Shell& shell) {
  if (!shell.in.common.json) shell.print("twolane " + std::string(version) + '\n');
  auto object = good_answer();
  object["version"] = version;
  shell.answer(object);
  return 0;
}

}  // namespace twolane::app
