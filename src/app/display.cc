// Where progress goes: stderr.
#include "app/display.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>

namespace twolane::app {
namespace {

bool set(const char* name) {
  const char* value = std::getenv(name);
  return value && *value;
}

ProgressStyle style_of(const CommonFlags& flags) {
  if (flags.quiet) return ProgressStyle::none;
  if (flags.progress != ProgressStyle::automatic) return flags.progress;
  const char* term = std::getenv("TERM");
  const bool dumb = !term || !*term || std::string_view(term) == "dumb";
  return ::isatty(STDERR_FILENO) && !dumb && !set("ACCESSIBLE") ? ProgressStyle::automatic : ProgressStyle::plain;
}

// One column less than the terminal has: a full line would wrap on some and spoil the redrawing.
size_t columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return std::clamp<size_t>(size.ws_col - (size.ws_col > 80 ? 0u : 1u), 20, 80);
}

}  // namespace

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(descriptor, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

Display::Display(const CommonFlags& flags, Zone zone)
    : zone_(std::move(zone)), style_(style_of(flags)), quiet_(flags.quiet), plain_(zone_) {
  colour_ = style_ == ProgressStyle::automatic && !set("NO_COLOR");
}

Display::~Display() = default;

bool Display::interactive() const {
  return style_ != ProgressStyle::none && ::isatty(STDIN_FILENO) && ::isatty(STDERR_FILENO);
}

void Display::begin(const Snapshot& snapshot) {
  if (style_ == ProgressStyle::automatic) return tick(snapshot);
  if (style_ == ProgressStyle::plain)
    for (const auto& line : plain_.begin(snapshot)) write_all(STDERR_FILENO, line + '\n');
}

void Display::change(Time at, std::string_view text) {
  if (style_ != ProgressStyle::plain) return;
  for (const auto& line : plain_.change(at, text)) write_all(STDERR_FILENO, line + '\n');
}

void Display::tick(const Snapshot& snapshot) {
  if (style_ == ProgressStyle::plain)
    for (const auto& line : plain_.tick(snapshot)) write_all(STDERR_FILENO, line + '\n');
  if (style_ == ProgressStyle::automatic) draw(block(snapshot, zone_, columns()));
}

void Display::warn(std::string_view text) {
  erase();
  write_all(STDERR_FILENO, text);
  if (!text.ends_with('\n')) write_all(STDERR_FILENO, "\n");
  if (!last_.empty()) draw(std::vector<std::string>(std::move(last_)));
}

void Display::tell(std::string_view text) {
  if (!quiet_) warn(text);
}

void Display::finish(const Snapshot& snapshot) {
  if (style_ == ProgressStyle::automatic) draw(block(snapshot, zone_, columns()));
  last_.clear();
  drawn_ = 0;
}

void Display::draw(const std::vector<std::string>& rows) {
  if (drawn_ == rows.size() && rows == last_) return;
  std::string out;
  if (drawn_ > 0) out += "\x1b[" + std::to_string(drawn_) + "A\r";
  for (size_t i = 0; i < rows.size(); ++i) out += painted(rows[i]) + "\x1b[K\n";
  write_all(STDERR_FILENO, out);
  drawn_ = rows.size();
  last_ = rows;
}

void Display::erase() {
  if (drawn_ == 0) return;
  write_all(STDERR_FILENO, "\x1b[" + std::to_string(drawn_) + "A\r\x1b[J");
  drawn_ = 0;
}

// Failures and holds in red, the bar's done part in green: words beside them say the same.
std::string Display::painted(const std::string& row) const {
  if (!colour_) return row;
  if (row.starts_with("held ")) return "\x1b[31m" + row + "\x1b[0m";
  if (row.starts_with("  failed") && !row.ends_with(" 0")) return "\x1b[31m" + row + "\x1b[0m";
  if (!row.starts_with("[")) return row;
  const size_t done = std::min(row.find_first_not_of('#', 1), row.size());
  return "[\x1b[32m" + row.substr(1, done - 1) + "\x1b[0m" + row.substr(done);
}

}  // namespace twolane::app
