// Where progress goes: stderr, as a redrawn block on a terminal and as whole lines elsewhere.
//
// stdout carries results only. Colour repeats words and is left out under NO_COLOR. Threads: one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/cli.h"
#include "app/progress.h"

namespace twolane::app {

class Display {
 public:
  // `quiet`: nothing but warnings. The style is decided once, from the flag, TERM, ACCESSIBLE and
  // whether stderr is a terminal.
  Display(const CommonFlags& flags, Zone zone);
  ~Display();  // the block stays as it was drawn last

  void begin(const Snapshot& snapshot);
  void change(Time at, std::string_view text);  // a transition; shown by plain lines only
  void tick(const Snapshot& snapshot);          // at most about once a second
  void warn(std::string_view text);             // whole lines, above the block, in every style
  void tell(std::string_view text);             // the same unless quiet
  void finish(const Snapshot& snapshot);        // the last state; the cursor is below the block afterwards

  bool wants_ticks() const { return style_ != ProgressStyle::none; }
  bool interactive() const;                     // somebody can be asked
  const Zone& zone() const { return zone_; }

 private:
  void draw(const std::vector<std::string>& rows);
  void erase();
  std::string painted(const std::string& row) const;

  Zone zone_;
  ProgressStyle style_;  // automatic: the block
  bool quiet_ = false;
  bool colour_ = false;
  size_t drawn_ = 0;     // rows of the block on the screen
  std::vector<std::string> last_;
  PlainLines plain_;
};

// Writes all of it, however often the system takes only a part. False: nobody reads any more.
bool write_all(int descriptor, std::string_view text);

}  // namespace twolane::app
