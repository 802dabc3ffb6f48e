// The contract on a real disk; owners and guests; schemas older and newer.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "store/sqlite/connection.h"
#include "store/sqlite/sqlite_store.h"
#include "store/store_contract.h"

namespace twolane::store {
namespace {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = std::filesystem::temp_directory_path() / "twolane-store-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

class RealWorld final : public StoreWorld {
 public:
  Result<std::unique_ptr<Store>> open() override { return open_sqlite(directory_ / "twolane.db"); }

 private:
  TemporaryDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(RealDisk, StoreContract,
                         testing::Values(NamedWorld{"sqlite", [] { return std::make_unique<RealWorld>(); }}),
                         [](const auto& world) { return world.param.name; });

}  // namespace
}  // namespace twolane::store
