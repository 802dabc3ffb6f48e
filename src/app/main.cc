// The program's entry; everything else is in app/.
#include "app/commands.h"

int main(int count, char** arguments) { return twolane::app::twolane_main(count, arguments); }
