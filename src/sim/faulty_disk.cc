// See faulty_disk.h.
//
// A file holds its present bytes and a log of what was done since its last sync. An entry of the
// log keeps the bytes that it replaced; rolling back swaps them, after which it holds the bytes
// that it wrote, and can be played again, whole or in part.
#include "sim/faulty_disk.h"

#include <algorithm>
#include <set>

namespace twolane::sim {
namespace {

constexpr int64_t sector_bytes = 512;

// splitmix64: enough randomness for a crash.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  uint64_t below(uint64_t n) { return n == 0 ? 0 : next() % n; }
  bool coin() { return (next() & 1) != 0; }

 private:
  uint64_t state_;
};

// Which of `count` things in a row survive: none, a prefix, or each by the toss of a coin. `torn`
// is the first that is lost of a prefix: part of it may survive.
struct Survivors {
  Survivors(size_t count, Dice& dice) : kept(count, false) {
    switch (dice.below(4)) {
      case 0:
        break;
      case 1:
        std::fill(kept.begin(), kept.end(), true);
        break;
      case 2:
        torn = dice.below(count + 1);
        std::fill(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(torn), true);
        break;
      default:
        for (size_t i = 0; i < count; ++i) kept[i] = dice.coin();
        torn = dice.below(count + 1);
    }
  }
  std::vector<bool> kept;
  size_t torn = SIZE_MAX;
};

std::string directory_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? "" : path.substr(0, slash));
}

std::unexpected<Error> io_error(std::string_view what, std::string_view path, const char* why) {
  return fail("store.io", "cannot " + std::string(what) + " " + std::string(path), why);
}

}  // namespace

struct FaultyDisk::Node {
  struct Done {
    bool truncation = false;
    int64_t offset = 0;  // of a write; of a truncation: the new size
    int64_t length = 0;  // bytes written
    int64_t size_before = 0;
    std::string other;  // bytes replaced or cut off; after roll_back() the bytes written
  };

  bool directory = false;
  std::string bytes;
  std::vector<Done> unsynced;

  void write(int64_t offset, std::string_view text, bool log) {
    const auto size = static_cast<int64_t>(bytes.size());
    const int64_t end = offset + static_cast<int64_t>(text.size());
    if (log) {
      Done done{false, offset, static_cast<int64_t>(text.size()), size, {}};
      if (offset < size)
        done.other.assign(bytes, static_cast<size_t>(offset),
                          static_cast<size_t>(std::min(end, size) - offset));
      unsynced.push_back(std::move(done));
    }
    if (end > size) grow(end);
    std::copy(text.begin(), text.end(), bytes.begin() + offset);
  }

  void truncate(int64_t to, bool log) {
    const auto size = static_cast<int64_t>(bytes.size());
    if (log) {
      Done done{true, to, 0, size, {}};
      if (to < size) done.other.assign(bytes, static_cast<size_t>(to), std::string::npos);
      unsynced.push_back(std::move(done));
    }
    if (to > size) {
      grow(to);
    } else {
      bytes.resize(static_cast<size_t>(to));
    }
  }

  void roll_back() {
    for (size_t i = unsynced.size(); i-- > 0;) {
      Done& done = unsynced[i];
      if (done.truncation) {
        bytes.resize(static_cast<size_t>(std::min(done.offset, done.size_before)));
        bytes += done.other;
        continue;
      }
      std::string written =
          bytes.substr(static_cast<size_t>(done.offset), static_cast<size_t>(done.length));
      bytes.resize(static_cast<size_t>(done.size_before));
      std::copy(done.other.begin(), done.other.end(),
                bytes.begin() + std::min(done.offset, done.size_before));
      done.other = std::move(written);
    }
  }

  // Plays again what survives of the log.
  void survive(Dice& dice) {
    if (unsynced.empty()) return;
    roll_back();
    const Survivors survivors(unsynced.size(), dice);
    for (size_t i = 0; i < unsynced.size(); ++i) {
      const Done& done = unsynced[i];
      if (done.truncation) {
        if (survivors.kept[i]) truncate(done.offset, false);
      } else if (survivors.kept[i]) {
        write(done.offset, done.other, false);
      } else if (i == survivors.torn) {
        tear(done, dice);
      }
    }
    unsynced.clear();
  }

 private:
  void grow(int64_t to) {
    if (static_cast<size_t>(to) > bytes.capacity())
      bytes.reserve(std::max(static_cast<size_t>(to), bytes.capacity() * 2));
    bytes.resize(static_cast<size_t>(to), '\0');
  }

  void tear(const Done& done, Dice& dice) {
    const std::string_view text = done.other;
    for (int64_t at = done.offset; at < done.offset + done.length;) {
      const int64_t end =
          std::min((at / sector_bytes + 1) * sector_bytes, done.offset + done.length);
      if (dice.coin())
        write(at, text.substr(static_cast<size_t>(at - done.offset), static_cast<size_t>(end - at)),
              false);
      at = end;
    }
  }
};

class FaultyDisk::Handle final : public store::File {
 public:
  Handle(FaultyDisk& disk, NodePtr node, std::string path, bool writes)
      : disk_(disk),
        node_(std::move(node)),
        path_(std::move(path)),
        writes_(writes),
        generation_(disk.generation_) {}

  Result<size_t> read(int64_t offset, char* to, size_t length) override {
    CHECKED(usable("read", false));
    if (offset >= static_cast<int64_t>(node_->bytes.size())) return size_t{0};
    return node_->bytes.copy(to, length, static_cast<size_t>(offset));
  }
  Status write(int64_t offset, std::string_view bytes) override {
    CHECKED(usable("write", true));
    if (!bytes.empty()) node_->write(offset, bytes, true);
    return {};
  }
  Status truncate(int64_t size) override {
    CHECKED(usable("truncate", true));
    node_->truncate(size, true);
    return {};
  }
  Status sync() override {
    CHECKED(usable("sync", false));
    if (!disk_.ignore_sync) node_->unsynced.clear();
    return {};
  }
  Result<int64_t> size() override {
    CHECKED(usable("size", false));
    return static_cast<int64_t>(node_->bytes.size());
  }

