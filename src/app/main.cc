// The program's entry; everything else is in app/.
int main() { return 0; }