 private:
  Status usable(const char* operation, bool to_write) {
    if (generation_ != disk_.generation_)
      return io_error(operation, path_, "it was opened before the power was lost");
    CHECKED(disk_.allowed(operation, path_));
    if (to_write && !writes_) return io_error(operation, path_, "it was opened for reading");
    return {};
  }

  FaultyDisk& disk_;
  NodePtr node_;
  std::string path_;
  bool writes_;
  uint64_t generation_;
};

FaultyDisk::FaultyDisk() {
  auto root = std::make_shared<Node>();
  root->directory = true;
  names_[""] = root;
  durable_[""] = root;
}

FaultyDisk::~FaultyDisk() = default;

Status FaultyDisk::allowed(const char* operation, std::string_view path) {
  ++operations_;
  if (before) before(operation, path);
  if (failing && failing(operation, path)) return io_error(operation, path, "Input/output error");
  return {};
}

void FaultyDisk::apply(Names& names, const NameChange& change) {
  switch (change.kind) {
    case NameChange::Kind::add:
      names[change.path] = change.node;
      break;
    case NameChange::Kind::remove:
      names.erase(change.path);
      break;
    case NameChange::Kind::rename:
      names.erase(change.from);
      names[change.path] = change.node;
      break;
  }
}

void FaultyDisk::change(NameChange change) {
  apply(names_, change);
  changes_.push_back(std::move(change));
}

Result<std::unique_ptr<store::File>> FaultyDisk::open(std::string_view path, Mode mode) {
  CHECKED(allowed("open", path));
  auto at = names_.find(path);
  if (at == names_.end()) {
    if (mode == Mode::read) return io_error("open", path, "No such file or directory");
    const auto parent = names_.find(directory_of(path));
    if (parent == names_.end() || !parent->second->directory)
      return io_error("open", path, "No such file or directory");
    change({NameChange::Kind::add, std::string(path), std::make_shared<Node>(), {}});
    at = names_.find(path);
  }
  if (at->second->directory) return io_error("open", path, "Is a directory");
  return std::make_unique<Handle>(*this, at->second, std::string(path), mode == Mode::create);
}

Result<bool> FaultyDisk::exists(std::string_view path) {
  CHECKED(allowed("exists", path));
  return names_.contains(path);
}

Status FaultyDisk::remove(std::string_view path) {
  CHECKED(allowed("remove", path));
  const auto at = names_.find(path);
  if (at == names_.end()) return {};
  if (at->second->directory) return io_error("remove", path, "Is a directory");
  change({NameChange::Kind::remove, std::string(path), at->second, {}});
  return {};
}

Status FaultyDisk::rename(std::string_view from, std::string_view to) {
  CHECKED(allowed("rename", from));
  const auto at = names_.find(from);
  if (at == names_.end() || at->second->directory)
    return io_error("rename", from, "No such file or directory");
  if (from == to) return {};
  change({NameChange::Kind::rename, std::string(to), at->second, std::string(from)});
  return {};
}

Status FaultyDisk::make_directory(std::string_view path) {
  CHECKED(allowed("make_directory", path));
  if (const auto at = names_.find(path); at != names_.end())
    return at->second->directory ? Status{} : io_error("make directory", path, "File exists");
  if (!names_.contains(directory_of(path)))
    return io_error("make directory", path, "No such file or directory");
  auto node = std::make_shared<Node>();
  node->directory = true;
  change({NameChange::Kind::add, std::string(path), std::move(node), {}});
  return {};
}

Status FaultyDisk::sync_directory(std::string_view path) {
  CHECKED(allowed("sync_directory", path));
  if (!names_.contains(path)) return io_error("sync directory", path, "No such file or directory");
  if (ignore_sync) return {};
  std::vector<NameChange> others;
  for (auto& change : changes_) {
    if (directory_of(change.path) == path) {
      apply(durable_, change);
    } else {
      others.push_back(std::move(change));
    }
  }
  changes_ = std::move(others);
  return {};
}

Result<std::vector<std::string>> FaultyDisk::list(std::string_view directory) {
  CHECKED(allowed("list", directory));
  if (!names_.contains(directory)) return io_error("list", directory, "No such file or directory");
  std::vector<std::string> names;
  for (const auto& [path, node] : names_)
    if (!path.empty() && directory_of(path) == directory)
      names.push_back(directory.empty() ? path : path.substr(directory.size() + 1));
  return names;
}

void FaultyDisk::crash(uint64_t seed) {
  Dice dice(seed);
  ++generation_;
  const Survivors survivors(changes_.size(), dice);
  names_ = durable_;
  for (size_t i = 0; i < changes_.size(); ++i)
    if (survivors.kept[i]) apply(names_, changes_[i]);
  changes_.clear();
  // What lies in a directory that is gone is gone with it.
  for (auto at = names_.begin(); at != names_.end();)
    at = names_.contains(directory_of(at->first)) ? std::next(at) : names_.erase(at);
  durable_ = names_;
  std::set<Node*> seen;  // a subset of renames may leave one file under two names
  for (auto& [path, node] : names_)
    if (seen.insert(node.get()).second) node->survive(dice);
}

int64_t FaultyDisk::bytes() const {
  int64_t sum = 0;
  for (const auto& [path, node] : names_) sum += static_cast<int64_t>(node->bytes.size());
  return sum;
}

}  // namespace twolane::sim
